import { totalmem } from 'node:os'
import { type Access, createAccess, localActor } from '../access/index.ts'
import { type Clock, type Random, type Sleep, systemClock } from '../base/index.ts'
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
  TaskConfig,
} from '../contracts/index.ts'
import type { TeacherEvent } from '../flywheel/index.ts'
import type { JobRecord } from '../jobs/index.ts'
import { createComputeMeter, createLedger, type Ledger } from '../ledger/index.ts'
import type { AssessReport, PlanReport } from '../planning/index.ts'
import { openRegistry, type Registry, type VersionReference } from '../registry/index.ts'
import { type EnergyMeter, openEnergyMeter } from '../runtime/index.ts'
import {
  type ModelEvent,
  ModelPool,
  type PoolPredictOptions,
  type ServedBatch,
  type ServedCompute,
} from '../serving/index.ts'
import { openStore, type Store } from '../storage/index.ts'
import { type Books, openBooks } from './books.ts'
import { type CurveRequest, type CurveResult, measureCurve } from './curve/measure-curve.ts'
import { databaseUrlOf, templateFolderOf } from './database-environment.ts'
import { type EstimateTaskResult, estimateTask } from './estimate-task.ts'
import { type EvaluateRequest, type EvaluateResult, evaluateTask } from './evaluate-task.ts'
import { type ExportRequest, exportModel } from './export-model.ts'
import type { Answered, AnswerOptions } from './flywheel/answer-requests.ts'
import { readGateStatus } from './flywheel/gate-status.ts'
import { openFlywheel } from './flywheel/open-flywheel.ts'
import { type Labelling, openLabelling } from './flywheel/open-labelling.ts'
import type { RetrainOptions, RetrainResult } from './flywheel/retrain-task.ts'
import { followOthers } from './follow-others.ts'
import { type InitVentureRequest, initVenture } from './init-venture.ts'
import { locateModel } from './locate-model.ts'
import { assessPlan, type PlanVentureRequest, planVenture } from './plan-venture.ts'
import {
  type CurveJob,
  createPlatformJobs,
  type PlatformWorker,
  type PredictJob,
  type StartWorkerOptions,
} from './platform-jobs.ts'
import { type PredictFileRequest, type PredictFileResult, predictFile } from './predict-file.ts'
import type { DataColumns } from './prepare-data.ts'
import { promoteVersion } from './promote-version.ts'
import { readConfig } from './read-config.ts'
import { listRunCosts, readRuns } from './read-runs.ts'
import { openTaskSettings, type TaskSettings } from './task-settings.ts'
import { type ResumeRequest, resumeTask, type TrainTaskRequest, type TrainTaskResult, trainTask } from './train-task.ts'
import type { StoredRequest } from './training-folder.ts'

export type PlatformOptions = {
  /** Where `capstan.yaml` and the data folder are; default: the current directory. */
  projectFolder?: string
  /** A configuration other than the project folder's `capstan.yaml`. */
  configFile?: string | undefined
  /** Where models are trained and answer; default: what the configuration says. */
  device?: Device | undefined
  /** A PostgreSQL server; default: what the environment says with DATABASE_URL, else the embedded database. */
  databaseUrl?: string | undefined
  clock?: Clock
  /** Told to another process that wants the data folder. */
  owner?: { url?: string }
  /** Told of what went wrong in the background, such as the database being away, and is tried again. */
  onError?: (error: Error) => void
  /** Draws audits; default: a stream of this process. */
  random?: Random | undefined
  sleep?: Sleep | undefined
}

export type PlatformContext = {
  store: Store
  registry: Registry
  ledger: Ledger
  access: Access
  config: Config
  tasks: TaskSettings
  device: Device
  clock: Clock
  /** Null where the machine has none. */
  energy: EnergyMeter | null
  /** Takes note of what a model computed to answer, to be booked. */
  noteCompute(compute: ServedCompute): void
}

/** How often it is looked whether a task is due for training by the clock, and answers are booked. */
const tickMs = 60_000

/** Everything Capstan does, in one process over one data folder; several processes may share a database server. */
export type Platform = {
  readonly config: Config
  /** Trains, registers and books a model for a task. */
  train(request: TrainTaskRequest): Promise<TrainTaskResult>
  /** What training on this would take, from a few timed steps; trains nothing and records no run. */
  estimate(request: TrainTaskRequest): Promise<EstimateTaskResult>
  /** Leaves a training for a worker, and gives the id of its job. Data that cannot be used is refused at once. */
  enqueueTraining(request: StoredRequest): Promise<string>
  /** Leaves a file to a worker, and gives the id of its job. A request that cannot be carried out is refused at once. */
  enqueuePrediction(request: PredictJob): Promise<string>
  /** Leaves a learning curve to a worker, and gives the id of its job. A request that cannot be carried out is refused at once. */
  enqueueCurve(request: CurveJob): Promise<string>
  /** Does what is queued, until the worker is stopped or the platform closed. */
  startWorker(options?: StartWorkerOptions): Promise<PlatformWorker>
  /** Queued jobs and what became of them, the newest first. */
  listJobs(): Promise<JobRecord[]>
  /** Goes on with a training run whose process was killed. */
  resume(request?: ResumeRequest): Promise<TrainTaskResult>
  /** How a task's score grows with its labels: trains on nested parts of the data what was not trained before. */
  curve(request: CurveRequest): Promise<CurveResult>
  /** Measures a version (the live one unless told) on a labelled file, and books what that used. */
  evaluate(request: EvaluateRequest): Promise<EvaluateResult>
  /** One prediction with all scores per input, by the task's live version. */
  predict(
    task: string,
    inputs: readonly PredictionInput[],
    options?: PoolPredictOptions,
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
  /** What is known of a task; undefined where it has no settings. */
  taskSettings(task: string): TaskConfig | undefined
  /** Sets a task that does not stand in `capstan.yaml`. Throws `platform.task-in-file`, `teacher.bad-setup`. */
  putTask(task: string, settings: TaskConfig): Promise<void>
  /** Where a task's gate is, and why. */
  gateStatus(task: string): Promise<GateStatus>
  /** What people label, and how good their labels are. */
  readonly labelling: Labelling
  /** Resolves once no audit and no automatic training is under way. */
  idle(): Promise<void>
  /** Answers every row of a file, in constant memory; goes on after a kill. */
  predictFile(request: PredictFileRequest): Promise<PredictFileResult>
  /** Writes a version as a folder in transformers.js layout, whole: an adapter is merged into its base. */
  export(request: ExportRequest): Promise<ModelVersion>
  /** Loads the live version of every task, as far as there is memory, so that the first request need not wait. */
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
  /** A plan file computed with what books and registry have measured. Throws InvalidInputError `venture.invalid` with every line. */
  plan(request: PlanVentureRequest): Promise<PlanReport>
  /** Writes a first plan file, filled from the ledger, and returns its path. Throws ConflictError `venture.exists`. */
  initPlan(request: InitVentureRequest): Promise<string>
  /** Whether the venture of a plan file is worth choosing: market, price, feasibility, score. */
  assess(request: Pick<PlanVentureRequest, 'file' | 'draws' | 'seed'>): Promise<AssessReport>
  /** What each run cost, by its id. */
  listRunCosts(): Promise<Map<string, Money>>
  /** Makes a version live; it answers from then on. `actor`: who does it, for the audit log. */
  promote(task: string, reference: VersionReference, actor?: string): Promise<ModelVersion>
  /** Makes the version live that was so before the present one. Throws ConflictError `registry.no-earlier-version`. */
  rollback(task: string, actor?: string): Promise<ModelVersion>
  /** Texts accepted and not yet answered, by task. */
  listQueues(): { task: string; queueRows: number }[]
  onBatch(listener: (batch: ServedBatch) => void): () => void
  onModel(listener: (event: ModelEvent) => void): () => void
  /** What teachers were asked and how it went. */
  onTeacher(listener: (event: TeacherEvent) => void): () => void
  /** What loaded models take by their estimates, and may take. */
  readModelMemory(): { bytes: number; bytesMax: number }
  ledger: Ledger
  access: Access
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
  databaseUrl = databaseUrlOf(),
  clock = systemClock,
  owner,
  onError = () => {},
  random,
  sleep,
}: PlatformOptions = {}): Promise<Platform> {
  const { config, folder: configFolder, storageFolder } = await readConfig({ projectFolder, file: configFile })
  const device = wanted ?? config.device
  const templateFolder = templateFolderOf()
  const store = await openStore({
    folder: storageFolder,
    databaseUrl,
    ...(owner ? { owner } : {}),
    ...(templateFolder ? { templateFolder } : {}),
  })
  const registry = await openRegistry({ store, clock })
  const ledger = createLedger({ store, clock })
  const tasks = await openTaskSettings(store, config, clock)
  const access = createAccess({ store, mode: config.server.auth, clock })
  const energy = openEnergyMeter()
  const compute = createComputeMeter({ ledger, clock, rates: config.rates, onError })
  const noteCompute = ({ task, model, caller, ...seconds }: ServedCompute) => {
    const gpuSeconds = device === 'cpu' ? 0 : seconds.device
    compute.add({ task, model: model.id, caller, cpuSeconds: seconds.cpu, gpuSeconds })
  }
  const context: PlatformContext = {
    store,
    registry,
    ledger,
    access,
    config,
    tasks,
    device,
    clock,
    energy,
    noteCompute,
  }
  const findServed = async (task: string) => {
    const version = await registry.findModelVersion(task)
    return { task, model: toReference(version), ...(await locateModel(context, version)) }
  }
  const memoryBytesMax = config.serving.memoryMax ?? usableMemory() / 2
  const pool = new ModelPool({ findModel: findServed, device, memoryBytesMax, onCompute: noteCompute })
  const load = async (task: string) => pool.load(await findServed(task))
  /** Only where the task is asked: else its model is loaded at the first request. */
  const reload = async (task: string) => {
    if (pool.listTasks().some((known) => known.task === task)) await load(task)
  }
  const teacherListeners = new Set<(event: TeacherEvent) => void>()
  const flywheel = openFlywheel({
    context,
    onTeacher: (event) => {
      for (const listener of teacherListeners) listener(event)
    },
    pool,
    configFolder,
    reload,
    onError,
    random,
    sleep,
    // A worker shares the database, which only a server allows.
    schedule: (task, reason) =>
      store.kind === 'server' && tasks.of(task)?.retraining.inWorker === true
        ? jobs.enqueueRetraining({ task, reason })
        : flywheel.retrain(task, { reason }),
  })
  const books = openBooks(context, { compute, onError })
  const promote = async (task: string, reference: VersionReference, actor = localActor) => {
    const promoted = await promoteVersion(context, { task, reference, actor })
    flywheel.noteLive(task)
    await reload(task)
    return promoted
  }
  const jobs = createPlatformJobs(context, {
    retrain: ({ task, reason }) => flywheel.retrain(task, { reason }),
    onError,
  })
  const follow = { registry, pool, load, refreshTasks: flywheel.refresh, onError }
  const endFollowing = store.kind === 'server' ? followOthers(follow) : async () => {}
  let isReady = false
  let timer: NodeJS.Timeout | undefined
  return {
    config,
    ledger,
    access,
    books,
    train: (request) => trainTask(context, { device, ...withTaskConfig(tasks, request) }),
    estimate: (request) => estimateTask(context, { device, ...withTaskConfig(tasks, request) }),
    enqueueTraining: (request) => jobs.enqueueTraining(withTaskConfig(tasks, request)),
    enqueuePrediction: (request) => jobs.enqueuePrediction(withColumns(tasks, request)),
    enqueueCurve: (request) => jobs.enqueueCurve(withColumns(tasks, request)),
    startWorker: jobs.startWorker,
    listJobs: jobs.listJobs,
    resume: (request = {}) => resumeTask(context, request),
    curve: (request) => measureCurve(context, withColumns(tasks, request)),
    evaluate: (request) => evaluateTask(context, withColumns(tasks, request)),
    predict: (task, inputs, options) => pool.predict(task, inputs, options),
    answer: (task, inputs, options) => flywheel.answer(task, inputs, options),
    giveFeedback: (prediction, feedback, caller) => flywheel.giveFeedback(prediction, feedback, caller),
    retrain: (task, options) => flywheel.retrain(task, options),
    taskSettings: (task) => tasks.of(task),
    putTask: (task, settings) => flywheel.putTask(task, settings),
    gateStatus: (task) => readGateStatus(context, task),
    labelling: openLabelling(context, flywheel),
    idle: () => flywheel.idle(),
    predictFile: (request) => predictFile(context, withColumns(tasks, request)),
    export: (request) => exportModel(context, request),
    async loadModels() {
      await flywheel.openTeachers()
      for (const { task, stage } of await registry.listModelVersions()) {
        if (stage === 'live') await pool.loadIfRoom(await findServed(task))
      }
      pool.keepReady()
      isReady = true
      timer = setInterval(() => {
        flywheel.tick()
        books.tick()
      }, tickMs).unref()
    },
    isReady: () => isReady,
    async listTasks() {
      const known = pool.listTasks().map(({ labels, ...task }) => ({ ...task, labels: [...labels] }))
      const taught = Object.entries(tasks.all()).filter(
        ([name, { teacher }]) => teacher !== undefined && !known.some(({ task }) => task === name),
      )
      const unlearnt = taught.map(([task, { kind = 'classify', labels = {}, pairColumn }]) => ({
        task,
        kind,
        pairs: pairColumn !== undefined,
        labels: Object.keys(labels),
        model: null,
      }))
      return [...known, ...unlearnt]
    },
    listModels: (filter) => registry.listModelVersions(filter),
    listRuns: (filter) => registry.listRuns(filter),
    readRuns: (references) => readRuns(context, references),
    plan: (request) => planVenture(context, request),
    assess: (request) => assessPlan(context, request),
    initPlan: (request) => initVenture(context, request),
    listRunCosts: () => listRunCosts(context),
    promote,
    rollback: async (task, actor) => promote(task, await registry.findEarlierVersion(task), actor),
    listQueues: () => pool.listLoaded().map(({ task, queueRows }) => ({ task, queueRows })),
    onBatch: (listener) => pool.onBatch(listener),
    onModel: (listener) => pool.onModel(listener),
    onTeacher(listener) {
      teacherListeners.add(listener)
      return () => teacherListeners.delete(listener)
    },
    readModelMemory: () => ({ bytes: pool.memoryBytes, bytesMax: memoryBytesMax }),
    async close() {
      isReady = false
      clearInterval(timer)
      await endFollowing()
      await jobs.close()
      await flywheel.close()
      await pool.close()
      energy?.close()
      await books.close().finally(() => store.close())
    },
  }
}

function withTaskConfig(tasks: TaskSettings, request: TrainTaskRequest): TrainTaskRequest {
  return { ...withColumns(tasks, request), kind: request.kind ?? tasks.of(request.task)?.kind }
}

/** Columns that the request leaves open are those of `capstan.yaml`, where the task stands there. */
function withColumns<T extends DataColumns & { task: string }>(tasks: TaskSettings, request: T): T {
  const task = tasks.of(request.task)
  return {
    ...request,
    textColumn: request.textColumn ?? task?.textColumn,
    labelColumn: request.labelColumn ?? task?.labelColumn,
    pairColumn: request.pairColumn ?? task?.pairColumn,
    negativeColumn: request.negativeColumn ?? task?.negativeColumn,
    labelSeparator: request.labelSeparator ?? task?.labelSeparator,
  }
}

/** Of the machine, or of the container where that has a limit. */
function usableMemory(): number {
  // Without a limit Node says 0, or a number beyond any memory.
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
}

function toReference({ id, version }: ModelVersion): ModelReference {
  return { id, version }
}
