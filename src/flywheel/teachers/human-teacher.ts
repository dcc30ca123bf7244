import { type Sleep, sha256 } from '../../base/index.ts'
import type { TeacherConfigOf } from '../../contracts/index.ts'
import { chargePerCall } from './charge-per-call.ts'
import { readAnswer } from './read-answer.ts'
import {
  failedTry,
  nonsense,
  type Spent,
  spentNothing,
  spentUnknown,
  type TaughtTask,
  type Teacher,
  type TeacherInput,
} from './teacher.ts'

/** Where people find what to label. Kept by whoever stores it; what it stores of the input follows the task's retention. */
export type LabelQueue = {
  /**
   * Puts a question in. `key` is the same for the same input of a task: asking twice is one question with one ticket.
   * An answer (label, list of labels or number) comes back where people have given it already.
   */
  enqueue(question: {
    task: string
    key: string
    input: TeacherInput
  }): Promise<{ ticket: string; isNew: boolean; answer?: unknown }>
  /** What people say about a ticket, once they do; rejects with the signal's reason. */
  awaitAnswer(ticket: string, signal: AbortSignal): Promise<unknown>
}

/** People: asks the queue, waits `waitMs` for an answer, and is else `pending`. */
export function createHumanTeacher(options: {
  task: TaughtTask
  config: TeacherConfigOf<'human'>
  queue: LabelQueue
  sleep: Sleep
}): Teacher {
  const { task, config, queue, sleep } = options
  const { priceMicro, provenance, about } = chargePerCall('human', config)
  return {
    ...about,
    async ask(input, signal) {
      const key = sha256(JSON.stringify([task.name, input.text, input.textPair ?? null]))
      const { ticket, isNew, answer: known } = await queue.enqueue({ task: task.name, key, input })
      const given = known ?? (await waitForAnswer({ queue, ticket, waitMs: config.waitMs, sleep, signal }))
      // A new question is an order placed: while it waits its price stays taken. Asked again it costs nothing more.
      if (given === undefined) return { type: 'pending', ticket, spent: isNew ? spentUnknown : spentNothing }
      const spent: Spent = isNew ? { costMicro: priceMicro, tokens: null } : spentNothing
      const answer = readAnswer(task, given)
      if (typeof answer === 'string') return failedTry({ ...nonsense(answer), retry: 'never' }, spent)
      return { type: 'answered', answer, provenance, spent }
    },
  }
}

/** The answer, or undefined where people need longer than `waitMs`. */
async function waitForAnswer(options: {
  queue: LabelQueue
  ticket: string
  waitMs: number
  sleep: Sleep
  signal: AbortSignal
}): Promise<unknown> {
  const { queue, ticket, waitMs, sleep, signal } = options
  if (waitMs === 0) return undefined
  const waiting = new AbortController()
  const either = AbortSignal.any([signal, waiting.signal])
  const answer = queue.awaitAnswer(ticket, either)
  const timeUp = sleep(waitMs, either).then(() => undefined)
  try {
    return await Promise.race([answer, timeUp])
  } finally {
    waiting.abort()
    // The loser of the race ends with the abort, which nobody waits for.
    await Promise.allSettled([answer, timeUp])
  }
}
