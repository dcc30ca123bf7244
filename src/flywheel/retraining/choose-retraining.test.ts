import { describe, expect, it } from 'vitest'
import { chooseRetraining, type RetrainingFacts } from './choose-retraining.ts'

const policy = { examplesMin: 300, growth: 1.5, everyHours: 24 }
const reasonFor = (facts: Partial<RetrainingFacts>) =>
  chooseRetraining(policy, {
    examples: 0,
    trained: 0,
    sinceClosed: null,
    predictedGain: null,
    hoursSinceTrained: null,
    ...facts,
  })?.reason ?? null

describe('a task is due for training', () => {
  it('first at its least number of examples, then at each growth', () => {
    expect(reasonFor({ examples: 299 })).toBeNull()
    expect(reasonFor({ examples: 300 })).toBe('examples')
    expect(reasonFor({ examples: 449, trained: 300 })).toBeNull()
    expect(reasonFor({ examples: 450, trained: 300 })).toBe('examples')
  })

  it('where its curve promises half a point, and a tenth of the examples is new', () => {
    expect(reasonFor({ examples: 340, trained: 300, predictedGain: 0.006 })).toBe('gain')
    expect(reasonFor({ examples: 310, trained: 300, predictedGain: 0.006 })).toBeNull()
    expect(reasonFor({ examples: 340, trained: 300, predictedGain: 0.004 })).toBeNull()
  })

  it('by the clock only where there is something new', () => {
    expect(reasonFor({ examples: 301, trained: 300, hoursSinceTrained: 25 })).toBe('schedule')
    expect(reasonFor({ examples: 300, trained: 300, hoursSinceTrained: 25 })).toBeNull()
    expect(reasonFor({ examples: 301, trained: 300, hoursSinceTrained: 23 })).toBeNull()
  })

  it('after its gate was closed once enough came since, and not before for any other reason', () => {
    const closed = { examples: 9000, trained: 300, predictedGain: 1, hoursSinceTrained: 99 }
    expect(reasonFor({ ...closed, sinceClosed: { reason: 'drift', examples: 299 } })).toBeNull()
    expect(reasonFor({ ...closed, sinceClosed: { reason: 'drift', examples: 300 } })).toBe('drift')
    expect(reasonFor({ ...closed, sinceClosed: { reason: 'gate-closed', examples: 300 } })).toBe('gate-closed')
  })
})
