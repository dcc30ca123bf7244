import { describe, expect, it } from 'vitest'
import { type ScheduleName, scheduleFactor } from './schedules.ts'

const names: readonly ScheduleName[] = ['constant', 'linear', 'cosine', 'one-cycle']
const factors = (name: ScheduleName, stepCount: number, warmupSteps: number) =>
  Array.from({ length: stepCount }, (_, step) => scheduleFactor(name, step, { stepCount, warmupSteps }))

describe('scheduleFactor', () => {
  it('rises over the warm-up, then falls to one step above zero', () => {
    expect(factors('linear', 8, 4)).toBeClose([0.25, 0.5, 0.75, 1, 1, 0.75, 0.5, 0.25], { absolute: 1e-12 })
  })

  it('stays at the full rate where it is constant', () => {
    expect(factors('constant', 5, 2)).toBeClose([0.5, 1, 1, 1, 1], { absolute: 1e-12 })
  })

  it('passes a half in the middle of a cosine', () => {
    expect(factors('cosine', 4, 0)[2]).toBeCloseTo(0.5, 12)
  })

  it('starts a cycle at a twenty-fifth and ends it at a ten-thousandth', () => {
    expect(factors('one-cycle', 1000, 500)[0]).toBeCloseTo(1 / 25, 4)
    expect(factors('one-cycle', 1000, 500)[499]).toBeCloseTo(1, 12)
    expect(factors('one-cycle', 1000, 500)[999]).toBeCloseTo(1e-4, 4)
  })

  it.each(names)('is never above 1 nor at 0 within the run, also without warm-up or for a single step: %s', (name) => {
    for (const [stepCount, warmupSteps] of [
      [1, 0],
      [1, 1],
      [5, 0],
      [10, 9],
    ] as const) {
      for (const factor of factors(name, stepCount, warmupSteps)) {
        expect(factor).toBeGreaterThan(0)
        expect(factor).toBeLessThanOrEqual(1)
      }
    }
  })
})
