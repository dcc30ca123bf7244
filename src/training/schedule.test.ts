import { describe, expect, it } from 'vitest'
import { linearSchedule } from './schedule.ts'

describe('linearSchedule', () => {
  const factors = (stepCount: number, warmupSteps: number) =>
    Array.from({ length: stepCount }, (_, step) => linearSchedule(step, { stepCount, warmupSteps }))

  it('rises over the warm-up, then falls to one step above zero', () => {
    expect(factors(8, 4)).toBeClose([0.25, 0.5, 0.75, 1, 1, 0.75, 0.5, 0.25], { absolute: 1e-12 })
  })

  it('is never above 1 nor at 0 within the run, also without warm-up or for a single step', () => {
    for (const [stepCount, warmupSteps] of [
      [1, 0],
      [1, 1],
      [5, 0],
      [10, 9],
    ] as const) {
      for (const factor of factors(stepCount, warmupSteps)) {
        expect(factor).toBeGreaterThan(0)
        expect(factor).toBeLessThanOrEqual(1)
      }
    }
  })
})
