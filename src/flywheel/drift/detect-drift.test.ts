import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom, type Random } from '../../base/index.ts'
import { adjustByHolm, factorOfLook } from './adjust-p-values.ts'
import { binByQuantiles } from './bin-by-quantiles.ts'
import { compareCounts } from './compare-counts.ts'
import { compareEmbeddings } from './compare-embeddings.ts'
import { detectDrift, type TrafficWindow } from './detect-drift.ts'
import { detectDriftInThread } from './detect-drift-in-thread.ts'
import { estimateLabelShift } from './estimate-label-shift.ts'
import { permutationPValue } from './permutation-p-value.ts'

const width = 16

/** Requests of twelve intents, each around a point of its own; `newIntents` of them did not occur before. */
function drawWindow(size: number, random: Random, newIntents = 0): TrafficWindow {
  const intents = Array.from({ length: size }, () => random.integer(12) + newIntents)
  const noise = () => random.float() + random.float() + random.float() - 1.5
  return {
    labels: intents.map((intent) => `intent ${intent % 12}`),
    confidences: intents.map((intent) => (intent < 12 ? 1 - 0.3 * random.float() ** 2 : 0.9 - 0.5 * random.float())),
    embeddings: { values: intents.flatMap((intent) => centreOf(intent).map((x) => x + 0.3 * noise())), width },
  }
}

function centreOf(intent: number): number[] {
  const random = createRandom('centre', intent)
  return Array.from({ length: width }, () => random.float() - 0.5)
}

describe('detectDrift', () => {
  it('raises no false alarm in 100 looks at one reference, four times over', () => {
    const alarms = Array.from({ length: 4 }, (_, monitor) => {
      const random = createRandom(monitor, 'monitor')
      const reference = drawWindow(24, random)
      return Array.from({ length: 100 }, (_, i) =>
        detectDrift({ reference, recent: drawWindow(24, random), look: i + 1, seed: monitor }),
      ).some(({ drifted }) => drifted)
    })
    expect(alarms.filter(Boolean).length).toBe(0)
  })

  it('finds two thirds of new intents by confidences and embeddings at the first look', () => {
    const random = createRandom('shift')
    const report = detectDrift({ reference: drawWindow(100, random), recent: drawWindow(100, random, 8), look: 1 })
    expect(report.drifted).toBe(true)
    expect(report.statistics.filter(({ drifted }) => drifted).map(({ test }) => test)).toEqual(
      expect.arrayContaining(['confidence-psi', 'embedding-mmd', 'classifier']),
    )
    for (const { p, corrected } of report.statistics) expect(corrected).toBeGreaterThanOrEqual(p)
  })

  it('finds a label that takes over, from labels alone', () => {
    const labels = (share: number) =>
      Array.from({ length: 200 }, (_, i) => (i < 200 * share ? 'refund' : `other ${i % 9}`))
    const report = detectDrift({ reference: { labels: labels(0.1) }, recent: { labels: labels(0.4) }, look: 50 })
    expect(report.statistics).toMatchObject([{ test: 'label-shift', drifted: true }])
  })

  it('tests what both windows have, and gives the same numbers for the same seed', () => {
    const random = createRandom('parts')
    const reference = drawWindow(30, random)
    const { confidences } = drawWindow(30, random)
    const options = { reference, recent: { confidences: confidences ?? [] }, look: 3, seed: 5 }
    expect(detectDrift(options).statistics.map(({ test }) => test)).toEqual(['confidence-psi'])
    expect(detectDrift(options)).toEqual(detectDrift(options))
    expect(detectDrift({ reference: {}, recent: {}, look: 1 })).toMatchObject({ drifted: false, statistics: [] })
  })

  it('refuses windows of different models', () => {
    const of = (width: number) => ({ embeddings: { values: new Float32Array(12 * width), width } })
    expect(() => detectDrift({ reference: of(4), recent: of(5), look: 1 })).toThrow(
      'These windows cannot be compared: embeddings of 4 and of 5 numbers',
    )
  })
})

describe('p-values', () => {
  it('by permutation are at most x with probability x', () => {
    for (const [kind, values] of Object.entries({ counts: 40, rows: 12 })) {
      const found = Array.from({ length: 120 }, (_, run) => {
        const random = createRandom(run, kind)
        const options = { pMin: 0.02, seed: run }
        const draw = () => Array.from({ length: values }, () => random.integer(3))
        if (kind === 'counts') return compareCounts(draw(), draw(), { ...options, width: 3, by: 'g' }).p
        return compareEmbeddings({ values: draw(), width: 1 }, { values: draw(), width: 1 }, options).p
      })
      for (const level of [0.05, 0.2]) {
        expect(found.filter((p) => p <= level).length / found.length).toBeLessThanOrEqual(level + 0.05)
      }
      expect(found.filter((p) => p > 0.5).length).toBeGreaterThan(20)
    }
  })

  it('stop early where they are large, and reach their minimum where nothing exceeds', () => {
    let draws = 0
    const count = () => ++draws
    expect(permutationPValue(0, count, { pMin: 0.001, seed: 1 })).toBe(1)
    expect(draws).toBe(10)
    expect(permutationPValue(2, () => 1, { pMin: 0.01, seed: 1 })).toBe(1 / 101)
  })

  it('after Holm are those of the published procedure, and never fall below the raw ones', () => {
    expect(adjustByHolm([0.01, 0.04, 0.03, 0.005])).toBeClose([0.03, 0.06, 0.06, 0.02], { absolute: 1e-12 })
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }), (pValues) => {
        adjustByHolm(pValues).forEach((adjusted, i) => {
          expect(adjusted).toBeGreaterThanOrEqual(pValues[i] as number)
          expect(adjusted).toBeLessThanOrEqual(1)
        })
      }),
    )
  })

  it('spend no more than the level over any number of looks', () => {
    expect([1, 100, 101, 300, 301].map(factorOfLook)).toEqual([200, 200, 800, 800, 3200])
    let spent = 0
    for (let look = 1; look <= 50_000; look++) spent += 1 / factorOfLook(look)
    expect(spent).toBeLessThanOrEqual(1)
    expect(spent).toBeGreaterThan(0.99)
  })
})

describe('binByQuantiles', () => {
  it('fills bins evenly, equal values together', () => {
    const [first, second] = binByQuantiles([1, 2, 3, 4], [5, 6, 7, 8], 4)
    expect([...first, ...second]).toEqual([0, 0, 1, 1, 2, 2, 3, 3])
    const [same] = binByQuantiles([1, 1, 1], [1], 4)
    expect(new Set(same).size).toBe(1)
  })
})

describe('estimateLabelShift', () => {
  it('finds the true shares behind the answers of a model that errs', () => {
    // Of label 0 the model gets 8 in 10 right, of label 1 9 in 10.
    const known = Array.from({ length: 100 }, (_, i) => {
      const actual = i < 50 ? 0 : 1
      return { actual, predicted: i % 10 < (actual === 0 ? 8 : 9) ? actual : 1 - actual }
    })
    // With shares 0.3 and 0.7 it answers 0 in 0.3 · 0.8 + 0.7 · 0.1 = 31 of 100.
    const predicted = Array.from({ length: 100 }, (_, i) => (i < 31 ? 0 : 1))
    expect(estimateLabelShift(known, predicted, 2)).toBeClose([0.3, 0.7], { absolute: 1e-9 })
  })

  it('says so when the answers tell nothing', () => {
    const known = [0, 1].map((actual) => ({ actual, predicted: 0 }))
    expect(estimateLabelShift(known, [0, 0, 1], 2)).toBeNull()
  })
})

it('drift is told the same from a thread of its own', async () => {
  const random = createRandom(1, 'thread')
  const options = { reference: drawWindow(60, random), recent: drawWindow(60, random, 6), look: 1 }
  expect(await detectDriftInThread(options)).toEqual(detectDrift(options))
})
