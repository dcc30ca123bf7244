import { describe, expect, it } from 'vitest'
import { createRandom } from '../../base/index.ts'
import { chooseRejection, isOutOfScope } from './choose-rejection.ts'
import { fitCosineDistance, fitMahalanobisDistance } from './class-distances.ts'

describe('chooseRejection', () => {
  const promise = { shareMax: 0.05, confidence: 0.95 }

  it('needs 59 in-scope texts before it may reject what is farther than all of them', () => {
    const scores = (count: number) => Array.from({ length: count }, (_, i) => i)
    expect(chooseRejection(scores(58), promise)).toMatchObject({
      threshold: null,
      reason:
        'needs at least 59 in-scope calibration texts to reject at most 0.05 of them at confidence 0.95: there are 58',
    })
    const rejection = chooseRejection(scores(59), promise)
    expect(rejection).toMatchObject({ threshold: 58, rejected: 0 })
    expect([58, 58.1].map((score) => isOutOfScope(rejection, score))).toEqual([false, true])
    expect(isOutOfScope({ threshold: null }, 1e9)).toBe(false)
  })

  it('rejects more than the stated share of in-scope requests in about 1 of 20 calibrations, and wastes little', () => {
    // Scores are uniform, so that the true share rejected is 1 − threshold.
    const shares = Array.from({ length: 400 }, (_, run) => {
      const random = createRandom(run, 'in-scope')
      const scores = Array.from({ length: 500 }, () => random.float())
      return 1 - (chooseRejection(scores, promise).threshold as number)
    })
    const broken = shares.filter((share) => share > promise.shareMax).length / shares.length
    expect(broken).toBeLessThanOrEqual(0.06)
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeGreaterThan(0.03)
  })
})

describe('distances to classes', () => {
  // Two long, thin classes along x; a row off their axes is far in Mahalanobis, near in Euclidean terms.
  const random = createRandom('classes')
  const values = Array.from({ length: 400 }, (_, i) => [
    10 * (random.float() - 0.5) + 20,
    (i % 2) * 4 + 0.2 * random.float() + 1,
  ])
  const rows = { values: values.flat(), width: 2 }
  const labels = values.map((_, i) => 7 * (i % 2))

  it('by Mahalanobis see the shape of the classes, whatever their numbers', () => {
    const [inside, along, across] = fitMahalanobisDistance(
      rows,
      labels,
    )({ values: [20, 1.1, 24, 1.1, 20, 3], width: 2 })
    expect(inside).toBeLessThan(0.5)
    expect(along).toBeLessThan(5)
    expect(across).toBeGreaterThan(50)
  })

  it('by Mahalanobis average to the width on the rows they were fitted to, or less, as the covariance is widened', () => {
    const distances = fitMahalanobisDistance(rows, labels)(rows)
    const mean = distances.reduce((sum, distance) => sum + distance, 0) / distances.length
    expect(mean).toBeGreaterThan(1)
    expect(mean).toBeLessThanOrEqual(2)
  })

  it('by cosine know directions only', () => {
    const score = fitCosineDistance({ values: [1, 0, 2, 0, 0, 3], width: 2 }, [0, 0, 1])
    expect(score({ values: [5, 0, 1, 1, -1, 0], width: 2 })).toBeClose([0, 1 - Math.SQRT1_2, 1], { absolute: 1e-12 })
  })

  it('stay finite where all rows are the same', () => {
    const same = { values: [1, 2, 1, 2, 1, 2], width: 2 }
    expect(fitMahalanobisDistance(same, [0, 0, 1])(same)).toBeClose([0, 0, 0], { absolute: 1e-6 })
  })
})
