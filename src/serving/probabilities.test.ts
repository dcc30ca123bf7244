import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { energyOf, toGradeShares, toProbabilities } from './probabilities.ts'

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
    expect(() => toProbabilities(Float32Array.of(0, 1, value, 2), 2)).toThrow(
      expect.objectContaining({ code: 'serving.not-finite' }),
    )
  })
})

describe('toGradeShares', () => {
  it('gives shares that sum to one and of which none is negative, also where the model contradicts itself', () => {
    const share = fc.float({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: 6 }), (above) => {
        const shares = [...toGradeShares(Float32Array.from(above))]
        expect(shares).toHaveLength(above.length + 1)
        expect(Math.min(...shares)).toBeGreaterThanOrEqual(0)
        expect(shares.reduce((sum, value) => sum + value, 0)).toBeClose(1, { absolute: 1e-6 })
      }),
    )
  })

  it('takes differences of neighbours', () => {
    expect([...toGradeShares(Float32Array.of(0.75, 0.25))]).toEqual([0.25, 0.5, 0.25])
    expect([...toGradeShares(Float32Array.of(0.25, 0.75))]).toEqual([0.75, 0, 0.25])
  })
})

describe('energyOf', () => {
  it('is −ln Σ exp(logit), also for large logits', () => {
    expect(energyOf(Float32Array.of(1, 2, 3))).toBeClose(-3.4076059644443806, { relative: 1e-12 })
    expect(energyOf(Float32Array.of(1000, 1000))).toBeClose(-1000 - Math.log(2), { relative: 1e-12 })
  })

  it('is higher where no class is sure', () => {
    expect(energyOf(Float32Array.of(1, 1, 0.5))).toBeGreaterThan(energyOf(Float32Array.of(9, 0, 0)))
  })
})
