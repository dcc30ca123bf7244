import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../base/index.ts'
import { compareModels, tangoInterval } from './compare-models.ts'

/** Right answers of both, with the given numbers of examples that only one of them gets right. */
function answers(onlyCandidate: number, onlyLive: number, n: number): [boolean[], boolean[]] {
  const places = [...Array(n).keys()]
  return [places.map((i) => i >= onlyLive), places.map((i) => i < onlyLive || i >= onlyLive + onlyCandidate)]
}

describe('compareModels', () => {
  // Recorded with scipy 1.17.1: binomtest, and the score interval from a numerical maximum likelihood.
  it.each([
    [12, 2, 50, 0.06111240710310495, 0.3447087481186751, 0.012939453125],
    [30, 25, 400, -0.02447393064202827, 0.049934267722957504, 0.5900533317766354],
    [5, 20, 3080, -0.00855825994238096, -0.001839991595429205, 0.004077315330505371],
    [9, 1, 44, 0.050332740240858743, 0.32834127166605814, 0.021484375],
  ])('has the recorded interval and p-value for %i against %i of %i', (onlyCandidate, onlyLive, n, low, high, p) => {
    const comparison = compareModels(...answers(onlyCandidate, onlyLive, n), { margin: 0.01 })
    expect(comparison).toMatchObject({ n, onlyCandidate, onlyLive, difference: (onlyCandidate - onlyLive) / n })
    expect(comparison.interval).toBeClose([low, high], { absolute: 1e-6 })
    expect(comparison.p).toBeClose(p, { relative: 1e-9 })
  })

  it.each([
    [60, 20, 1000, 'better'],
    [20, 60, 1000, 'worse'],
    [10, 12, 3000, 'not-worse'],
    [5, 5, 100, 'unclear'],
    [0, 0, 1000, 'not-worse'],
    [0, 0, 0, 'unclear'],
  ])('judges %i against %i of %i as %s with a margin of a point', (onlyCandidate, onlyLive, n, verdict) => {
    expect(compareModels(...answers(onlyCandidate, onlyLive, n), { margin: 0.01 }).verdict).toBe(verdict)
  })

  it('lets a candidate that is worse by the margin pass as not worse in 1 of 40 comparisons', () => {
    const random = createRandom('margin')
    const passed = Array.from({ length: 400 }, () => {
      const pairs = Array.from({ length: 300 }, () => {
        const draw = random.float()
        return [draw >= 0.08, draw < 0.08 || draw >= 0.13] as const
      })
      const { verdict } = compareModels(
        pairs.map(([candidate]) => candidate),
        pairs.map(([, live]) => live),
        { margin: 0.03 },
      )
      return verdict === 'not-worse' || verdict === 'better'
    })
    expect(passed.filter(Boolean).length / passed.length).toBeLessThan(0.05)
  })
})

describe('tangoInterval', () => {
  it('holds the difference, lies in [-1, 1] and turns its sign with the models', () => {
    const count = fc.integer({ min: 0, max: 40 })
    fc.assert(
      fc.property(count, count, count, (b, c, rest) => {
        const n = b + c + rest
        fc.pre(n > 0)
        const [low, high] = tangoInterval(b, c, n, 0.95)
        expect(low).toBeLessThanOrEqual((b - c) / n + 1e-12)
        expect(high).toBeGreaterThanOrEqual((b - c) / n - 1e-12)
        expect(tangoInterval(c, b, n, 0.95)).toBeClose([-high, -low], { absolute: 1e-9 })
      }),
    )
  })
})
