import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toPrediction, toProbabilities } from './probabilities.ts'

describe('toProbabilities', () => {
  it('gives each row shares that sum to one and keep the order of the logits', () => {
    const logit = fc.float({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(logit, logit, logit), { minLength: 1, maxLength: 5 }), (rows) => {
        const probabilities = toProbabilities(Float32Array.from(rows.flat()), 3)
        rows.forEach((row, i) => {
          const shares = [...probabilities.subarray(3 * i, 3 * i + 3)]
          expect(shares.reduce((sum, share) => sum + share, 0)).toBeClose(1, { absolute: 1e-6 })
          expect(Math.max(...shares)).toBe(shares[row.indexOf(Math.max(...row))])
        })
      }),
    )
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses a logit of %d instead of answering nonsense', (value) => {
    expect(() => toProbabilities(Float32Array.of(0, 1, value, 2), 2)).toThrow(/logit/)
  })
})

describe('toPrediction', () => {
  it('sorts the scores, best first, and keeps the order of the labels among equals', () => {
    const prediction = toPrediction(['a', 'b', 'c'], Float32Array.of(0.25, 0.5, 0.25), false)
    expect(prediction.label).toBe('b')
    expect(prediction.scores.map(({ label }) => label)).toEqual(['b', 'a', 'c'])
  })
})
