import fc from 'fast-check'
import { expect, it } from 'vitest'
import { countLabels, type Example, nestExamples } from './index.ts'

const someExamples = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 40 })
  .map((labels) =>
    labels.map((label, i): Example => ({ line: i + 2, text: `text ${i}`, answer: { kind: 'class', label } })),
  )

it('an order for nested training sets has every example once, and every label at its beginning', () => {
  fc.assert(
    fc.property(someExamples, fc.nat(), (examples, seed) => {
      const order = nestExamples(examples, seed)
      expect(order.toSorted((a, b) => a.line - b.line)).toEqual(examples)
      const labels = countLabels(examples).size
      expect(countLabels(order.slice(0, labels)).size).toBe(labels)
      expect(nestExamples(examples, seed)).toEqual(order)
    }),
  )
})
