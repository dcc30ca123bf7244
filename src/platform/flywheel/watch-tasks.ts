/** Watches what is answered and learnt: when a task is due for training, whether its traffic drifts, how its shadow does. */
import { type Clock, present } from '../../base/index.ts'
import type { TaskConfig } from '../../contracts/index.ts'
import {
  chooseRetraining,
  closeGate,
  compareModels,
  countDriftLook,
  countExamples,
  countRepresentativeSince,
  type DriftReport,
  detectDriftInThread,
  hashTexts,
  raiseAlert,
  readTaskState,
  sameAnswer,
  selectGate,
  selectShadowAnswers,
  selectTraffic,
  type TrafficRow,
  type TrafficWindow,
  updateTaskState,
} from '../../flywheel/index.ts'
import { errorAt, fitLearningCurve, learningForms } from '../../planning/index.ts'
import type { Registry } from '../../registry/index.ts'
import type { Store } from '../../storage/index.ts'
import type { AnswerEvent } from './answer-requests.ts'
import type { Gates } from './gates.ts'
import { mayReplace, type RetrainReason } from './retrain-task.ts'

export type WatchContext = {
  store: Store
  registry: Registry
  clock: Clock
  gates: Gates
  settingsOf(task: string): TaskConfig
  /** Tasks that have settings, asked in this process or not. */
  listTasks(): readonly string[]
  /** Trains a task; rejects where that fails. */
  retrain(task: string, reason: RetrainReason): Promise<unknown>
  promote(task: string, version: string): Promise<void>
  /** A version became live, or a shadow ended. */
  onPromoted(task: string): Promise<void>
  onFault(error: unknown): void
}

export type Watch = {
  noteAnswer(event: AnswerEvent): void
  noteGateClosed(task: string, model: string): void
  /** A training outside of the policy: its examples count as learnt. */
  noteTrained(task: string): void
  /** Looks whether tasks are due by the clock. */
  tick(): void
  /** Resolves once nothing is under way. */
  idle(): Promise<void>
}

/** Fewer examples than a training's: a shadow that is worse by more than this share of them shall not pass. */
const shadowMargin = 0.05

type Watched = {
  /** Null until they are counted. */
  examples: number | null
  /** At the last training that was tried, also one that failed. */
  tried: number
  answers: number
  shadowAnswers: number
  /** The training under way or looked into; what is asked for meanwhile is looked into after it, once. */
  training: Promise<void> | null
  again: boolean
  isLooking: boolean
}

export function watchTasks(context: WatchContext): Watch {
  const { store, clock, settingsOf } = context
  const tasks = new Map<string, Watched>()
  const background = new Set<Promise<void>>()
  const track = (job: Promise<void>): Promise<void> => {
    const guarded = job.catch(context.onFault).finally(() => background.delete(guarded))
    background.add(guarded)
    return guarded
  }
  const watched = (task: string): Watched => {
    const known = tasks.get(task) ?? newWatched()
    tasks.set(task, known)
    return known
  }
  const consider = (task: string) => {
    const state = watched(task)
    state.again = state.training !== null
    state.training ??= track(trainIfDue(context, task, state)).then(() => {
      state.training = null
      if (state.again) consider(task)
    })
  }
  /** Of one kind of look one at a time: the next request brings the next one. */
  const look = (task: string, job: () => Promise<void>) => {
    const state = watched(task)
    if (state.isLooking) return
    state.isLooking = true
    void track(
      job().finally(() => {
        state.isLooking = false
      }),
    )
  }
  return {
    noteAnswer({ task, model, hasExample }) {
      const settings = settingsOf(task)
      const { retraining } = settings
      const state = watched(task)
      state.answers++
      if (model !== null && state.answers % Math.ceil(retraining.driftWindow / 2) === 0)
        look(task, () => lookForDrift(context, task, model))
      if (!hasExample) return
      state.examples = state.examples === null ? null : state.examples + 1
      if (retraining.shadowRequests > 0 && ++state.shadowAnswers % 20 === 0)
        look(task, () => judgeShadow(context, task))
      if (learnsByItself(settings) && mayBeDue(state, retraining.examplesMin)) consider(task)
    },
    noteGateClosed(task, model) {
      const record = async () => {
        const { audits } = present(await selectGate(store, model), `gate of ${model}`)
        await recordClosing(context, task, model, {
          since: clock.now(),
          kind: 'gate-closed',
          message: `The gate of ${task} is closed: of ${audits.audited} audited answers ${audits.agreed} agree with the teacher, which shows less than ${audits.target}`,
          details: { audits },
        })
      }
      void track(record())
    },
    noteTrained(task) {
      const state = watched(task)
      state.tried = state.examples ?? state.tried
    },
    tick() {
      for (const task of context.listTasks()) if (learnsByItself(settingsOf(task))) consider(task)
    },
    async idle() {
      for (;;) {
        const working = [...background, ...[...tasks.values()].flatMap((state) => state.training ?? [])]
        if (working.length === 0) return
        await Promise.all(working)
      }
    },
  }
}

/** Kinds without a gate are trained from files only. */
function learnsByItself({ kind, retraining }: TaskConfig): boolean {
  return retraining.automatic && (kind === 'classify' || kind === 'multilabel')
}

function newWatched(): Watched {
  return { examples: null, tried: 0, answers: 0, shadowAnswers: 0, training: null, again: false, isLooking: false }
}

/** Not at each example: every tenth, or where they are not counted yet. */
function mayBeDue({ examples, tried }: Watched, examplesMin: number): boolean {
  return examples === null || (examples - tried) % Math.min(10, examplesMin) === 0
}

async function trainIfDue(context: WatchContext, task: string, state: Watched): Promise<void> {
  const { store, clock, settingsOf } = context
  const { retraining } = settingsOf(task)
  const taskState = await readTaskState(store, task)
  const examples = await countExamples(store, task)
  state.examples = examples
  state.tried = Math.max(state.tried, taskState.trainedExamples)
  const hoursSinceTrained = taskState.trainedAt
    ? (clock.now().getTime() - taskState.trainedAt.getTime()) / 3_600_000
    : null
  const due = chooseRetraining(retraining, {
    examples,
    trained: state.tried,
    sinceClosed: await readClosing(context, task),
    predictedGain: await predictGain(context, task, examples),
    hoursSinceTrained,
  })
  if (!due) return
  state.tried = examples
  try {
    await context.retrain(task, due.reason)
  } catch (error) {
    await raiseAlert(store, {
      task,
      kind: 'retraining-failed',
      message: `${task} could not be trained again: ${error instanceof Error ? error.message : String(error)}`,
      details: { reason: due.reason },
      createdAt: clock.now(),
    })
    context.onFault(error)
  }
}

/** Whether the live version's gate is closed for good, and how many representative examples came since. */
async function readClosing({ store, registry }: WatchContext, task: string) {
  const live = await registry.findLive(task)
  const gate = live && (await selectGate(store, live.id))
  if (!gate?.closedReason) return null
  const { calibrateSince } = await readTaskState(store, task)
  const reason = gate.closedReason === 'drift' ? ('drift' as const) : ('gate-closed' as const)
  return { reason, examples: await countRepresentativeSince(store, task, calibrateSince ?? gate.createdAt) }
}

/** What the power law through the accuracies of earlier trainings says of one on so many examples. */
async function predictGain({ registry }: WatchContext, task: string, examples: number): Promise<number | null> {
  const trainings = (await registry.listModelVersions({ task })).flatMap(({ metrics }) => {
    const { outOfFold, examples: counted } = metrics as {
      outOfFold?: { accuracy: number }
      examples?: { train?: number }
    }
    return outOfFold && counted?.train ? [{ labels: counted.train, error: 1 - outOfFold.accuracy }] : []
  })
  const last = trainings.at(-1)
  if (!last || new Set(trainings.map(({ labels }) => labels)).size < 3) return null
  const fit = fitLearningCurve(trainings, learningForms.pow3)
  return errorAt(fit.form, fit.parameters, last.labels) - errorAt(fit.form, fit.parameters, examples)
}

async function lookForDrift(context: WatchContext, task: string, model: string): Promise<void> {
  const { store, settingsOf } = context
  const { driftWindow: count } = settingsOf(task).retraining
  const gate = await selectGate(store, model)
  if (!gate || gate.closedReason) return
  const reference = await selectTraffic(store, model, { count, end: 'first' })
  const recent = await selectTraffic(store, model, { count, end: 'last' })
  const [lastOfReference, firstOfRecent] = [reference.at(-1), recent[0]]
  if (!lastOfReference || !firstOfRecent || reference.length < count) return
  // The windows must not overlap: then no request stands in both.
  if (firstOfRecent.createdAt <= lastOfReference.createdAt) return
  const look = await countDriftLook(store, model)
  const report = await detectDriftInThread({ reference: toWindow(reference), recent: toWindow(recent), look })
  if (!report.drifted || !(await closeGate(store, model, 'drift'))) return
  context.gates.update(model, { closedReason: 'drift' })
  await recordClosing(context, task, model, {
    since: firstOfRecent.createdAt,
    kind: 'drift',
    message: `The traffic of ${task} has changed (${describeDrift(report)}): its gate is closed until it is trained again`,
    details: { report },
  })
}

function toWindow(rows: readonly TrafficRow[]): TrafficWindow {
  const confidences = rows.flatMap(({ confidence }) => confidence ?? [])
  const texts = rows.flatMap(({ text }) => text ?? [])
  return {
    labels: rows.map(({ label }) => label),
    ...(confidences.length === rows.length ? { confidences } : {}),
    ...(texts.length === rows.length ? { embeddings: hashTexts(texts) } : {}),
  }
}

function describeDrift({ statistics }: DriftReport): string {
  return statistics
    .filter(({ drifted }) => drifted)
    .map(({ test, corrected }) => `${test} p ${corrected.toPrecision(2)}`)
    .join(', ')
}

async function recordClosing(
  { store, clock }: WatchContext,
  task: string,
  model: string,
  {
    since,
    kind,
    message,
    details,
  }: { since: Date; kind: 'gate-closed' | 'drift'; message: string; details: Record<string, unknown> },
): Promise<void> {
  await updateTaskState(store, task, { calibrateSince: since })
  await raiseAlert(store, { task, kind, message, details: { model, ...details }, createdAt: clock.now() })
}

/** Promotes a shadow that has been compared often enough and is not worse; one that is worse ends. */
async function judgeShadow(context: WatchContext, task: string): Promise<void> {
  const { store, registry, clock, settingsOf } = context
  const shadow = (await registry.listModelVersions({ task })).find(({ stage }) => stage === 'shadow')
  if (!shadow) return
  const answers = await selectShadowAnswers(store, shadow.id)
  if (answers.length < settingsOf(task).retraining.shadowRequests) return
  const comparison = compareModels(
    answers.map((said) => sameAnswer(said.shadow, said.teacher)),
    answers.map((said) => sameAnswer(said.live, said.teacher)),
    { margin: shadowMargin },
  )
  if (mayReplace(comparison)) await context.promote(task, shadow.id)
  else {
    await registry.endShadow(shadow.id)
    await raiseAlert(store, {
      task,
      kind: 'candidate-refused',
      message: `Version ${shadow.version} was worse than the live one on ${answers.length} requests as their shadow, and waits as a candidate`,
      details: { model: shadow.id, comparison },
      createdAt: clock.now(),
    })
  }
  await context.onPromoted(task)
}
