import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binomialUpperBound, createRandom } from '../../base/index.ts'
import type { CalibrationPair } from './calibration-pair.ts'
import { chooseThreshold } from './choose-threshold.ts'
import { acceptsScore } from './gate.ts'
import { simulateGates } from './simulate-gate.ts'

const promise = { target: 0.95, confidence: 0.95 }

/** Scores fall from 1; the answers at the given places disagree. */
function rank(count: number, errors: readonly number[] = []): CalibrationPair[] {
  return Array.from({ length: count }, (_, i) => ({ score: 1 - i / count, agrees: !errors.includes(i) }))
}

describe('chooseThreshold', () => {
  it('needs 59 accepted examples without an error for 0.95 at 95 %, beside the one that sets the threshold', () => {
    expect(chooseThreshold(rank(24), promise)).toMatchObject({
      open: false,
      threshold: null,
      coverage: 0,
      evidence: null,
      reason: 'needs at least 59 accepted calibration examples without one error for 0.95 at 95 %: there are 23',
    })
    expect(chooseThreshold(rank(59), promise).open).toBe(false)
    expect(chooseThreshold(rank(60), promise)).toMatchObject({ open: true, evidence: { accepted: 59, errors: 0 } })
  })

  it('takes all it can when nothing disagrees, and says so', () => {
    const gate = chooseThreshold(rank(500), promise)
    expect(gate).toMatchObject({ open: true, coverage: 0.998, n: 500 })
    expect(gate.reason).toBe(
      'the teacher agrees with 100 % of the 499 calibration examples above 0.002 (0 errors), which shows at least 99.1 % at 98.6 %; 0.95 at 95 % is promised, and 99.8 % of the traffic is taken over',
    )
  })

  it('stops before the scores at which errors begin', () => {
    const gate = chooseThreshold(
      rank(
        1000,
        Array.from({ length: 300 }, (_, i) => 700 + i),
      ),
      promise,
    )
    expect(gate.coverage).toBeGreaterThan(0.65)
    expect(gate.coverage).toBeLessThan(0.75)
    expect(acceptsScore(gate, 0.9)).toBe(true)
    expect(acceptsScore(gate, gate.threshold as number)).toBe(false)
  })

  it('stays closed with the closest evidence when one answer in ten is wrong, whatever its score', () => {
    const gate = chooseThreshold(
      rank(
        600,
        Array.from({ length: 60 }, (_, i) => 10 * i),
      ),
      promise,
    )
    expect(gate).toMatchObject({ open: false, threshold: null })
    expect(gate.evidence?.bound).toBeLessThan(0.95)
    expect(gate.reason).toContain('no other threshold of the 600 examples came closer')
  })

  it('does not open on scores that are all the same', () => {
    const pairs = rank(300).map(({ agrees }) => ({ score: 1, agrees }))
    expect(chooseThreshold(pairs, promise).reason).toBe(
      'too many of the 300 calibration examples have the same score for any threshold to leave enough above it',
    )
  })

  it('keeps heavier pairs more often, the same ones for the same seed', () => {
    const pairs = rank(2000).map((pair, i) => ({ ...pair, weight: i < 1000 ? 1 : 4 }))
    const gate = chooseThreshold(pairs, { ...promise, seed: 3 })
    expect(gate.n).toBeGreaterThan(1200)
    expect(gate.n).toBeLessThan(1300)
    expect(chooseThreshold(pairs, { ...promise, seed: 3 })).toEqual(gate)
  })

  it('names promises and pairs that cannot be used', () => {
    expect(() => chooseThreshold([], { target: 95, confidence: 0.95 })).toThrow('A promise of target 95 cannot be kept')
    expect(() => chooseThreshold([{ score: Number.NaN, agrees: true }], promise)).toThrow(
      '1 of 1 calibration pairs cannot be used: pair 0 (score NaN, weight 1)',
    )
  })

  it('depends on the order of the scores only, and an open gate always proves its target', () => {
    const pair = fc.record({
      score: fc.double({ min: 0, max: 1, noNaN: true }),
      agrees: fc.integer({ max: 30, min: 0 }),
    })
    fc.assert(
      fc.property(fc.array(pair, { minLength: 60, maxLength: 200 }), (raw) => {
        const pairs = raw.map(({ score, agrees }) => ({ score, agrees: agrees > 0 }))
        const gate = chooseThreshold(pairs, promise)
        const mirrored = chooseThreshold(
          pairs.map((entry) => ({ ...entry, score: 3 * entry.score - 7 })).reverse(),
          promise,
        )
        if (new Set(pairs.map(({ score }) => 3 * score - 7)).size === new Set(pairs.map(({ score }) => score)).size)
          expect(mirrored.coverage).toBe(gate.coverage)
        if (gate.open) {
          expect(gate.evidence?.bound).toBeGreaterThanOrEqual(promise.target)
          expect(pairs.filter(({ score }) => acceptsScore(gate, score)).length).toBe(gate.evidence?.accepted)
        }
      }),
    )
  })
})

describe('200 simulated tasks at a target of 0.95 at 95 %', () => {
  const tasks = simulateGates({ ...promise, tasks: 200, sizes: [100, 250, 600, 1500, 5000], seed: 1 })

  it('have the promise broken in at most 5 %', () => {
    const broken = tasks.filter(({ trueAgreement }) => trueAgreement < promise.target).length
    expect(broken / tasks.length).toBeLessThanOrEqual(0.05)
    expect(binomialUpperBound(broken, tasks.length, 0.025)).toBeLessThan(0.08)
  })

  it('have over half of the traffic of a calibrated model taken over from 600 examples on, where an oracle could take 77 %', () => {
    const calibrated = tasks.filter(({ shape, n }) => shape === 'calibrated' && n >= 600)
    for (const { trueCoverage } of calibrated) expect(trueCoverage).toBeGreaterThan(0.5)
  })
})

describe('weights', () => {
  it('keep the promise where calibration examples are easier than traffic', () => {
    // Easy requests (90 % of the examples, 10 % of traffic) are always right, the others in 85 %; scores do not tell them apart.
    const gates = Array.from({ length: 25 }, (_, seed) => {
      const random = createRandom(seed, 'weighted')
      const pairs = Array.from({ length: 1000 }, () => {
        const easy = random.float() < 0.9
        return { score: random.float(), agrees: easy || random.float() < 0.85, weight: easy ? 1 / 9 : 9 }
      })
      return {
        weighted: chooseThreshold(pairs, { ...promise, seed }).open,
        unweighted: chooseThreshold(
          pairs.map(({ weight: _, ...pair }) => pair),
          promise,
        ).open,
      }
    })
    expect(gates.filter(({ unweighted }) => unweighted).length).toBe(25)
    expect(gates.filter(({ weighted }) => weighted).length).toBeLessThanOrEqual(1)
  })
})
