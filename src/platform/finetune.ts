import { resolve } from 'node:path'
import { type Clock, InvalidInputError } from '../base/index.ts'
import {
  type Device,
  type PredictionInput,
  type PredictionOf,
  predictionsOf,
  type TaskKind,
  type Usage,
} from '../contracts/index.ts'
import { type BaseModel, type DownloadProgress, referToBase, resolveBaseModel } from '../registry/index.ts'
import { openPredictor } from '../serving/index.ts'
import {
  type CheckpointOptions,
  type ReportOf,
  startTraining,
  type TrainEvent,
  type TrainingSettings,
  type TrainRequest,
  type TrainResult,
} from '../training/index.ts'
import { evaluateModel, reportOf } from './evaluate-model.ts'
import { followInTensorboard } from './follow-in-tensorboard.ts'
import { hubAccess } from './hub-access.ts'
import { measureUsage } from './measure-usage.ts'
import { type DataRequest, defaultSeed, type PreparedData, prepareData } from './prepare-data.ts'
import { type SelfTrainingEvent, selfTrain } from './self-training.ts'

export type FinetuneEvent =
  | { type: 'data-ready'; data: PreparedData }
  | { type: 'base-progress'; progress: DownloadProgress }
  | { type: 'base-ready'; base: BaseModel }
  | { type: 'evaluation-start'; count: number }
  /** The event files end here; training goes on. */
  | { type: 'tensorboard-failed'; folder: string; error: Error }
  | SelfTrainingEvent
  | TrainEvent

export type FinetuneOptions<Kind extends TaskKind = 'classify'> = Omit<DataRequest, 'kind'> & {
  /** What the model shall answer: classify where left out. */
  kind?: Kind | undefined
  /** A folder in transformers.js layout or a Hugging Face id; the bundled all-MiniLM-L6-v2 where left out. */
  base?: string | undefined
  /** Where the model's folder is written; default `capstan-model`. */
  output?: string
  /** Where downloaded base models are kept; default `.capstan`. */
  cacheFolder?: string
  settings?: Partial<TrainingSettings>
  /** Where the model is trained and answers; default `cpu`. */
  device?: Device
  /** Where TensorBoard shall find the run, in a sub-folder of its own. Loss, rates and validation are written as they come. */
  tensorboard?: string | undefined
  onEvent?: (event: FinetuneEvent) => void
  /** Ends the run early; the best model so far is kept. */
  signal?: AbortSignal
}

/** A trained model on disk, ready to answer. */
export type FinetunedModel<Kind extends TaskKind = 'classify'> = {
  folder: string
  kind: Kind
  labels: readonly string[]
  predict(inputs: readonly PredictionInput[]): Promise<PredictionOf<Kind>[]>
  close(): Promise<void>
}

export type FinetuneReport<Kind extends TaskKind = TaskKind> = {
  /** On the test examples, which training never saw. */
  test: ReportOf<Kind>
  data: PreparedData
  base: BaseModel
  training: TrainResult
  usage: Usage
}

/**
 * Trains a model on a file of labelled texts: a classifier, unless `kind` says otherwise.
 * @example
 * const { model, report } = await finetune({ data: 'tickets.csv', textColumn: 'text', labelColumn: 'label' })
 * console.log(report.test.accuracy, await model.predict(['my card has not arrived']))
 */
export async function finetune<Kind extends TaskKind = 'classify'>(
  options: FinetuneOptions<Kind>,
): Promise<{ model: FinetunedModel<Kind>; report: FinetuneReport<Kind> }> {
  const folder = resolve(options.output ?? 'capstan-model')
  const data = await prepareData({ ...options, seed: options.settings?.seed ?? defaultSeed })
  const kind = (options.kind ?? 'classify') as Kind
  if (data.kind !== kind) throw needsKind(options.data, data.kind)
  const report = await trainPrepared({ ...options, folder, data })
  const { device } = options
  const predictor = await openPredictor(folder, { baseFolder: report.base.folder, ...(device ? { device } : {}) })
  const { labels, close } = predictor
  const predict = async (inputs: readonly PredictionInput[]) => predictionsOf(await predictor.predict(inputs), kind)
  const test = reportOf(report.test, kind)
  return { model: { folder, kind, labels, predict, close }, report: { ...report, test } }
}

/** The type of the predictions is known before the file is read, so that nothing is guessed here. */
function needsKind(path: string, kind: TaskKind): InvalidInputError {
  return new InvalidInputError('data.unclear-kind', `${path} holds data of kind ${kind}`, {
    hint: `pass kind: '${kind}'`,
    details: { path, kind },
  })
}

/** What is left to do once the data is read and split. */
export type PreparedRun = Omit<FinetuneOptions<TaskKind>, 'output' | keyof DataRequest> & {
  folder: string
  data: PreparedData
  checkpoint?: CheckpointOptions
  /** What the run is called in TensorBoard, and the time of its events there. */
  run?: string
  clock?: Clock
}

/** Trains on prepared data; the model is in `folder` afterwards. */
export async function trainPrepared({ tensorboard, run, clock, ...prepared }: PreparedRun): Promise<FinetuneReport> {
  if (tensorboard === undefined) return trainAndTest(prepared)
  const { onEvent = () => {} } = prepared
  const onError = (error: Error) => onEvent({ type: 'tensorboard-failed', folder: tensorboard, error })
  const board = await followInTensorboard({ folder: tensorboard, run, clock, onError })
  const follow = (event: FinetuneEvent) => {
    onEvent(event)
    board.follow(event)
  }
  return trainAndTest({ ...prepared, onEvent: follow }).finally(board.close)
}

type PlainRun = Omit<PreparedRun, 'tensorboard' | 'run' | 'clock'>

async function trainAndTest(prepared: PlainRun): Promise<FinetuneReport> {
  const { folder, data, onEvent = () => {}, signal, device = 'cpu' } = prepared
  const usage = measureUsage({ device })
  const { base, request } = await openBase(prepared)
  const train = (asked: TrainRequest, onTrainEvent: (event: TrainEvent) => void) => {
    const job = startTraining(asked, onTrainEvent)
    if (signal?.aborted) job.stop()
    signal?.addEventListener('abort', job.stop)
    return job.result.finally(() => signal?.removeEventListener('abort', job.stop))
  }
  const { unlabelled } = data
  const training = await (unlabelled.length > 0
    ? selfTrain(request, unlabelled, { device, train, onEvent })
    : train(request, onEvent))
  onEvent({ type: 'evaluation-start', count: data.test.length })
  const test = await evaluateModel({ folder, baseFolder: base.folder }, data.test, device)
  return { test, data, base, training, usage: usage() }
}

/** Finds or downloads the base, and says what training it on the data asks for. */
export async function openBase({
  folder,
  data,
  onEvent = () => {},
  signal,
  settings,
  device = 'cpu',
  base: spec,
  cacheFolder = '.capstan',
  checkpoint,
}: PlainRun): Promise<{ base: BaseModel; request: TrainRequest }> {
  onEvent({ type: 'data-ready', data })
  const base = await resolveBaseModel(spec, {
    cacheFolder,
    ...hubAccess(),
    onProgress: (progress) => onEvent({ type: 'base-progress', progress }),
    ...(signal ? { signal } : {}),
  })
  onEvent({ type: 'base-ready', base })
  const { train, validation } = data
  const request = {
    baseFolder: base.folder,
    base: referToBase(base),
    outputFolder: folder,
    kind: data.kind,
    train,
    validation,
    testCount: data.test.length,
    session: { device },
    ...(settings ? { settings } : {}),
    ...(checkpoint ? { checkpoint } : {}),
  }
  return { base, request }
}
