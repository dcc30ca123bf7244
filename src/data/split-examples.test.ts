import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countLabels, type Example, groupNearDuplicates, removeDuplicatesOf, splitExamples } from './index.ts'

const example = (text: string, label: string, line: number): Example => ({
  line,
  text,
  answer: { kind: 'class', label },
})

const texts = fc.array(fc.constantFrom('card', 'transfer', 'lost', 'pending', 'Card', 'top up', '7'), { maxLength: 5 })
const someExamples = fc
  .array(fc.record({ text: texts.map((words) => words.join(' ')), label: fc.constantFrom('a', 'b', 'c') }), {
    minLength: 1,
    maxLength: 60,
  })
  .map((rows) => rows.map(({ text, label }, i) => example(text, label, i + 2)))

function makeExamples(counts: Record<string, number>): Example[] {
  const labels = Object.entries(counts).flatMap(([label, count]) => Array<string>(count).fill(label))
  return labels.map((label, i) => example(`${i * 7919} ${i * 104729} ${i * 1299709}`, label, i + 2))
}

describe('splitting examples', () => {
  it('puts every example in one part, keeps groups whole and leaves each label something to train on', () => {
    const fraction = fc.double({ min: 0, max: 0.45, noNaN: true })
    fc.assert(
      fc.property(someExamples, fc.nat(), fraction, fraction, (examples, seed, validation, test) => {
        // Sizes that leave nothing to train on are refused, which another test says.
        fc.pre(Math.round(validation * examples.length) + Math.round(test * examples.length) < examples.length)
        const split = splitExamples(examples, { seed, validation, test })
        const byLine = (a: Example, b: Example) => a.line - b.line
        expect([...split.train, ...split.validation, ...split.test].sort(byLine)).toEqual(examples)
        for (const part of Object.values(split)) expect(part).toEqual([...part].sort(byLine))
        expect([...countLabels(split.train).keys()].sort()).toEqual([...countLabels(examples).keys()].sort())
        const groups = groupNearDuplicates(examples.map(({ text }) => text))
        const partOfGroup = new Map<number, string>()
        for (const [name, part] of Object.entries(split)) {
          for (const { line } of part) {
            const group = groups[line - 2] as number
            expect(partOfGroup.get(group) ?? name).toBe(name)
            partOfGroup.set(group, name)
          }
        }
      }),
    )
  })

  it('gives the same split for the same seed and another for another', () => {
    const examples = makeExamples({ a: 40, b: 60 })
    const lines = (seed: number) =>
      splitExamples(examples, { seed, validation: 0.2 }).validation.map(({ line }) => line)
    expect(lines(1)).toEqual(lines(1))
    expect(lines(1)).not.toEqual(lines(2))
  })

  it('spreads each label in proportion and meets the size asked for', () => {
    const examples = makeExamples({ big: 600, middle: 300, small: 97, tiny: 3 })
    const { train, validation, test } = splitExamples(examples, { seed: 7, validation: 0.1, test: 200 })
    expect([train.length, validation.length, test.length]).toEqual([700, 100, 200])
    const labels = ['big', 'middle', 'small']
    expect(labels.map((label) => countLabels(test).get(label))).toBeClose([120, 60, 19.4], { absolute: 1 })
    expect(labels.map((label) => countLabels(validation).get(label))).toBeClose([60, 30, 9.7], { absolute: 1 })
    expect(countLabels(train).get('tiny')).toBeGreaterThanOrEqual(1)
  })

  it('holds nothing out by default', () => {
    const examples = makeExamples({ a: 3, b: 2 })
    expect(splitExamples(examples, { seed: 1 })).toEqual({ train: examples, validation: [], test: [] })
  })

  it.each([
    [{ validation: 6, test: 4 }, /6 validation and 4 test examples leave nothing to train on: there are 10/],
    [{ validation: 0.5, test: 0.5 }, /nothing to train on/],
    [{ test: -1 }, /size of the test part is -1/],
    [{ validation: 1.5 }, /size of the validation part is 1.5/],
    [{ test: Number.NaN }, /size of the test part is NaN/],
  ])('refuses sizes that cannot be met: %j', (sizes, message) => {
    const split = () => splitExamples(makeExamples({ a: 5, b: 5 }), { seed: 1, ...sizes })
    expect(split).toThrow(expect.objectContaining({ code: 'data.bad-split', message: expect.stringMatching(message) }))
  })
})

describe('removing duplicates of held-out examples', () => {
  it('drops the training rows that repeat or nearly repeat one, and counts them', () => {
    const heldOut = [example('I am still waiting for my new card to arrive', 'a', 2), example('Where is it?', 'a', 3)]
    const training = [
      example('i am still waiting for my new card to arive!', 'a', 2),
      example('Can I top up by cheque?', 'a', 3),
      example('Can I top up by cheque', 'a', 4),
      example('where is it', 'a', 5),
    ]
    const { examples, dropped } = removeDuplicatesOf(training, heldOut)
    expect(examples).toEqual([training[1], training[2]])
    expect(dropped).toBe(2)
  })

  it('leaves nothing that shares a group with a held-out example', () => {
    fc.assert(
      fc.property(someExamples, someExamples, (training, heldOut) => {
        const { examples, dropped } = removeDuplicatesOf(training, heldOut)
        expect(examples.length + dropped).toBe(training.length)
        const groups = groupNearDuplicates([...examples, ...heldOut].map(({ text }) => text))
        const kept = new Set(groups.slice(0, examples.length))
        for (const group of groups.slice(examples.length)) expect(kept.has(group)).toBe(false)
      }),
    )
  })
})
