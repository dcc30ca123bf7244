// One policy around every teacher. The order of a call: a slot, then for each try the breaker's permit, a reserve of the
// budget, the teacher within its timeout, settlement and a wait; then the outcome.
import {
  type Clock,
  createId,
  createRandom,
  type Random,
  type Sleep,
  systemClock,
  systemSleep,
} from '../../base/index.ts'
import type { TeacherLimits } from '../../contracts/index.ts'
import { type CircuitState, createCircuitBreaker } from './circuit-breaker.ts'
import type { DailyBudget } from './daily-budget.ts'
import { createSlots } from './slots.ts'
import { createSpending, type Spending } from './spending.ts'
import type {
  Failure,
  OutcomeSpent,
  Teacher,
  TeacherEvent,
  TeacherInput,
  TeacherOutcome,
  UnavailableReason,
} from './teacher.ts'
import { type TryContext, tryTeacher } from './try-teacher.ts'

export type GuardedTeacher = {
  readonly circuit: CircuitState
  readonly working: number
  readonly waiting: number
  /**
   * Answers, or says why not: what a teacher does is never thrown. Rejects with the signal's reason when it is aborted,
   * and with what the budget's store or the label queue throws.
   */
  ask(input: TeacherInput, options?: { signal?: AbortSignal | undefined }): Promise<TeacherOutcome>
}

export type GuardOptions = {
  task: string
  teacher: Teacher
  limits: TeacherLimits
  /** Without it the teacher may cost anything. */
  budget?: DailyBudget | undefined
  clock?: Clock | undefined
  sleep?: Sleep | undefined
  random?: Random | undefined
  onEvent?: ((event: TeacherEvent) => void) | undefined
}

type WithoutSpent<Outcome> = Outcome extends unknown ? Omit<Outcome, keyof OutcomeSpent> : never
type Result = WithoutSpent<TeacherOutcome>

/** Gives a teacher patience and bounds: see docs/teachers.md. */
export function guardTeacher(options: GuardOptions): GuardedTeacher {
  const { task, teacher, limits, budget, clock = systemClock, sleep = systemSleep, onEvent = () => {} } = options
  // Processes that share a teacher must not wait in step: each has a stream of its own.
  const random = options.random ?? createRandom('teacher-backoff', createId('stream'))
  const slots = createSlots(limits.concurrency, limits.queueMax)
  const breaker = createCircuitBreaker({
    failuresMax: limits.breakerFailures,
    openMs: limits.breakerOpenMs,
    clock,
    onChange: (state) => onEvent({ task, type: 'circuit-change', state }),
  })
  const context: TryContext = { task, teacher, limits, breaker, budget, clock, sleep, onEvent }

  const askInSlot = async (input: TeacherInput, spending: Spending, signal?: AbortSignal): Promise<Result> => {
    const leave = await slots.enter(signal)
    if (!leave) return unavailable(teacher, 'overloaded', `${limits.queueMax} calls wait for the teacher already`)
    try {
      return await askWithRetries(context, random, { input, spending, signal })
    } finally {
      leave()
    }
  }
  return {
    get circuit() {
      return breaker.state
    },
    get working() {
      return slots.working
    },
    get waiting() {
      return slots.waiting
    },
    async ask(input, { signal } = {}) {
      const startedMs = clock.now().getTime()
      const spending = createSpending(teacher.currency)
      const end = (result: Extract<TeacherEvent, { type: 'outcome-end' }>['result']): OutcomeSpent => {
        const spent = spending.total(clock.now().getTime() - startedMs)
        onEvent({ task, type: 'outcome-end', result, spent })
        return spent
      }
      try {
        const result = await askInSlot(input, spending, signal)
        return { ...result, ...end(result.type === 'unavailable' ? result.reason : result.type) }
      } catch (error) {
        end('aborted')
        throw error
      }
    },
  }
}

/** Keeps its slot while it waits: a teacher in trouble gets fewer questions, not more. */
async function askWithRetries(
  context: TryContext,
  random: Random,
  call: { input: TeacherInput; spending: Spending; signal: AbortSignal | undefined },
): Promise<Result> {
  const { teacher, limits, breaker, sleep } = context
  let failure: Failure | undefined
  let nonsenseSeen = 0
  for (let tries = 1; ; tries++) {
    const tried = await tryTeacher(context, call)
    if (tried.type === 'answered') {
      return { type: 'answered', answer: tried.answer, provenance: tried.provenance }
    }
    if (tried.type === 'pending') return { type: 'pending', ticket: tried.ticket, provenance: teacher.provenance }
    // How the last try failed says more than why there is no further one.
    if (tried.type === 'refused')
      return unavailable(teacher, failure?.reason ?? tried.reason, failure?.detail ?? tried.detail)
    failure = tried
    if (tried.retry === 'once') nonsenseSeen++
    const waitMs = nonsenseSeen > 1 ? undefined : chooseWait(tried, { tries, limits, random })
    if (waitMs === undefined || tries >= limits.triesMax || breaker.state === 'open') {
      return unavailable(teacher, failure.reason, failure.detail)
    }
    if (waitMs > 0) await sleep(waitMs, call.signal)
  }
}

/**
 * How long to wait before the next try, undefined where there shall be none: exponential backoff with full jitter
 * (Brooker, "Exponential Backoff And Jitter", AWS 2015), on top of what the teacher asked for.
 */
function chooseWait(
  { retry, retryAfterMs = 0 }: Failure,
  { tries, limits, random }: { tries: number; limits: TeacherLimits; random: Random },
): number | undefined {
  if (retry === 'never' || retryAfterMs > limits.waitMsMax) return undefined
  if (retry === 'once') return 0
  return retryAfterMs + random.float() * Math.min(limits.waitMsMax, limits.backoffMs * 2 ** (tries - 1))
}

function unavailable({ provenance }: Teacher, reason: UnavailableReason, detail: string): Result {
  return { type: 'unavailable', reason, detail, provenance }
}
