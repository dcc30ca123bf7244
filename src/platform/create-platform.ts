import { type Clock, type Logger, type Random, type Sleep, systemClock } from '../base/index.ts'
import type {
  Config,
  Device,
  Feedback,
  FeedbackRequest,
  GateStatus,
  ModelReference,
  ModelVersion,
  Money,
  Prediction,
  PredictionInput,
  Run,
  RunDetails,
  Task,
} from '../contracts/index.ts'
import { readExamples } from '../data/index.ts'
import { createLedger, type Ledger } from '../ledger/index.ts'
import { openRegistry, type Registry, type VersionReference } from '../registry/index.ts'
import { ModelPool, readModelHead, type ServedBatch } from '../serving/index.ts'
import { openStore, type Store } from '../storage/index.ts'
import type { EvaluationReport } from '../training/index.ts'
import { type Books, openBooks } from './books.ts'
import { type EstimateTaskResult, estimateTask } from './estimate-task.ts'
import { evaluateModel } from './evaluate-model.ts'
import { type ExportRequest, exportModel } from './export-model.ts'
import type { Answered, AnswerOptions } from './flywheel/answer-requests.ts'
import { readGateStatus } from './flywheel/gate-status.ts'
import { openFlywheel } from './flywheel/open-flywheel.ts'
import { type Labelling, openLabelling } from './flywheel/open-labelling.ts'
import type { RetrainOptions, RetrainResult } from './flywheel/retrain-task.ts'
import { locateModel } from './locate-model.ts'
import type { DataColumns } from './prepare-data.ts'
import { readConfig } from './read-config.ts'
import { listRunCosts, readRuns } from './read-runs.ts'
import { type ResumeRequest, resumeTask, type TrainTaskRequest, type TrainTaskResult, trainTask } from './train-task.ts'

export type PlatformOptions = {
  /** Where `capstan.yaml` and the data folder are; default: the current directory. */
  projectFolder?: string
  /** A configuration other than the project folder's `capstan.yaml`. */
  configFile?: string | undefined
  /** Where models are trained and answer; default: what the configuration says. */
  device?: Device | undefined
  clock?: Clock
  /** Told to another process that wants the data folder. */
  owner?: { url?: string }
  /** Hears what fails after a request was answered. */
  logger?: Pick<Logger, 'error'> | undefined
  /** Draws audits; default: a stream of this process. */
  random?: Random | undefined
  sleep?: Sleep | undefined
}

export type PlatformContext = {
  store: Store
  registry: Registry
  ledger: Ledger
  config: Config
  device: Device
  clock: Clock
}

export type EvaluateRequest = DataColumns & {
  task: string
  data: string
  version?: VersionReference
}

/** How often it is looked whether a task is due for training by the clock, and answers are booked. */
const tickMs = 60_000

/** Everything Capstan does, in one process over one data folder. */
export type Platform = {
  readonly config: Config
  /** Trains, registers and books a model for a task. */
  train(request: TrainTaskRequest): Promise<TrainTaskResult>
  /** What training on this would take, from a few timed steps; trains nothing and records no run. */
  estimate(request: TrainTaskRequest): Promise<EstimateTaskResult>
  /** Goes on with a training run whose process was killed. */
  resume(request?: ResumeRequest): Promise<TrainTaskResult>
  /** Measures a version (the live one unless told) on a labelled file. */
  evaluate(request: EvaluateRequest): Promise<{ model: ModelVersion; report: EvaluationReport; skipped: number }>
  /** One prediction with all scores per input, by the task's live version. */
  predict(
    task: string,
    inputs: readonly PredictionInput[],
    options?: { signal?: AbortSignal },
  ): Promise<{ model: ModelReference; predictions: Prediction[] }>
  /**
   * Answers and stores each request: by the own model where the task's gate lets it, else by its teacher. Resolves after the
   * commit. Throws LimitError `flywheel.teacher-unavailable` where neither may answer.
   */
  answer(task: string, inputs: readonly PredictionInput[], options?: AnswerOptions): Promise<Answered>
  /** What is learnt later about a prediction; a label becomes an example. Sent again it counts once. */
  giveFeedback(prediction: string, feedback: FeedbackRequest, caller?: string | null): Promise<Feedback>
  /** Trains a task on what its teacher, people and feedback have said, and promotes the version if it is not worse. */
  retrain(task: string, options?: RetrainOptions): Promise<RetrainResult>
  /** Where a task's gate is, and why. */
  gateStatus(task: string): Promise<GateStatus>
  /** What people label, and how good their labels are. */
  readonly labelling: Labelling
  /** Resolves once no audit and no automatic training is under way. */
  idle(): Promise<void>
  /** Writes a version as a folder in transformers.js layout, whole: an adapter is merged into its base. */
  export(request: ExportRequest): Promise<ModelVersion>
  /** Loads the live version of every task, so that the first request need not wait. */
  loadModels(): Promise<void>
  isReady(): boolean
  listTasks(): Promise<Task[]>
  listModels(filter?: { task?: string }): Promise<ModelVersion[]>
  listRuns(filter?: { task?: string }): Promise<Run[]>
  /**
   * Runs with their settings, series, cost and model, named by ids or unambiguous beginnings of ids. Throws NotFoundError
   * `registry.run-not-found` or InvalidInputError `registry.run-ambiguous`.
   */
  readRuns(references: readonly string[]): Promise<RunDetails[]>
  /** What each run cost, by its id. */
  listRunCosts(): Promise<Map<string, Money>>
  /** Makes a version live; it answers from then on. */
  promote(task: string, reference: VersionReference): Promise<ModelVersion>
  /** Makes the version live that was so before the present one. Throws ConflictError `registry.no-earlier-version`. */
  rollback(task: string): Promise<ModelVersion>
  /** Texts accepted and not yet answered, by task. */
  listQueues(): { task: string; queueRows: number }[]
  onBatch(listener: (batch: ServedBatch) => void): () => void
  ledger: Ledger
  /** What Capstan did, booked by itself. */
  readonly books: Books
  /** Answers what was accepted, then closes models and store. */
  close(): Promise<void>
}

/** Opens the project's data folder and wires all parts. Throws ConflictError `storage.folder-locked` while another process has it. */
export async function createPlatform({
  projectFolder = '.',
  configFile,
  device: wanted,
  clock = systemClock,
  owner,
  logger,
  random,
  sleep,
}: PlatformOptions = {}): Promise<Platform> {
  const { config, folder: configFolder, storageFolder } = await readConfig({ projectFolder, file: configFile })
  const device = wanted ?? config.device
  const store = await openStore({ folder: storageFolder, ...(owner ? { owner } : {}) })
  const registry = await openRegistry({ store, clock })
  const ledger = createLedger({ store, clock })
  const context: PlatformContext = { store, registry, ledger, config, device, clock }
  const findServed = async (task: string) => {
    const version = await registry.findModelVersion(task)
    return { task, model: toReference(version), ...(await locateModel(context, version)) }
  }
  const pool = new ModelPool({ findModel: findServed, device })
  /** Only where the task is asked: else its model is loaded at the first request. */
  const reload = async (task: string) => {
    if (pool.listLoaded().some((loaded) => loaded.task === task)) await pool.load(await findServed(task))
  }
  const flywheel = openFlywheel({ context, pool, configFolder, reload, logger, random, sleep })
  const books = openBooks(context, logger)
  const promote = async (task: string, id: string) => {
    const promoted = await registry.promoteVersion(id)
    flywheel.noteLive(task)
    await reload(task)
    return promoted
  }
  let isReady = false
  let timer: NodeJS.Timeout | undefined
  return {
    config,
    ledger,
    books,
    train: (request) => trainTask(context, { device, ...withTaskConfig(config, request) }),
    estimate: (request) => estimateTask(context, { device, ...withTaskConfig(config, request) }),
    resume: (request = {}) => resumeTask(context, request),
    evaluate: (request) => evaluateTask(context, withColumns(config, request)),
    predict: (task, inputs, options) => pool.predict(task, inputs, options),
    answer: (task, inputs, options) => flywheel.answer(task, inputs, options),
    giveFeedback: (prediction, feedback, caller) => flywheel.giveFeedback(prediction, feedback, caller),
    retrain: (task, options) => flywheel.retrain(task, options),
    gateStatus: (task) => readGateStatus(context, task),
    labelling: openLabelling(context, flywheel),
    idle: () => flywheel.idle(),
    export: (request) => exportModel(context, request),
    async loadModels() {
      await flywheel.openTeachers()
      for (const { task, stage } of await registry.listModelVersions()) {
        if (stage === 'live') await pool.load(await findServed(task))
      }
      isReady = true
      timer = setInterval(() => {
        flywheel.tick()
        books.tick()
      }, tickMs).unref()
    },
    isReady: () => isReady,
    async listTasks() {
      const loaded = pool.listLoaded().map(({ labels, queueRows: _, ...task }) => ({ ...task, labels: [...labels] }))
      const taught = Object.entries(config.tasks).filter(
        ([name, { teacher }]) => teacher !== undefined && !loaded.some(({ task }) => task === name),
      )
      const unlearnt = taught.map(([task, { kind = 'classify', labels = {}, pairColumn }]) => ({
        task,
        kind,
        pairs: pairColumn !== undefined,
        labels: Object.keys(labels),
        model: null,
      }))
      return [...loaded, ...unlearnt]
    },
    listModels: (filter) => registry.listModelVersions(filter),
    listRuns: (filter) => registry.listRuns(filter),
    readRuns: (references) => readRuns(context, references),
    listRunCosts: () => listRunCosts(context),
    promote: async (task, reference) => promote(task, (await registry.findModelVersion(task, reference)).id),
    rollback: async (task) => promote(task, await registry.findEarlierVersion(task)),
    listQueues: () => pool.listLoaded().map(({ task, queueRows }) => ({ task, queueRows })),
    onBatch: (listener) => pool.onBatch(listener),
    async close() {
      isReady = false
      clearInterval(timer)
      await flywheel.close()
      await books.idle()
      await pool.close()
      await store.close()
    },
  }
}

async function evaluateTask(context: PlatformContext, { task, version, data, ...options }: EvaluateRequest) {
  const model = await context.registry.findModelVersion(task, version)
  const place = await locateModel(context, model)
  const { answer } = await readModelHead(place.folder)
  const form = { kind: answer.kind, pairs: answer.kind === 'embed' ? undefined : (answer.pairs ?? false) }
  const { examples, problems } = await readExamples({ path: data, purpose: 'evaluate', ...form, ...options })
  const report = await evaluateModel(place, examples, context.device)
  return { model, report, skipped: problems.length }
}

function withTaskConfig(config: Config, request: TrainTaskRequest): TrainTaskRequest {
  return { ...withColumns(config, request), kind: request.kind ?? config.tasks[request.task]?.kind }
}

/** Columns that the request leaves open are those of `capstan.yaml`, where the task stands there. */
function withColumns<T extends DataColumns & { task: string }>({ tasks }: Config, request: T): T {
  const task = tasks[request.task]
  return {
    ...request,
    textColumn: request.textColumn ?? task?.textColumn,
    labelColumn: request.labelColumn ?? task?.labelColumn,
    pairColumn: request.pairColumn ?? task?.pairColumn,
    negativeColumn: request.negativeColumn ?? task?.negativeColumn,
    labelSeparator: request.labelSeparator ?? task?.labelSeparator,
  }
}

function toReference({ id, version }: ModelVersion): ModelReference {
  return { id, version }
}
