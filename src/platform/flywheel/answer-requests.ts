/** The way of a request: the own model where the gate lets it, else the teacher; stored before it is acknowledged. */
import { type Clock, createId, LimitError, type Random } from '../../base/index.ts'
import type {
  ModelReference,
  Prediction,
  PredictionInput,
  Served,
  ServedPrediction,
  TaskConfig,
} from '../../contracts/index.ts'
import { serveOwn } from '../../contracts/index.ts'
import type { Answer } from '../../data/index.ts'
import {
  acceptsScore,
  addAudit,
  type ExampleRecord,
  type GateRecord,
  type GuardedTeacher,
  isOutOfScope,
  type PredictionRecord,
  recordTeacherAnswer,
  retainText,
  sameAnswer,
  storeAnswer,
  type TeacherInput,
  type TeacherOutcome,
} from '../../flywheel/index.ts'
import type { PoolPredictOptions } from '../../serving/index.ts'
import type { Store } from '../../storage/index.ts'
import type { Gates } from './gates.ts'
import { answerOfPrediction, confidenceOf, strangenessOf } from './read-prediction.ts'

export type AnswerOptions = Pick<PoolPredictOptions, 'onStages'> & {
  signal?: AbortSignal | undefined
  /** Hears how long the teacher took, for each input that was taken to it. */
  onTeacher?: ((seconds: number) => void) | undefined
  /** The key of the customer who asks. */
  caller?: string | null | undefined
}

export type Answered = { model: ModelReference | null; predictions: ServedPrediction[] }

/** What others want to know of each request that was answered. */
export type AnswerEvent = { task: string; model: string | null; hasExample: boolean }

export type AnsweringContext = {
  store: Store
  clock: Clock
  gates: Gates
  settingsOf(task: string): TaskConfig
  teacherOf(task: string): GuardedTeacher | undefined
  /** By the task's live version; null where it has none and a teacher stands in. */
  predictOwn(
    task: string,
    inputs: readonly PredictionInput[],
    options: PoolPredictOptions,
  ): Promise<{ model: ModelReference; predictions: Prediction[] } | null>
  /** What the task's shadow says of an input; null where there is none. */
  askShadow(
    task: string,
    input: PredictionInput,
    caller: string | null,
  ): Promise<{ model: string; answer: Answer } | null>
  /** Draws the audits. */
  random: Random
  onAnswer(event: AnswerEvent): void
  onGateClosed(task: string, model: string): void
  /** What goes wrong after a request was answered: an audit that could not be stored. */
  onFault(error: unknown): void
}

export type Answering = {
  answer(task: string, inputs: readonly PredictionInput[], options?: AnswerOptions): Promise<Answered>
  /** Resolves once all audits under way are done. */
  settled(): Promise<void>
}

type Own = { model: ModelReference; prediction: Prediction; gate: GateRecord | null; confidence: number | null }

type Decision = {
  served: ServedPrediction
  answer: Answer | null
  teacherAnswer: Answer | null
  outcome: TeacherOutcome | null
}

export function createAnswering(context: AnsweringContext): Answering {
  const background = new Set<Promise<void>>()
  const later = (work: Promise<void>) => {
    const guarded = work.catch(context.onFault).finally(() => background.delete(guarded))
    background.add(guarded)
  }
  return {
    async answer(task, inputs, options = {}) {
      const own = await context.predictOwn(task, inputs, {
        ...(options.signal ? { signal: options.signal } : {}),
        ...(options.onStages ? { onStages: options.onStages } : {}),
        caller: options.caller,
      })
      const gate = own && (await context.gates.find(own.model.id))
      const answered = await Promise.all(
        inputs.map((input, i) => {
          const prediction = own?.predictions[i]
          const ownAnswer: Own | null =
            own && prediction
              ? { model: own.model, prediction, gate, confidence: confidenceOf(prediction, gate?.temperature ?? 1) }
              : null
          return answerOne(context, later, { task, input, own: ownAnswer, options })
        }),
      )
      return { model: own?.model ?? null, predictions: answered }
    },
    async settled() {
      while (background.size > 0) await Promise.all(background)
    },
  }
}

type Asked = { task: string; input: PredictionInput; own: Own | null; options: AnswerOptions }

async function answerOne(
  context: AnsweringContext,
  later: (work: Promise<void>) => void,
  { task, input, own, options }: Asked,
): Promise<ServedPrediction> {
  const { clock, random } = context
  const startedMs = performance.now()
  const settings = context.settingsOf(task)
  const teacher = context.teacherOf(task)
  const texts = toTexts(input)
  const strange = own !== null && isStrange(own)
  // Drawn before the gate has its say, so that audits and examples of them are drawn as requests come.
  const sampled = teacher !== undefined && random.float() < settings.auditShare
  const opens = own !== null && isGateOpen(own.gate)
  const accepted = own !== null && (teacher === undefined || (opens && accepts(own)))
  const answersItself = accepted || (strange && !sampled)
  const now = clock.now()
  const id = createId('prediction', now)
  const decision =
    own && answersItself
      ? decideOwn(own, id, strange)
      : await decideByTeacher({ task, id, own, settings, teacher, texts, options })
  const { served, outcome } = decision
  const shadow = outcome?.type === 'answered' ? await context.askShadow(task, input, options.caller ?? null) : null
  const record: PredictionRecord = {
    id,
    task,
    createdAt: now,
    input: toStored(texts.text, settings.retention),
    inputPair: texts.textPair === undefined ? null : toStored(texts.textPair, settings.retention),
    source: served.source,
    answer: decision.answer,
    belowTarget: served.below_target,
    reason: served.reason,
    model: own?.model.id ?? null,
    modelAnswer: own && answerOfPrediction(own.prediction),
    confidence: own?.confidence ?? null,
    accepted,
    sampled,
    teacherAnswer: decision.teacherAnswer,
    shadow: shadow?.model ?? null,
    shadowAnswer: shadow?.answer ?? null,
    ticket: outcome?.type === 'pending' ? outcome.ticket : null,
    costMicro: outcome?.costMax.amountMicro ?? 0n,
    currency: outcome?.costMax.currency ?? null,
    latencyMs: performance.now() - startedMs,
    caller: options.caller ?? null,
  }
  const example = outcome && toExample(record, outcome, sampled || !opens)
  await storeAnswer(context.store, { prediction: record, example })
  context.onAnswer({ task, model: record.model, hasExample: example !== null })
  if (own && answersItself && sampled && teacher)
    later(audit(context, { record, own, teacher, texts, counts: accepted && !strange }))
  return served
}

function decideOwn({ prediction, confidence }: Own, id: string, strange: boolean): Decision {
  const said: Served = { id, source: 'model', below_target: false, reason: strange ? 'out_of_scope' : null }
  const served = withConfidence(serveOwn(prediction, said), confidence)
  return {
    served: strange ? withoutAnswer(served) : served,
    answer: strange ? null : answerOfPrediction(prediction),
    teacherAnswer: null,
    outcome: null,
  }
}

/** The teacher's answer; where it has none, the own model's below the target, or a refusal. */
async function decideByTeacher(asked: {
  task: string
  id: string
  own: Own | null
  settings: TaskConfig
  teacher: GuardedTeacher | undefined
  texts: TeacherInput
  options: AnswerOptions
}): Promise<Decision> {
  const { task, id, own, settings, teacher, texts, options } = asked
  const outcome = teacher ? await teacher.ask(texts, { signal: options.signal }) : null
  if (outcome) options.onTeacher?.(outcome.latencyMs / 1000)
  if (outcome?.type === 'answered') {
    const said: Served = { id, source: 'teacher', below_target: false, reason: null }
    return {
      served: serveTeacher(outcome.answer, own, said),
      answer: outcome.answer,
      teacherAnswer: outcome.answer,
      outcome,
    }
  }
  const reason = outcome?.type === 'pending' ? 'pending' : 'teacher_unavailable'
  if (own && settings.belowTarget === 'answer') {
    const served = serveOwn(own.prediction, { id, source: 'model', below_target: true, reason })
    return {
      served: withConfidence(served, own.confidence),
      answer: answerOfPrediction(own.prediction),
      teacherAnswer: null,
      outcome,
    }
  }
  if (outcome?.type === 'pending') {
    const said: Served = { id, source: 'none', below_target: false, reason }
    return { served: withoutAnswer(emptyOf(settings, said)), answer: null, teacherAnswer: null, outcome }
  }
  const detail = outcome?.type === 'unavailable' ? `${outcome.reason}: ${outcome.detail}` : 'it has none'
  throw new LimitError('flywheel.teacher-unavailable', `The teacher of ${task} cannot answer (${detail})`, {
    hint: own
      ? 'The task refuses answers below its target (belowTarget: refuse): try again later.'
      : 'The task has no model of its own yet: try again later.',
  })
}

/** Asks the teacher about an answer that was given already, and holds it against the gate. */
async function audit(
  context: AnsweringContext,
  options: { record: PredictionRecord; own: Own; teacher: GuardedTeacher; texts: TeacherInput; counts: boolean },
): Promise<void> {
  const { record, own, teacher, texts, counts } = options
  const outcome = await teacher.ask(texts)
  if (outcome.type !== 'answered') return
  const example = toExample(record, outcome, true)
  const { amountMicro: costMicro, currency } = outcome.costMax
  await recordTeacherAnswer(context.store, record.id, { answer: outcome.answer, costMicro, currency, example })
  context.onAnswer({ task: record.task, model: null, hasExample: example !== null })
  if (!counts || !own.gate || record.modelAnswer === null) return
  const { id } = own.model
  const { audits, closes } = await addAudit(context.store, id, sameAnswer(record.modelAnswer, outcome.answer))
  context.gates.update(id, { audits, ...(closes ? { closedReason: 'audits' as const } : {}) })
  if (closes) context.onGateClosed(record.task, id)
}

function isGateOpen(gate: GateRecord | null): boolean {
  return gate?.gate.open === true && gate.closedReason === null
}

function accepts({ gate, confidence }: Own): boolean {
  return gate !== null && confidence !== null && acceptsScore(gate.gate, confidence)
}

function isStrange({ gate, prediction }: Own): boolean {
  const energy = strangenessOf(prediction)
  return gate?.outOfScope != null && energy !== null && isOutOfScope(gate.outOfScope, energy)
}

/** What may be kept of a text, in characters that a database can hold. */
function toStored(text: string, retention: TaskConfig['retention']): string | null {
  return retainText(text.replaceAll('\0', '').toWellFormed(), retention)
}

function toTexts(input: PredictionInput): TeacherInput {
  if (typeof input === 'string') return { text: input }
  return { text: input.text, ...(input.text_pair === undefined ? {} : { textPair: input.text_pair }) }
}

/** Only what the teacher answered, of a text that may be kept. */
function toExample(
  { id, task, input, inputPair, createdAt }: PredictionRecord,
  outcome: TeacherOutcome,
  representative: boolean,
): ExampleRecord | null {
  if (outcome.type !== 'answered' || input === null) return null
  return {
    id: createId('example', createdAt),
    task,
    text: input,
    textPair: inputPair,
    answer: outcome.answer,
    source: outcome.provenance.teacher === 'human' ? 'human' : 'teacher',
    provenance: outcome.provenance,
    representative,
    prediction: id,
    createdAt,
  }
}

function withConfidence(served: ServedPrediction, confidence: number | null): ServedPrediction {
  return served.kind === 'classify' ? { ...served, score: confidence } : served
}

function withoutAnswer(served: ServedPrediction): ServedPrediction {
  if (served.kind === 'classify') return { ...served, label: null, score: null }
  if (served.kind === 'multilabel') return { ...served, labels: null }
  return served.kind === 'regress' ? { ...served, value: null } : served
}

function serveTeacher(answer: Answer, own: Own | null, said: Served): ServedPrediction {
  const scores = own && 'scores' in own.prediction ? own.prediction.scores : []
  const truncated = own?.prediction.truncated ?? false
  if (answer.kind === 'class') return { ...said, kind: 'classify', label: answer.label, score: null, scores, truncated }
  if (answer.kind === 'classes') return { ...said, kind: 'multilabel', labels: [...answer.labels], scores, truncated }
  return { ...said, kind: 'regress', value: answer.kind === 'value' ? answer.value : null, truncated }
}

function emptyOf({ kind }: TaskConfig, said: Served): ServedPrediction {
  if (kind === 'regress') return { ...said, kind, value: null, truncated: false }
  if (kind === 'multilabel') return { ...said, kind, labels: null, scores: [], truncated: false }
  return { ...said, kind: 'classify', label: null, score: null, scores: [], truncated: false }
}
