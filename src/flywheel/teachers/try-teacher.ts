import type { Clock, Sleep } from '../../base/index.ts'
import type { TeacherLimits } from '../../contracts/index.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import type { DailyBudget } from './daily-budget.ts'
import type { Spending } from './spending.ts'
import {
  failedTry,
  spentUnknown,
  type Teacher,
  type TeacherEvent,
  type TeacherInput,
  type TeacherTry,
} from './teacher.ts'

/** What every try of one teacher goes through. */
export type TryContext = {
  task: string
  teacher: Teacher
  limits: TeacherLimits
  breaker: CircuitBreaker
  budget: DailyBudget | undefined
  clock: Clock
  sleep: Sleep
  onEvent: (event: TeacherEvent) => void
}

/** A try that was not made. */
export type RefusedTry = { type: 'refused'; reason: 'budget' | 'circuit-open'; detail: string }

/**
 * One try: permit of the breaker, reserve of the budget, the teacher within its timeout, settlement. A try whose cost
 * nobody knows keeps its reserve taken.
 */
export async function tryTeacher(
  context: TryContext,
  { input, spending, signal }: { input: TeacherInput; spending: Spending; signal: AbortSignal | undefined },
): Promise<TeacherTry | RefusedTry> {
  const { teacher, breaker, budget } = context
  const permit = breaker.enter()
  if (!permit) return refused('circuit-open', 'the teacher failed several times in a row and is left alone for a while')
  try {
    const costMicroMax = teacher.costMicroMax(input)
    const reservation = await budget?.reserve(costMicroMax)
    if (budget && !reservation) return refused('budget', 'what is left of today’s budget is less than a try may cost')
    const tried = await measureTry(context, input, signal).catch((error: unknown) => {
      spending.add(spentUnknown, costMicroMax)
      throw error
    })
    spending.add(tried.spent, costMicroMax)
    if (tried.type === 'failed' && tried.fault === 'teacher') permit.fail()
    else permit.succeed()
    if (tried.spent.costMicro !== null) await reservation?.settle(tried.spent.costMicro)
    return tried
  } finally {
    permit.release()
  }
}

async function measureTry(context: TryContext, input: TeacherInput, signal?: AbortSignal): Promise<TeacherTry> {
  const { task, clock, onEvent } = context
  const startedMs = clock.now().getTime()
  let result: Extract<TeacherEvent, { type: 'try-end' }>['result'] = 'aborted'
  try {
    const tried = await tryInTime(context, input, signal)
    result = tried.type === 'failed' ? tried.reason : tried.type
    return tried
  } finally {
    onEvent({ task, type: 'try-end', result, latencyMs: clock.now().getTime() - startedMs })
  }
}

/** Ends with the timeout or the abort also where the teacher heeds no signal. */
async function tryInTime(
  { teacher, limits, sleep }: TryContext,
  input: TeacherInput,
  signal: AbortSignal | undefined,
): Promise<TeacherTry> {
  signal?.throwIfAborted()
  const timeout = new AbortController()
  const ended = new AbortController()
  const late = failedTry(
    { reason: 'timeout', detail: `no answer within ${limits.timeoutMs} ms`, retry: 'backoff', fault: 'teacher' },
    spentUnknown,
  )
  const timeUp = sleep(limits.timeoutMs, ended.signal).then(() => {
    timeout.abort()
    return late
  })
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { signal: ended.signal })
  })
  const either = signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal
  try {
    const tried = await Promise.race([teacher.ask(input, either), timeUp, aborted])
    // A teacher that heeds its signal may report the abort as a failure of its own before the race hears of it.
    if (tried.type === 'failed') signal?.throwIfAborted()
    return tried.type === 'failed' && timeout.signal.aborted ? late : tried
  } finally {
    ended.abort()
  }
}

function refused(reason: RefusedTry['reason'], detail: string): RefusedTry {
  return { type: 'refused', reason, detail }
}
