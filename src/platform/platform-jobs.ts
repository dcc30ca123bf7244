import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { CapstanError } from '../base/index.ts'
import { type Job, type JobRecord, type Jobs, type JobWorker, openJobs } from '../jobs/index.ts'
import type { PredictFileEvent } from './batch/answer-rows.ts'
import type { PlatformContext } from './create-platform.ts'
import {
  type CurveEvent,
  type CurveRequest,
  type CurveResult,
  measureCurve,
  readCurveData,
} from './curve/measure-curve.ts'
import type { FinetuneEvent } from './finetune.ts'
import type { RetrainReason, RetrainResult } from './flywheel/retrain-task.ts'
import { checkPrediction, type PredictFileRequest, type PredictFileResult, predictFile } from './predict-file.ts'
import { defaultSeed, prepareData } from './prepare-data.ts'
import { refuseBadName, resumeTask, type TrainTaskResult, trainTask } from './train-task.ts'
import { listTrainingFolders, openTrainingFolder, type StoredRequest } from './training-folder.ts'

/** What the queue of a store holds: of each kind of job, what it is told. */
export type JobKinds = { train: StoredRequest; retrain: RetrainJob; predict: PredictJob; curve: CurveJob }

/** A task to be trained on what it has learnt from its requests. */
export type RetrainJob = { task: string; reason: RetrainReason }

/** A file to be answered. */
export type PredictJob = Omit<PredictFileRequest, 'onEvent' | 'signal' | 'resume'>

/** A learning curve to be measured. */
export type CurveJob = Omit<CurveRequest, 'onEvent' | 'signal'>

export type WorkerEvent = { job: string; task: string } & (
  | { type: 'job-start'; what: string }
  | { type: 'train-progress'; event: FinetuneEvent }
  | { type: 'predict-progress'; event: PredictFileEvent }
  | { type: 'curve-progress'; event: CurveEvent }
  | { type: 'train-end'; result: TrainTaskResult }
  | { type: 'retrain-end'; result: RetrainResult }
  | { type: 'predict-end'; result: PredictFileResult }
  | { type: 'curve-end'; result: CurveResult }
  | { type: 'job-failed'; error: unknown }
)

export type StartWorkerOptions = {
  /** Jobs of one kind at once; default 1, as one uses all cores. */
  concurrency?: number
  onEvent?: (event: WorkerEvent) => void
}

/** A process's share in the work that is queued. */
export type PlatformWorker = Pick<JobWorker<object>, 'stop' | 'giveBack' | 'underway'>

export type PlatformJobs = {
  enqueueTraining(request: StoredRequest): Promise<string>
  enqueuePrediction(request: PredictJob): Promise<string>
  enqueueCurve(request: CurveJob): Promise<string>
  /** One of a task waits at a time. */
  enqueueRetraining(job: RetrainJob): Promise<void>
  startWorker(options?: StartWorkerOptions): Promise<PlatformWorker>
  listJobs(): Promise<JobRecord[]>
  close(): Promise<void>
}

/** The jobs of a platform; the queue is opened at its first use. */
export function createPlatformJobs(
  context: PlatformContext,
  { retrain, onError }: { retrain: (job: RetrainJob) => Promise<RetrainResult>; onError: (error: Error) => void },
): PlatformJobs {
  let opened: Promise<Jobs<JobKinds>> | null = null
  const open = (): Promise<Jobs<JobKinds>> => {
    opened ??= openJobs<JobKinds>(context.store, { onError })
    return opened
  }
  return {
    async enqueueTraining(request) {
      refuseBadName(request.task)
      // What is wrong with the data is said now, and not to the worker.
      await prepareData({ ...request, seed: request.settings?.seed ?? defaultSeed })
      const id = await (await open()).send('train', withWholePaths(request))
      // Without a key each job is one of its own.
      return id as string
    },
    async enqueuePrediction(request) {
      const whole = { ...request, input: resolve(request.input), output: resolve(request.output) }
      await checkPrediction(context, whole)
      return (await (await open()).send('predict', whole)) as string
    },
    async enqueueCurve(request) {
      const whole = withWholePaths(request)
      await readCurveData(context, whole)
      return (await (await open()).send('curve', whole)) as string
    },
    async enqueueRetraining(job) {
      await (await open()).send('retrain', job, { singletonKey: job.task })
    },
    async startWorker({ concurrency = 1, onEvent = () => {} } = {}) {
      const jobs = await open()
      const workers = [
        await jobs.work('train', (job) => carryOut(job, onEvent, trainJob(context, job, onEvent)), { concurrency }),
        await jobs.work('predict', (job) => carryOut(job, onEvent, predictJob(context, job, onEvent)), { concurrency }),
        await jobs.work('curve', (job) => carryOut(job, onEvent, curveJob(context, job, onEvent)), { concurrency }),
        await jobs.work('retrain', (job) => carryOut(job, onEvent, retrainJob(retrain, job, onEvent))),
      ]
      return {
        get underway() {
          return workers.flatMap(({ underway }) => underway)
        },
        async stop() {
          await Promise.all(workers.map((worker) => worker.stop()))
        },
        async giveBack() {
          await Promise.all(workers.map((worker) => worker.giveBack()))
        },
      }
    },
    listJobs: async () => (await open()).list(),
    close: async () => (await opened)?.close(),
  }
}

type OnEvent = (event: WorkerEvent) => void
type Work = { what: string; run(): Promise<object> }

/** Tells of a job's beginning and of its failure. */
async function carryOut({ id, data: { task } }: Job<{ task: string }>, onEvent: OnEvent, work: Work): Promise<object> {
  const about = { job: id, task }
  onEvent({ ...about, type: 'job-start', what: work.what })
  try {
    return await work.run()
  } catch (error) {
    onEvent({ ...about, type: 'job-failed', error })
    throw error
  }
}

function trainJob(context: PlatformContext, { id, data: request }: Job<StoredRequest>, onEvent: OnEvent): Work {
  const about = { job: id, task: request.task }
  return {
    what: `training ${request.task} on ${request.data}`,
    async run() {
      const follow = (event: FinetuneEvent) => onEvent({ ...about, type: 'train-progress', event })
      const result =
        (await resumeInterrupted(context, id, follow)) ??
        (await trainTask(context, { device: context.device, ...request, job: id, onEvent: follow }))
      onEvent({ ...about, type: 'train-end', result })
      return { run: result.run.id, model: result.model.id }
    },
  }
}

/** What a worker that died has written is kept, and gone on with. */
function predictJob(context: PlatformContext, { id, data: request }: Job<PredictJob>, onEvent: OnEvent): Work {
  const about = { job: id, task: request.task }
  return {
    what: `answering ${request.input} with ${request.task}`,
    async run() {
      const follow = (event: PredictFileEvent) => onEvent({ ...about, type: 'predict-progress', event })
      const result = await predictFile(context, { ...request, resume: true, onEvent: follow })
      onEvent({ ...about, type: 'predict-end', result })
      return { model: result.model.id, output: result.output, rows: result.rows }
    },
  }
}

/** Points that a worker measured before it died are kept, and not measured again. */
function curveJob(context: PlatformContext, { id, data: request }: Job<CurveJob>, onEvent: OnEvent): Work {
  const about = { job: id, task: request.task }
  return {
    what: `measuring the learning curve of ${request.task}`,
    async run() {
      const follow = (event: CurveEvent) => onEvent({ ...about, type: 'curve-progress', event })
      const result = await measureCurve(context, { ...request, onEvent: follow })
      onEvent({ ...about, type: 'curve-end', result })
      return { curves: result.curves.length }
    },
  }
}

function retrainJob(
  retrain: (job: RetrainJob) => Promise<RetrainResult>,
  { id, data }: Job<RetrainJob>,
  onEvent: OnEvent,
): Work {
  return {
    what: `training ${data.task} on what its requests have taught`,
    async run() {
      const result = await retrain(data)
      onEvent({ job: id, task: data.task, type: 'retrain-end', result })
      return { model: result.model.id, outcome: result.outcome }
    },
  }
}

/**
 * Goes on with the run that an earlier worker began for the job before it died. Null where there is none, its checkpoint
 * cannot be reached from here, or somebody else was faster: then the training begins anew.
 */
async function resumeInterrupted(
  context: PlatformContext,
  job: string,
  onEvent: (event: FinetuneEvent) => void,
): Promise<TrainTaskResult | null> {
  const { registry, store } = context
  await registry.failInterruptedRuns()
  for (const run of await listTrainingFolders(store.folder)) {
    try {
      const { request } = await openTrainingFolder(store.folder, run).read()
      if (request.job === job) return await resumeTask(context, { run, onEvent })
    } catch (error) {
      const code = error instanceof CapstanError ? error.code : ''
      if (code !== 'platform.cannot-resume' && code !== 'registry.run-not-interrupted') throw error
    }
  }
  return null
}

type Paths = {
  data?: string | undefined
  test?: string | undefined
  unlabelled?: string | undefined
  tensorboard?: string | undefined
  base?: string | undefined
  bases?: readonly string[] | undefined
}

/** Workers have other current folders. A base may also be a name. */
function withWholePaths<Request extends Paths>(request: Request): Request {
  const { data, test, unlabelled, tensorboard, base, bases } = request
  const wholeBase = (spec: string) => (existsSync(spec) ? resolve(spec) : spec)
  return {
    ...request,
    ...(data === undefined ? {} : { data: resolve(data) }),
    ...(test === undefined ? {} : { test: resolve(test) }),
    ...(unlabelled === undefined ? {} : { unlabelled: resolve(unlabelled) }),
    ...(tensorboard === undefined ? {} : { tensorboard: resolve(tensorboard) }),
    ...(base === undefined ? {} : { base: wholeBase(base) }),
    ...(bases === undefined ? {} : { bases: bases.map(wholeBase) }),
  }
}
