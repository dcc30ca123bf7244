import { describe, expect, it } from 'vitest'
import { fitLearningCurve } from './fit-learning-curve.ts'
import { findLabelsNeeded, findOptimalLabels } from './labels-needed.ts'
import { errorSlopeAt, learningForms } from './learning-form.ts'
import { bootstrapLearningCurve } from './learning-uncertainty.ts'

const { pow3, mmf4 } = learningForms
const measured = [0.412, 0.318, 0.2557, 0.2031, 0.1702, 0.1433, 0.1271].map((error, k) => ({
  labels: 50 * 2 ** k,
  error,
}))
const bootstrap = bootstrapLearningCurve(fitLearningCurve(measured, pow3), { draws: 400 })

describe('the labels that a target needs', () => {
  it('are quantiles, with a first purchase that is a fifth of the way in ratio', () => {
    const needed = findLabelsNeeded(bootstrap, { target: 0.11 })
    if (needed.answer !== 'labels') throw new Error(needed.why)
    expect(needed.unreachableShare).toBe(0)
    expect(needed.p10).toBeLessThan(7771)
    expect(needed.p90).toBeGreaterThan(7771)
    expect(needed.p50).toBeClose(7771, { relative: 0.1 })
    expect(needed.buyNow).toBe(Math.ceil(3200 * (needed.p50 / 3200) ** 0.2) - 3200)
  })

  it('are none beyond those that are there where the target is reached', () => {
    expect(findLabelsNeeded(bootstrap, { target: 0.2 })).toMatchObject({ answer: 'labels', buyNow: 0 })
  })

  it('are refused where more than a tenth of the curves never reach the target', () => {
    const refused = findLabelsNeeded(bootstrap, { target: 0.08 })
    expect(refused).toMatchObject({ answer: 'refused', why: expect.stringMatching(/^\d+ % of the curves .* 0\.08\.$/) })
    expect(refused.unreachableShare).toBeGreaterThan(0.1)
  })

  it('are refused where no form beat the last value', () => {
    expect(findLabelsNeeded(bootstrap, { target: 0.11, beatsLastValue: false })).toMatchObject({ answer: 'refused' })
  })

  it('are not asked for an error of nothing', () => {
    expect(() => findLabelsNeeded(bootstrap, { target: 0 })).toThrow('The target error is 0')
  })
})

describe('the labels that are worth their price', () => {
  it('are none where the first is not, and those of the far side of a sigmoid otherwise', () => {
    expect(findOptimalLabels(pow3, [0.1, 0.5, 0.5], { valuePerError: 1, price: 10 })).toBe(0)
    const sigmoid = [0.05, 0.5, 500, 3] as const
    const labels = findOptimalLabels(mmf4, sigmoid, { valuePerError: 10_000, price: 1 })
    expect(labels).toBeGreaterThan(500)
    expect(10_000 * errorSlopeAt(mmf4, sigmoid, labels)).toBeClose(-1, { relative: 1e-9 })
  })
})
