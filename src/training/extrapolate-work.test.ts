import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { extrapolateWork, type WorkPart } from './extrapolate-work.ts'

const positive = fc.double({ min: 1e-3, max: 1e3, noNaN: true })
const sample = fc.record({ seconds: positive, cpuSeconds: positive, units: positive })
const part = fc.record({ samples: fc.array(sample, { minLength: 1, maxLength: 6 }), units: positive })
const steady = (seconds: number, count: number) =>
  Array.from({ length: count }, () => ({ seconds, cpuSeconds: 2 * seconds, units: 10 }))

describe('extrapolateWork', () => {
  it('is exact, with an interval of no width, where the same work always takes the same', () => {
    const parts = [
      { samples: steady(0.5, 3), units: 100 },
      { samples: steady(4, 3), units: 5 },
    ]
    expect(extrapolateWork(parts)).toEqual({ seconds: 7, cpuSeconds: 14, secondsInterval: [7, 7] })
  })

  it('gives no interval where too little was repeated, and nothing for no work', () => {
    expect(extrapolateWork([{ samples: steady(0.5, 3), units: 100 }]).secondsInterval).toBeNull()
    expect(extrapolateWork([])).toEqual({ seconds: 0, cpuSeconds: 0, secondsInterval: null })
  })

  it('has the interval around the sum, wider the more the samples differ', () => {
    const spread = (share: number): WorkPart[] => {
      const samples = [1, -1, 1, -1].map((sign) => ({ seconds: 1 + sign * share, cpuSeconds: 1, units: 1 }))
      return [{ samples, units: 50 }]
    }
    const widths = [0, 0.1, 0.3].map((share) => {
      const { seconds, secondsInterval } = extrapolateWork(spread(share))
      const [low, high] = secondsInterval ?? [Number.NaN, Number.NaN]
      expect(seconds).toBeCloseTo(50)
      expect((low + high) / 2).toBeCloseTo(50)
      return high - low
    })
    expect(widths).toEqual([...widths].sort((a, b) => a - b))
  })

  it('adds up: work in two parts is the sum of its parts, and twice the work is twice as much', () => {
    fc.assert(
      fc.property(part, part, (a, b) => {
        const [one, other, both] = [[a], [b], [a, b]].map((parts) => extrapolateWork(parts).seconds) as [
          number,
          number,
          number,
        ]
        expect(both / (one + other)).toBeCloseTo(1)
        expect(extrapolateWork([{ ...a, units: 2 * a.units }]).seconds / (2 * one)).toBeCloseTo(1)
      }),
    )
  })
})
