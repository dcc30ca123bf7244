import { describe, expect, it } from 'vitest'
import {
  averageCurve,
  carryOverCurve,
  exponentialCurve,
  hillCurve,
  logarithmicCurve,
  logisticCurve,
  powerCurve,
  raiseCurve,
} from './spend-curve.ts'

const curves = {
  hill: hillCurve({ max: 90, half: 50, shape: 2.5 }),
  exponential: exponentialCurve({ max: 100, scale: 20 }),
  power: powerCurve({ gain: 3, exponent: 0.5 }),
  logarithmic: logarithmicCurve({ gain: 2, scale: 7 }),
  logistic: logisticCurve({ max: 5, rate: 0.1 }),
  raised: raiseCurve(hillCurve({ max: 1, half: 50, shape: 2.5 }), { floor: 0.3, weight: 2 }),
}

describe('spend curves', () => {
  it.each(Object.entries(curves))(
    '%s has the slope of its value, and falls in slope from where it says',
    (_, curve) => {
      for (const x of [0.5, 5, 40, 200]) {
        const h = 1e-4 * x
        const slope = (curve.value(x + h) - curve.value(x - h)) / (2 * h)
        expect(curve.slope(x)).toBeClose(slope, { relative: 1e-5, absolute: 1e-9 })
      }
      const start = curve.concaveFrom as number
      expect(curve.slope(start + 1)).toBeGreaterThan(curve.slope(start + 2))
    },
  )

  it('Hill saturates as documented for a half point at half of the largest input (Robyn)', () => {
    const share = hillCurve({ max: 1, half: 0.5 * 200, shape: 3 })
    expect([100, 150, 170, 190, 200].map(share.value)).toBeClose([0.5, 0.771429, 0.830881, 0.872757, 0.888889], {
      relative: 1e-6,
    })
  })

  it('carry-over moves returns in time and, where all is linear, loses none', () => {
    const linear = powerCurve({ gain: 2, exponent: 1 })
    const carried = carryOverCurve(linear, { decay: 0.5, lags: 4, periods: 10 })
    expect(carried.value(3)).toBeClose(10 * 2 * 3, { relative: 1e-12 })
    expect(carried.concaveFrom).toBe(0)
  })

  it('a raised curve begins at its floor, ends at its weight, and is log-concave only where nothing bends up', () => {
    const raise = (shape: number, floor: number) =>
      raiseCurve(hillCurve({ max: 1, half: 50, shape }), { floor, weight: 2 })
    expect([raise(2, 0.3).value(0), raise(2, 0.3).value(1e9)]).toBeClose([0.6, 2], { relative: 1e-9 })
    expect([raise(2, 0).logConcave, raise(2, 0.3).logConcave, raise(1, 0.3).logConcave]).toEqual([true, false, true])
  })

  it('a mean of scenarios with S-curves is concave from the last inflection on, and not said to be log-concave', () => {
    const mean = averageCurve([hillCurve({ max: 1, half: 40, shape: 3 }), hillCurve({ max: 1, half: 50, shape: 2.5 })])
    expect(mean.concaveFrom).toBeClose(35.627003, { relative: 1e-6 })
    expect(mean.logConcave).toBe(false)
  })

  it.each([
    [() => hillCurve({ max: 1, half: 0, shape: Number.NaN }), 'No hill curve can be made: half is 0, shape is NaN.'],
    [() => powerCurve({ gain: 1, exponent: 2 }), 'No power curve can be made: exponent is 2.'],
    [() => raiseCurve(curves.hill, { floor: 2, weight: 1 }), 'floor is 2'],
    [() => averageCurve([]), 'No average curve can be made: there are no scenarios.'],
    [() => carryOverCurve(curves.hill, { decay: 1, lags: 4, periods: 1 }), 'decay is 1'],
  ])('are refused with the parameter that cannot be', (make, message) => {
    expect(make).toThrow(message)
  })
})
