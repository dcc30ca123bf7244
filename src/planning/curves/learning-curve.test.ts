import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../base/index.ts'
import { chooseLearningCurve } from './choose-learning-curve.ts'
import { fitLearningCurve, type LearningObservation } from './fit-learning-curve.ts'
import { findOptimalLabels } from './labels-needed.ts'
import { errorAt, errorGradientAt, errorSlopeAt, labelsFor, learningForms } from './learning-form.ts'
import { bootstrapLearningCurve, covarianceOf, errorQuantiles, standardErrorAt } from './learning-uncertainty.ts'
import { weighByRank, weighByTestError } from './weigh-observations.ts'

const { pow3, pow4, mmf4 } = learningForms
const measured = [0.412, 0.318, 0.2557, 0.2031, 0.1702, 0.1433, 0.1271].map((error, k) => ({
  labels: 50 * 2 ** k,
  error,
}))
const fit = fitLearningCurve(measured, pow3)

describe('a power law fitted to seven sizes of training set', () => {
  it('has the parameters of least squares', () => {
    expect(fit.parameters).toBeClose([0.07836771, 2.0691309, 0.46668898], { relative: 1e-6 })
    expect(fit.squaredError).toBeClose(1.5222424e-5, { relative: 1e-6 })
  })

  it('has standard errors and a correlation of floor and exponent near 0.95', () => {
    const covariance = covarianceOf(fit)
    const deviations = covariance.map((row, i) => Math.sqrt(row[i] as number))
    expect(deviations).toBeClose([0.0046367, 0.0978982, 0.0145817], { absolute: 6e-8 })
    const [floor, , exponent] = deviations as [number, number, number]
    expect((covariance[0]?.[2] as number) / (floor * exponent)).toBeClose(0.95322, { absolute: 6e-6 })
  })

  it('foretells the error at 12,800 labels with its standard error', () => {
    const { error, standardError } = standardErrorAt(fit, 12_800)
    expect(error).toBeClose(0.1034287, { absolute: 6e-8 })
    expect(standardError).toBeClose(0.0024684, { absolute: 6e-8 })
  })

  it('says how many labels reach 0.11, what one more brings at 3,200, and how many are worth 0.50 each', () => {
    expect(labelsFor(pow3, fit.parameters, 0.11)).toBeClose(7771.56, { relative: 1e-6 })
    expect(errorSlopeAt(pow3, fit.parameters, 3200)).toBeClose(-6.97992e-6, { relative: 1e-6 })
    const optimal = findOptimalLabels(pow3, fit.parameters, { valuePerError: 500_000, price: 0.5 })
    expect(optimal).toBeClose(12_036.33, { relative: 1e-6 })
  })

  it('gives later sizes more weight where only means are known (Figueroa)', () => {
    const weighted = fitLearningCurve(weighByRank(measured), pow3)
    expect(weighted.parameters).toBeClose([0.07893452, 2.08432, 0.46879498], { relative: 1e-6 })
  })

  it('is the same whether seeds are given one by one or as their mean with their weight', () => {
    const seeds = measured.flatMap(({ labels, error }) => [-0.01, 0, 0.01].map((d) => ({ labels, error: error + d })))
    expect(fitLearningCurve(seeds, pow3).parameters).toBeClose(fit.parameters, { relative: 1e-7 })
  })
})

describe('noise-free measurements', () => {
  it.each([
    [pow3, [0.05, 1.7, 0.4]],
    [pow3, [0, 0.9, 0.1]],
    [pow4, [0.05, 1.7, 0.4, 120]],
    [mmf4, [0.06, 0.4, 300, 0.8]],
  ])('give back the parameters of form %#', (form, parameters) => {
    const points = anchors(9).map((labels) => ({ labels, error: errorAt(form, parameters, labels) }))
    expect(fitLearningCurve(points, form).parameters).toBeClose(parameters, { relative: 1e-9, absolute: 1e-12 })
  })

  it('do so for any power law', () => {
    const law = fc.record({
      floor: fc.double({ min: 0, max: 0.3, noNaN: true }),
      gain: fc.double({ min: 0.3, max: 5, noNaN: true }),
      c: fc.double({ min: 0.1, max: 1, noNaN: true }),
    })
    fc.assert(
      fc.property(law, ({ floor, gain, c }) => {
        const points = anchors(8).map((labels) => ({ labels, error: floor + gain * labels ** -c }))
        expect(fitLearningCurve(points, pow3).parameters).toBeClose([floor, gain, c], {
          relative: 1e-9,
          absolute: 1e-9,
        })
      }),
      { numRuns: 40 },
    )
  })
})

describe('every form', () => {
  it.each([
    [pow3, [0.05, 1.7, 0.4]],
    [pow4, [0.05, 1.7, 0.4, 120]],
    [mmf4, [0.06, 0.4, 300, 0.8]],
  ])('has the gradient, slope and inverse of its value: %#', (form, parameters) => {
    const labels = 700
    const gradient = errorGradientAt(form, parameters, labels)
    parameters.forEach((value, i) => {
      const h = 1e-5 * value
      const at = (moved: number) => errorAt(form, parameters.with(i, moved), labels)
      expect(gradient[i]).toBeClose((at(value + h) - at(value - h)) / (2 * h), { relative: 1e-6 })
    })
    const slope = (errorAt(form, parameters, labels + 0.01) - errorAt(form, parameters, labels - 0.01)) / 0.02
    expect(errorSlopeAt(form, parameters, labels)).toBeClose(slope, { relative: 1e-6 })
    expect(labelsFor(form, parameters, errorAt(form, parameters, labels))).toBeClose(labels, { relative: 1e-9 })
    expect(labelsFor(form, parameters, parameters[0] as number)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('errors that do not fall', () => {
  it('give a flat curve, not a rising one', () => {
    const rising = anchors(6).map((labels, i) => ({ labels, error: 0.2 + 0.01 * i }))
    const [floor, gain] = fitLearningCurve(rising, pow3).parameters
    expect(gain).toBe(0)
    expect(floor).toBeClose(0.225, { relative: 1e-9 })
  })

  it.each([
    [[], 'A learning curve needs observations, and there are none.'],
    [
      [
        { labels: 0, error: 0.1 },
        { labels: 10, error: Number.NaN },
      ],
      'cannot be used: (0, 0.1, weight 1), (10, NaN, weight 1)',
    ],
    [anchors(2).map((labels) => ({ labels, error: 0.3 })), 'pow3 has 3 parameters, and the error is known at 2 sizes'],
  ])('or cannot be used are refused: %j', (observations, message) => {
    expect(() => fitLearningCurve(observations, pow3)).toThrow(message)
  })
})

describe('the choice of a form', () => {
  it('is the one that foresees the largest size best, fitted again to all', () => {
    const parameters = [0.06, 0.5, 400, 0.9] as const
    const points = anchors(8).map((labels) => ({ labels, error: errorAt(mmf4, parameters, labels) }))
    const { fit: chosen, trials, beatsLastValue } = chooseLearningCurve(points)
    expect(chosen.form.name).toBe('mmf4')
    expect(chosen.parameters).toBeClose(parameters, { relative: 1e-8 })
    expect(trials.map(({ form }) => form)).toEqual(['pow3', 'pow4', 'mmf4', 'last-value'])
    expect(beatsLastValue).toBe(true)
  })

  it('says that none beats the last value where the error no longer falls', () => {
    const points = [0.5, 0.3, 0.2, 0.15, 0.15].map((error, k) => ({ labels: 50 * 2 ** k, error }))
    expect(chooseLearningCurve(points).beatsLastValue).toBe(false)
  })

  it('takes only the forms that can be fitted without the largest size, and refuses three sizes', () => {
    expect(chooseLearningCurve(measured.slice(0, 4)).trials.map(({ form }) => form)).toEqual(['pow3', 'last-value'])
    expect(() => chooseLearningCurve(measured.slice(0, 3))).toThrow('The error is known at 3 sizes of training set')
  })
})

describe('the bootstrap', () => {
  it('covers the true error at twice the largest size in 85 to 95 % of 200 synthetic curves', () => {
    const truth = [0.08, 1.8, 0.45] as const
    const target = errorAt(pow3, truth, 6400)
    let covered = 0
    for (let curve = 0; curve < 200; curve++) {
      const fitted = fitLearningCurve(drawObservations(truth, curve), pow3)
      const [low, high] = errorQuantiles(
        bootstrapLearningCurve(fitted, { draws: 100, seed: curve }),
        6400,
        [0.05, 0.95],
      )
      if ((low as number) <= target && target <= (high as number)) covered++
    }
    expect(covered / 200).toBeGreaterThanOrEqual(0.85)
    expect(covered / 200).toBeLessThanOrEqual(0.95)
  })

  it('draws the same curves for the same seed, and by seed only where there are several', () => {
    const fitted = fitLearningCurve(drawObservations([0.08, 1.8, 0.45], 1), pow3)
    const options = { draws: 5, seed: 3, by: 'seed' } as const
    expect(bootstrapLearningCurve(fitted, options)).toEqual(bootstrapLearningCurve(fitted, options))
    expect(() => bootstrapLearningCurve(fit, options)).toThrow(
      'there is one run with 50, 100, 200, 400, 800, 1600, 3200 labels',
    )
  })
})

/** Three seeds at each of seven sizes, measured on 1,000 test examples. */
function drawObservations(truth: readonly number[], seed: number): LearningObservation[] {
  const random = createRandom(seed, 'observations')
  const observations = measured.flatMap(({ labels }) =>
    [1, 2, 3].map(() => {
      const p = errorAt(pow3, truth, labels)
      const normal = Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float())
      return { labels, error: Math.max(0, p + normal * Math.sqrt((p * (1 - p)) / 1000)) }
    }),
  )
  return weighByTestError(observations, 1000)
}

/** 25, 50, 100, … */
function anchors(count: number): number[] {
  return Array.from({ length: count }, (_, k) => 25 * 2 ** k)
}
