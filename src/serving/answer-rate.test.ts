import { describe, expect, it } from 'vitest'
import { createAnswerRate } from './answer-rate.ts'

describe('the rate of answers', () => {
  it('is not known before the first batch', () => {
    expect(createAnswerRate().secondsFor(100)).toBeUndefined()
  })

  it('says how long waiting texts will take, in whole seconds of at least one and at most a minute', () => {
    const rate = createAnswerRate()
    rate.observe({ rows: 10, seconds: 0.1 })
    expect([0, 50, 101, 250, 1_000_000].map(rate.secondsFor)).toEqual([1, 1, 2, 3, 60])
  })

  it('follows the model when it becomes slower', () => {
    const rate = createAnswerRate()
    for (let i = 0; i < 100; i++) rate.observe({ rows: 10, seconds: 0.1 })
    for (let i = 0; i < 100; i++) rate.observe({ rows: 10, seconds: 1 })
    expect(rate.secondsFor(95)).toBe(10)
  })
})
