import { describe, expect, it } from 'vitest'
import { createClassTargets } from './class-targets.ts'

describe('createClassTargets', () => {
  const classes = [0, 0, 0, 1]
  const shape = { rows: 3, length: 4 }

  it('puts an equal share of the batch on each true label, and nothing on rows of padding', () => {
    const targets = createClassTargets(classes, 3, { labelSmoothing: 0, classWeights: 'none' })
    expect([...targets([0, 3], shape).targets]).toEqual([0.5, 0, 0, 0, 0.5, 0, 0, 0, 0])
  })

  it('spreads the smoothed share over all labels', () => {
    const targets = createClassTargets(classes, 4, { labelSmoothing: 0.2, classWeights: 'none' })
    const row = targets([3], { rows: 1, length: 4 }).targets
    expect(row).toBeClose([0.05, 0.85, 0.05, 0.05], { absolute: 1e-7 })
  })

  it('weighs classes by the inverse of their frequency, and the mean with them', () => {
    const targets = createClassTargets(classes, 2, { labelSmoothing: 0, classWeights: 'balanced' })
    // Weights 4 / (2·3) and 4 / (2·1): of the batch, a quarter and three quarters.
    const rows = targets([0, 3], { rows: 2, length: 4 }).targets
    expect(rows).toBeClose([0.25, 0, 0, 0.75], { absolute: 1e-7 })
  })
})
