import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hillCurve } from '../curves/spend-curve.ts'
import { convolveMax } from './convolve-max.ts'

const curve = fc
  .record({
    max: fc.double({ min: 1, max: 100, noNaN: true }),
    half: fc.double({ min: 1, max: 40, noNaN: true }),
    shape: fc.double({ min: 0.5, max: 4, noNaN: true }),
  })
  .map((options) => Float64Array.from({ length: 40 }, (_, j) => hillCurve(options).value(j)))
const rugged = fc.float64Array({ minLength: 40, maxLength: 40, min: 0, max: 100, noNaN: true })

it.each(['sum', 'product'] as const)('the best of each budget is the best of all its shares: %s', (combine) => {
  fc.assert(
    fc.property(fc.oneof(curve, rugged), fc.oneof(curve, rugged), (u, w) => {
      const { values, choice } = convolveMax(u, w, combine)
      const combined = (i: number, j: number) =>
        combine === 'sum' ? (u[i] as number) + (w[j] as number) : (u[i] as number) * (w[j] as number)
      for (let j = 0; j < u.length; j++) {
        const shares = Array.from({ length: j + 1 }, (_, t) => combined(j - t, t))
        expect(values[j]).toBeClose(Math.max(...shares), { relative: 1e-12 })
        expect(combined(j - (choice[j] as number), choice[j] as number)).toBe(values[j])
      }
    }),
    { numRuns: 200 },
  )
})
