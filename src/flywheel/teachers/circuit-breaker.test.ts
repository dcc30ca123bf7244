import { describe, expect, it } from 'vitest'
import { type CircuitState, createCircuitBreaker } from './circuit-breaker.ts'

function create(failuresMax = 3, openMs = 1000) {
  let nowMs = 0
  const states: CircuitState[] = []
  const clock = { now: () => new Date(nowMs) }
  const breaker = createCircuitBreaker({ failuresMax, openMs, clock, onChange: (state) => states.push(state) })
  const pass = (ms: number) => {
    nowMs += ms
  }
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) breaker.enter()?.fail()
  }
  return { breaker, states, pass, fail }
}

describe('a circuit', () => {
  it('opens after so many failures in a row and lets nothing through until its time is up', () => {
    const { breaker, fail, pass } = create()
    fail(2)
    breaker.enter()?.succeed()
    fail(2)
    expect(breaker.state).toBe('closed')
    fail(1)
    expect(breaker.state).toBe('open')
    pass(999)
    expect(breaker.enter()).toBeUndefined()
    pass(1)
    expect(breaker.enter()).toBeDefined()
  })

  it('lets one try probe, and closes when it succeeds', () => {
    const { breaker, fail, pass, states } = create()
    fail(3)
    pass(1000)
    const probe = breaker.enter()
    expect(breaker.enter()).toBeUndefined()
    probe?.succeed()
    expect(breaker.enter()).toBeDefined()
    expect(states).toEqual(['open', 'half-open', 'closed'])
  })

  it('opens again for its whole time when the probe fails', () => {
    const { breaker, fail, pass, states } = create()
    fail(3)
    pass(1000)
    breaker.enter()?.fail()
    pass(999)
    expect(breaker.enter()).toBeUndefined()
    expect(states).toEqual(['open', 'half-open', 'open'])
  })

  it('gives the probe to the next one when it was called off', () => {
    const { breaker, fail, pass } = create()
    fail(3)
    pass(1000)
    breaker.enter()?.release()
    breaker.enter()?.succeed()
    expect(breaker.state).toBe('closed')
  })

  it('does not listen to tries of an earlier state', () => {
    const { breaker, fail, pass } = create()
    const early = breaker.enter()
    fail(3)
    early?.succeed()
    expect(breaker.state).toBe('open')
    pass(1000)
    breaker.enter()?.succeed()
    const late = [1, 2, 3].map(() => early)
    for (const permit of late) permit?.fail()
    expect(breaker.state).toBe('closed')
  })
})
