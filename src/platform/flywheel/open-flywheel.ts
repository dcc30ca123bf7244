/** The loop of one process: requests in, answers out, examples kept, models trained, compared and promoted. */
import { createId, createRandom, NotFoundError, type Random, type Sleep } from '../../base/index.ts'
import {
  type Feedback,
  type FeedbackRequest,
  type LabelledAnswer,
  type ModelReference,
  type PredictionInput,
  parseAmountMicro,
  type TaskConfig,
  taskConfigSchema,
} from '../../contracts/index.ts'
import {
  createBudgetStore,
  createLabelQueue,
  findPrediction,
  type GuardedTeacher,
  openTeachers,
  recordFeedback,
  type TeacherEvent,
} from '../../flywheel/index.ts'
import { ModelPool, type PoolPredictOptions } from '../../serving/index.ts'
import type { PlatformContext } from '../create-platform.ts'
import { locateModel } from '../locate-model.ts'
import { promoteVersion } from '../promote-version.ts'
import { type Answered, type AnswerOptions, createAnswering } from './answer-requests.ts'
import { createGates } from './gates.ts'
import { answerOfPrediction } from './read-prediction.ts'
import { readSpokenAnswer } from './read-spoken-answer.ts'
import {
  automaticActor,
  type RetrainOptions,
  type RetrainReason,
  type RetrainResult,
  retrainTask,
} from './retrain-task.ts'
import { watchTasks } from './watch-tasks.ts'

export type FlywheelOptions = {
  context: PlatformContext
  pool: ModelPool
  /** Where relative files of the configuration are found. */
  configFolder: string
  /** Loads the task's live version in place of the one that answers. */
  reload(task: string): Promise<void>
  /** Carries out a training that is due, here or elsewhere. */
  schedule(task: string, reason: RetrainReason): Promise<unknown>
  /** Hears what fails after a request was answered. */
  onError: (error: Error) => void
  onTeacher: (event: TeacherEvent) => void
  random?: Random | undefined
  sleep?: Sleep | undefined
}

export type Flywheel = {
  answer(task: string, inputs: readonly PredictionInput[], options?: AnswerOptions): Promise<Answered>
  giveFeedback(prediction: string, feedback: FeedbackRequest, caller?: string | null): Promise<Feedback>
  retrain(task: string, options?: RetrainOptions): Promise<RetrainResult>
  /** Sets a task that does not stand in `capstan.yaml`; its teacher is opened first, so that a bad one changes nothing. */
  putTask(task: string, settings: TaskConfig): Promise<void>
  /** Opens the teachers of tasks that another process has set. */
  refresh(): Promise<void>
  /** Opens the teachers, so that a missing key is known before the first request. */
  openTeachers(): Promise<void>
  settingsOf(task: string): TaskConfig
  /** An example came that no answer brought. */
  noteExample(task: string): void
  /** A version became live, or ceased to be. */
  noteLive(task: string): void
  tick(): void
  /** Resolves once no audit and no training is under way. */
  idle(): Promise<void>
  close(): Promise<void>
}

const untaught = taskConfigSchema.parse({})
/** How long it is believed that a task has no model, in case another process gives it one. */
const absentMs = 2000

export function openFlywheel(options: FlywheelOptions): Flywheel {
  const { context, pool, configFolder, reload, onError, onTeacher, sleep } = options
  const { store, registry, clock, tasks } = context
  const settingsOf = (task: string) => tasks.of(task) ?? untaught
  const gates = createGates(store, clock)
  const onFault = (error: unknown) => onError(error instanceof Error ? error : new Error(String(error)))
  let opened: ReadonlyMap<string, GuardedTeacher> = new Map()
  let opening: Promise<void> | null = null
  const openSome = (some: Readonly<Record<string, TaskConfig>>) =>
    openTeachers({
      tasks: some,
      folder: configFolder,
      budgetStore: createBudgetStore(store),
      labelQueue: createLabelQueue(store, { clock, isRedacted: (task) => settingsOf(task).retention !== 'full' }),
      clock,
      onEvent: onTeacher,
      ...(sleep ? { sleep } : {}),
    })
  /** At the first request, so that commands which ask nobody need no keys. */
  const openAllTeachers = () => {
    opening ??= openSome(tasks.all()).then((all) => {
      opened = all
    })
    opening.catch(() => {
      opening = null
    })
    return opening
  }

  /** Until when a task with a teacher is known to have no model. */
  const absentUntil = new Map<string, number>()
  const predictOwn = async (task: string, inputs: readonly PredictionInput[], predictOptions: PoolPredictOptions) => {
    const isTaught = settingsOf(task).teacher !== undefined
    if (isTaught && (absentUntil.get(task) ?? 0) > clock.now().getTime()) return null
    try {
      return await pool.predict(task, inputs, predictOptions)
    } catch (error) {
      const isAbsent =
        error instanceof NotFoundError && ['registry.task-not-found', 'registry.version-not-found'].includes(error.code)
      if (!isTaught || !isAbsent) throw error
      absentUntil.set(task, clock.now().getTime() + absentMs)
      return null
    }
  }

  const shadows = openShadows(context)
  const retrain = async (task: string, retrainOptions: RetrainOptions = {}) => {
    const result = await retrainTask(context, task, retrainOptions)
    if (result.outcome === 'promoted') await onLive(task)
    if (result.outcome === 'shadow') shadows.forget(task)
    watch.noteTrained(task)
    return result
  }
  const onLive = async (task: string) => {
    absentUntil.delete(task)
    shadows.forget(task)
    await reload(task)
  }
  const watch = watchTasks({
    store,
    registry,
    clock,
    gates,
    settingsOf,
    listTasks: () => Object.keys(tasks.all()),
    retrain: options.schedule,
    async promote(task, reference) {
      await promoteVersion(context, { task, reference, actor: automaticActor })
    },
    onPromoted: onLive,
    onFault,
  })
  const answering = createAnswering({
    store,
    clock,
    gates,
    settingsOf,
    teacherOf: (task) => opened.get(task),
    predictOwn,
    askShadow: async (task, input, caller) =>
      settingsOf(task).retraining.shadowRequests > 0 ? shadows.ask(task, input, caller) : null,
    random: options.random ?? createRandom('audits', createId('stream')),
    onAnswer: watch.noteAnswer,
    onGateClosed: watch.noteGateClosed,
    onFault,
  })
  return {
    async answer(task, inputs, answerOptions) {
      await openAllTeachers()
      return answering.answer(task, inputs, answerOptions)
    },
    async giveFeedback(id, request, caller = null) {
      const prediction = await findPrediction(store, id)
      const { label, correct, rating, outcome, key } = request
      const answer = label === undefined ? null : readSpokenAnswer(prediction.task, settingsOf(prediction.task), label)
      const money = outcome && { amountMicro: parseAmountMicro(outcome.amount), currency: outcome.currency }
      const stored = await recordFeedback(store, {
        prediction: id,
        key,
        answer,
        correct: correct ?? null,
        rating: rating ?? null,
        outcome: money ?? null,
        caller,
        now: clock.now(),
      })
      if (stored.example !== null) watch.noteAnswer({ task: prediction.task, model: null, hasExample: true })
      return {
        ...stored,
        prediction: id,
        key,
        label: (label ?? null) as LabelledAnswer | null,
        correct: correct ?? null,
        rating: rating ?? null,
        outcome: money ?? null,
      }
    },
    retrain,
    async putTask(task, settings) {
      await openAllTeachers()
      const own = await openSome({ [task]: settings })
      await tasks.put(task, settings)
      await registry.ensureTask(task)
      opened = withTask(opened, task, own.get(task))
    },
    async refresh() {
      for (const task of await tasks.refresh()) {
        opened = withTask(opened, task, (await openSome({ [task]: settingsOf(task) })).get(task))
      }
    },
    openTeachers: openAllTeachers,
    settingsOf,
    noteExample: (task) => watch.noteAnswer({ task, model: null, hasExample: true }),
    noteLive(task) {
      absentUntil.delete(task)
    },
    tick: watch.tick,
    async idle() {
      await answering.settled()
      await watch.idle()
    },
    async close() {
      await answering.settled()
      await watch.idle()
      await shadows.close()
    },
  }
}

function withTask(
  teachers: ReadonlyMap<string, GuardedTeacher>,
  task: string,
  teacher: GuardedTeacher | undefined,
): ReadonlyMap<string, GuardedTeacher> {
  const others = [...teachers].filter(([name]) => name !== task)
  return new Map(teacher ? [...others, [task, teacher]] : others)
}

/** The shadows of tasks, each with a pool of its own, opened when the first request asks for one. */
function openShadows(context: PlatformContext) {
  const { device, noteCompute } = context
  type Shadow = { model: ModelReference; pool: ModelPool } | null
  const known = new Map<string, Promise<Shadow>>()
  const open = async (task: string): Promise<Shadow> => {
    const version = (await context.registry.listModelVersions({ task })).find(({ stage }) => stage === 'shadow')
    if (!version) return null
    const model = { id: version.id, version: version.version }
    const findModel = async () => ({ task, model, ...(await locateModel(context, version)) })
    return { model, pool: new ModelPool({ findModel, device, onCompute: noteCompute }) }
  }
  const closeShadow = async (opening: Promise<Shadow>) => {
    await (await opening.catch(() => null))?.pool.close()
  }
  return {
    async ask(task: string, input: PredictionInput, caller: string | null) {
      const opening = known.get(task) ?? open(task)
      known.set(task, opening)
      const shadow = await opening
      if (!shadow) return null
      const { predictions } = await shadow.pool.predict(task, [input], { caller })
      const answer = predictions[0] && answerOfPrediction(predictions[0])
      return answer ? { model: shadow.model.id, answer } : null
    },
    /** The task's shadow is another now, or none. */
    forget(task: string) {
      const opening = known.get(task)
      known.delete(task)
      if (opening) void closeShadow(opening)
    },
    async close() {
      await Promise.all([...known.values()].map(closeShadow))
      known.clear()
    },
  }
}
