/** A training run's parts, opened: base model with head, parameters, tokenized examples. */
import type { Choice, TaskKind } from '../contracts/index.ts'
import { type Example, openTokenizer, type Tokenizer } from '../data/index.ts'
import type { Model } from '../onnx/index.ts'
import type { SessionOptions } from '../runtime/index.ts'
import {
  type Adapter,
  type AdapterScale,
  adapterNames,
  createAdapters,
  insertAdapters,
  mergeAdapters,
} from './adapters.ts'
import { headBiasName, headWeightName } from './attach-head.ts'
import type { CheckpointOptions } from './checkpoint.ts'
import { chooseSettings, describeFacts } from './choose-settings.ts'
import { type Inference, openInference } from './inference.ts'
import { insertDropout } from './insert-dropout.ts'
import { addLabelExamples } from './label-examples.ts'
import { createMovingAverage, type MovingAverage } from './moving-average.ts'
import { type Encoder, openEncoder, withRowIndex } from './open-encoder.ts'
import { optimizers } from './optimizers.ts'
import { parameterPaths } from './parameter-paths.ts'
import { createParameters, type Parameter, weightNames } from './parameters.ts'
import { saveModelFolder } from './save-model.ts'
import type { Precision, TrainingSettings } from './settings.ts'
import type { StepShape } from './step-graph.ts'
import { openStepRunners, type StepRunners } from './step-runners.ts'
import { createTask } from './tasks/index.ts'
import type { Task, TaskExamples } from './tasks/task.ts'

export type TrainRequest = {
  baseFolder: string
  /** What the model shall answer; classify where left out. */
  kind?: TaskKind
  /** Where the best model is kept: written whole whenever the validation loss improves. */
  outputFolder: string
  train: readonly Example[]
  /** Chooses the epoch to keep. */
  validation: readonly Example[]
  settings?: Partial<TrainingSettings>
  /** Texts that the caller will have the model answer afterwards: they count in estimates. */
  testCount?: number
  /** Where the run's state is kept, so that it can go on after its process was killed; without it, nowhere. */
  checkpoint?: CheckpointOptions
  session?: SessionOptions
}

/** What a run holds from its start to its end. */
export type TrainingRun = {
  request: TrainRequest
  settings: TrainingSettings
  choices: readonly Choice[]
  task: Task
  tokenizer: Tokenizer
  encoder: Encoder
  /** With its head, without adapters. */
  model: Model
  adapters: readonly Adapter[]
  parameters: readonly Parameter[]
  average: MovingAverage | null
  inference: Inference
  train: TaskExamples
  validation: TaskExamples
}

/** Opens base model and tokenizer, attaches the head and tokenizes the examples. */
export async function openTrainingRun(request: TrainRequest): Promise<TrainingRun> {
  const { baseFolder, kind = 'classify', session } = request
  const encoder = await openEncoder(baseFolder)
  const { settings, choices } = chooseSettings(describeFacts(kind, request.train, encoder), request.settings)
  const train = kind === 'classify' ? addLabelExamples(request.train, settings.labelExamples) : request.train
  const tokenizer = await openTokenizer(baseFolder, { tokensMax: settings.tokensMax })
  const task = createTask(kind, train, settings)
  const model = task.attach(encoder)
  const paths = parameterPaths(encoder.model)
  const body = new Map([...weightNames(encoder.model)].map((name) => [name, paths.get(name) ?? name]))
  const { method, loraRank: rank, loraTargets: targets, seed } = settings
  const adapters = method === 'lora' ? createAdapters(model, body, { rank, targets, seed }) : []
  const adapted = insertAdapters(model, adapters, { ...adapterScale(settings), dropout: 0 })
  const parameters = createParameters(adapted, {
    settings,
    optimizer: optimizers[settings.optimizer],
    body,
    head: new Set([headWeightName, headBiasName]),
    adapters: new Set(adapters.flatMap(({ weight }) => Object.values(adapterNames(weight)))),
    sparse: encoder.sparseName,
  })
  const average = settings.ema > 0 ? createMovingAverage(parameters, settings.ema) : null
  const inference = await openInference({
    model: adapted,
    parameters: average?.parameters ?? parameters,
    padId: tokenizer.padId,
    tokensPerBatch: 2 * settings.tokensPerBatch,
    ...(session ? { session } : {}),
  })
  return {
    request,
    settings,
    choices,
    task,
    tokenizer,
    encoder,
    model,
    adapters,
    parameters,
    average,
    inference,
    train: task.read(train, tokenizer),
    validation: task.read(request.validation, tokenizer),
  }
}

/** A runner for each batch shape of the run. */
export async function openRunSteps(
  { request, settings, task, tokenizer, encoder, model, adapters, parameters }: TrainingRun,
  shapes: readonly StepShape[],
  precision: Precision = 'fp32',
): Promise<StepRunners> {
  const dropped = settings.dropout > 0 ? insertDropout(model, settings.dropout) : model
  const adapted = insertAdapters(dropped, adapters, { ...adapterScale(settings), dropout: settings.loraDropout })
  return openStepRunners(shapes, {
    model: encoder.sparseName === null ? adapted : withRowIndex(adapted, encoder.sparseName),
    parameters,
    task,
    padId: tokenizer.padId,
    dropout: settings.dropout,
    clipNorm: settings.clipNorm,
    optimizer: optimizers[settings.optimizer],
    precision,
    weightDecay: settings.weightDecay,
    accumulate: settings.accumulate,
    seed: settings.seed,
    ...(request.session ? { session: request.session } : {}),
  })
}

/** Writes the model as it is now: averaged where the run averages, adapters merged. */
export async function saveRun(run: TrainingRun, folder: string): Promise<void> {
  const { encoder, task, tokenizer } = run
  await saveModelFolder(folder, { encoder, model: trainedModel(run), task, tokensMax: tokenizer.tokensMax })
}

function trainedModel({ task, model, adapters, parameters, average, settings }: TrainingRun): Model {
  const values = new Map((average?.parameters ?? parameters).map(({ name, value }) => [name, value]))
  const initializers = new Map(
    [...model.graph.initializers].map(([name, tensor]) => [name, values.get(name) ?? tensor]),
  )
  const current = adapters.map(({ weight, a, b }) => {
    const names = adapterNames(weight)
    return { weight, a: values.get(names.a) ?? a, b: values.get(names.b) ?? b }
  })
  const merged = mergeAdapters({ ...model, graph: { ...model.graph, initializers } }, current, adapterScale(settings))
  return task.finish?.(merged) ?? merged
}

function adapterScale({ loraRank: rank, loraAlpha: alpha }: TrainingSettings): AdapterScale {
  return { rank, alpha }
}
