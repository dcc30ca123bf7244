import { describe, expect, it } from 'vitest'
import { createTargets } from './targets.ts'

describe('createTargets', () => {
  const classes = [0, 0, 0, 1]

  it('puts an equal share of the batch on each true label', () => {
    const target = createTargets(classes, 3, { labelSmoothing: 0, classWeights: 'none' })([0, 3])
    expect([...target(0)]).toEqual([0.5, 0, 0])
    expect([...target(1)]).toEqual([0, 0.5, 0])
  })

  it('spreads the smoothed share over all labels', () => {
    const target = createTargets(classes, 4, { labelSmoothing: 0.2, classWeights: 'none' })([3])
    expect(target(0)).toBeClose([0.05, 0.85, 0.05, 0.05], { absolute: 1e-7 })
  })

  it('weighs classes by the inverse of their frequency, and the mean with them', () => {
    const target = createTargets(classes, 2, { labelSmoothing: 0, classWeights: 'balanced' })([0, 3])
    // Weights 4 / (2·3) and 4 / (2·1): of the batch, a quarter and three quarters.
    expect(target(0)).toBeClose([0.25, 0], { absolute: 1e-7 })
    expect(target(1)).toBeClose([0, 0.75], { absolute: 1e-7 })
  })
})
