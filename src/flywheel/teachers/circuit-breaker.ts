import type { Clock } from '../../base/index.ts'

export type CircuitState = 'closed' | 'open' | 'half-open'

/** Exactly one of these ends a try that the breaker let through. */
export type CircuitPermit = {
  succeed(): void
  fail(): void
  /** The try says nothing about the teacher: it was called off. */
  release(): void
}

/**
 * Stops asking a teacher that fails: `failuresMax` failed tries in a row open the circuit for `openMs`; then one try goes
 * through (half-open), which closes it or opens it again. Nygard, *Release It!*, 2007.
 */
export type CircuitBreaker = {
  readonly state: CircuitState
  /** Undefined while no try may go through. */
  enter(): CircuitPermit | undefined
}

export function createCircuitBreaker(options: {
  failuresMax: number
  openMs: number
  clock: Clock
  onChange?: (state: CircuitState) => void
}): CircuitBreaker {
  const { failuresMax, openMs, clock, onChange = () => {} } = options
  let state: CircuitState = 'closed'
  let failures = 0
  let openUntilMs = 0
  // Tries of an earlier state come back late, and must not decide about this one.
  let era = 0

  const change = (next: CircuitState): void => {
    state = next
    failures = 0
    era++
    if (next === 'open') openUntilMs = clock.now().getTime() + openMs
    onChange(next)
  }
  const createPermit = (): CircuitPermit => {
    const ownEra = era
    const inEra = (decide: () => void) => () => {
      if (era === ownEra) decide()
    }
    return {
      succeed: inEra(() => {
        if (state === 'closed') failures = 0
        else change('closed')
      }),
      fail: inEra(() => {
        failures++
        if (state === 'half-open' || failures >= failuresMax) change('open')
      }),
      release: inEra(() => {
        // The next try may probe at once: the time of waiting has passed.
        if (state === 'half-open') state = 'open'
      }),
    }
  }
  return {
    get state() {
      return state
    },
    enter() {
      if (state === 'closed') return createPermit()
      if (state === 'half-open' || clock.now().getTime() < openUntilMs) return undefined
      change('half-open')
      return createPermit()
    },
  }
}
