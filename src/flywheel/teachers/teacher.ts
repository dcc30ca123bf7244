// The words of this folder. A *try* is one call of a teacher; an *outcome* is what a caller gets after all tries.
import type { Money, TaughtKind } from '../../contracts/index.ts'
import type { Answer } from '../../data/index.ts'

/** What a teacher has to know of the task it answers. */
export type TaughtTask = {
  name: string
  kind: TaughtKind
  description?: string | undefined
  /** Label to description; empty to regress. */
  labels: ReadonlyMap<string, string>
  /** To regress: what the number must lie in. */
  range?: { min: number; max: number } | undefined
}

/** A text, or a pair of texts. */
export type TeacherInput = { text: string; textPair?: string }

/** To classify a class, to multilabel classes, to regress a value. */
export type TeacherAnswer = Extract<Answer, { kind: 'class' | 'classes' | 'value' }>

/** Cached tokens are part of the input tokens. */
export type TokenCounts = { input: number; cachedInput: number; output: number }

/** Who gave an answer; stored with every example that is made of it. */
export type Provenance = {
  teacher: 'openai' | 'http' | 'human' | 'replay'
  /** As the reply names it, else as it was asked for. */
  model: string | null
  /** Changes with whatever is in the prompt besides the text. */
  promptVersion: string | null
}

/** Micro-units of the teacher's currency, and tokens; null where nobody said: the try may have cost its whole bound. */
export type Spent = { costMicro: bigint | null; tokens: TokenCounts | null }

/** How a failed try is to be understood. */
export type Failure = {
  reason: 'timeout' | 'error' | 'nonsense'
  /** What happened, without the text, the reply or a secret: fit for logs. */
  detail: string
  /** With waiting between tries; at once and a single time; or not at all. */
  retry: 'backoff' | 'once' | 'never'
  /** The input's fault says nothing about the health of the teacher. */
  fault: 'teacher' | 'input'
  /** What the teacher asked to wait. */
  retryAfterMs?: number
}

export type TeacherTry = { spent: Spent } & (
  | { type: 'answered'; answer: TeacherAnswer; provenance: Provenance }
  | { type: 'pending'; ticket: string }
  | ({ type: 'failed' } & Failure)
)

/** Answers one input at a time, once, without patience of its own: `guardTeacher` adds that. */
export type Teacher = {
  readonly provenance: Provenance
  readonly currency: string
  /** The most that one try on this input may cost, in micro-units. */
  costMicroMax(input: TeacherInput): bigint
  /** Settles soon after the signal is aborted; what it then says is not used. */
  ask(input: TeacherInput, signal: AbortSignal): Promise<TeacherTry>
}

export type UnavailableReason = Failure['reason'] | 'budget' | 'circuit-open' | 'overloaded'

/** What was spent over all tries. */
export type OutcomeSpent = {
  /** What the teacher is known to have charged. */
  cost: Money
  /** With the bound of each try whose cost nobody knows (it was cut off, or the reply had no usage). */
  costMax: Money
  tokens: TokenCounts
  /** From the question to the outcome, waiting included. */
  latencyMs: number
  tries: number
}

/** Only `answered` may become training data. */
export type TeacherOutcome = OutcomeSpent & { provenance: Provenance } & (
    | { type: 'answered'; answer: TeacherAnswer }
    /** People will answer later. */
    | { type: 'pending'; ticket: string }
    | { type: 'unavailable'; reason: UnavailableReason; detail: string }
  )

/** For metrics and logs: holds no text, no answer and no secret. */
export type TeacherEvent = { task: string } & (
  | { type: 'try-end'; result: 'answered' | 'pending' | Failure['reason'] | 'aborted'; latencyMs: number }
  /** Once for every call, also for one that its caller aborted: what it spent is spent. */
  | { type: 'outcome-end'; result: 'answered' | 'pending' | UnavailableReason | 'aborted'; spent: OutcomeSpent }
  | { type: 'circuit-change'; state: 'closed' | 'open' | 'half-open' }
)

export function failedTry(failure: Failure, spent: Spent): TeacherTry {
  return { type: 'failed', ...failure, spent }
}

/** An answer that is none: not in the labels, empty, refused, cut off. */
export function nonsense(detail: string): Failure {
  return { reason: 'nonsense', detail, retry: 'once', fault: 'input' }
}

export const spentNothing: Spent = { costMicro: 0n, tokens: null }
export const spentUnknown: Spent = { costMicro: null, tokens: null }
