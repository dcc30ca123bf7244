/** A training run's parts, opened: base model with head, parameters, tokenized examples. */
import { InvalidInputError, UnsupportedError } from '../base/index.ts'
import type { BaseReference, Choice, TaskKind } from '../contracts/index.ts'
import { type Example, openTokenizer, type Tokenizer } from '../data/index.ts'
import {
  type Adapter,
  type AdapterScale,
  adapterNames,
  attachHead,
  type Encoder,
  headBiasName,
  headWeightName,
  insertAdapters,
  openEncoder,
  withRowIndex,
} from '../encoders/index.ts'
import type { Model } from '../onnx/index.ts'
import type { SessionOptions } from '../runtime/index.ts'
import type { CheckpointOptions } from './checkpoint.ts'
import { chooseSettings, describeFacts } from './choose-settings.ts'
import { createAdapters } from './create-adapters.ts'
import { type Inference, openInference } from './inference.ts'
import { dropoutNode, insertDropout } from './insert-dropout.ts'
import { addLabelExamples } from './label-examples.ts'
import { createMovingAverage, type MovingAverage } from './moving-average.ts'
import { optimizers } from './optimizers.ts'
import { parameterPaths } from './parameter-paths.ts'
import { createParameters, type Parameter, weightNames } from './parameters.ts'
import type { Precision, TrainingSettings } from './settings.ts'
import type { StepShape } from './step-graph.ts'
import { openStepRunners, type StepRunners } from './step-runners.ts'
import { createTask } from './tasks/index.ts'
import type { Task, TaskExamples } from './tasks/task.ts'

export type TrainRequest = {
  baseFolder: string
  /** How the base is found again: for a separate adapter, which is saved without it. */
  base?: BaseReference
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
  if (settings.adapter === 'separate') refuseWholeModel(settings)
  const tokenizer = await openTokenizer(baseFolder, { tokensMax: settings.tokensMax })
  const task = createTask(kind, train, settings)
  const model = attachHead(encoder, { ...settings, ...task.head })
  const paths = parameterPaths(encoder.model)
  const body = new Map([...weightNames(encoder.model)].map((name) => [name, paths.get(name) ?? name]))
  const { method, loraRank: rank, loraTargets: targets, seed } = settings
  const adapters = method === 'lora' ? createAdapters(model, body, { rank, targets, seed }) : []
  const adapted = insertAdapters(model, adapters, adapterScale(settings))
  const parameters = createParameters(adapted, {
    settings,
    optimizer: optimizers[settings.optimizer],
    body,
    head: new Set([headWeightName, headBiasName]),
    adapters: new Map(
      adapters.flatMap(({ weight }) => Object.values(adapterNames(weight)).map((name) => [name, weight])),
    ),
    sparse: encoder.sparseName,
  })
  if (settings.recompute === 'layers') refuseFlatModel(parameters, baseFolder)
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
  const { loraDropout: rate } = settings
  const dropped = settings.dropout > 0 ? insertDropout(model, settings.dropout) : model
  const adapted = insertAdapters(dropped, adapters, {
    ...adapterScale(settings),
    drop: rate > 0 ? (value, name) => dropoutNode(value, rate, name) : undefined,
  })
  return openStepRunners(shapes, {
    model: encoder.sparseName === null ? adapted : withRowIndex(adapted, encoder.sparseName),
    parameters,
    task,
    padId: tokenizer.padId,
    dropout: settings.dropout,
    clipNorm: settings.clipNorm,
    optimizer: optimizers[settings.optimizer],
    precision,
    recompute: settings.recompute,
    weightDecay: settings.weightDecay,
    accumulate: settings.accumulate,
    seed: settings.seed,
    ...(request.session ? { session: request.session } : {}),
  })
}

/** Throws `training.no-adapter`: what changes weights of the base in place cannot be saved beside it. */
function refuseWholeModel({ method }: TrainingSettings): void {
  if (method === 'lora' || method === 'head') return
  throw new InvalidInputError(
    'training.no-adapter',
    `Method ${method} changes the base itself, which leaves no separate adapter`,
    {
      hint: 'Add --method lora (or head), or leave --adapter at merged.',
    },
  )
}

/** Throws `training.no-layers`: without a stack of layers, to compute them again would silently save nothing. */
function refuseFlatModel(parameters: readonly Parameter[], baseFolder: string): void {
  const layers = new Set(parameters.map(({ layer }) => layer).filter((layer) => layer > 0))
  if (layers.size > 1) return
  throw new UnsupportedError(
    'training.no-layers',
    `The weights of ${baseFolder} are in ${layers.size} layers by their names`,
    {
      hint: 'To save memory on this base, lower tokensPerBatch and raise accumulate; or leave recompute at none.',
      details: { paths: parameters.slice(0, 12).map(({ name }) => name) },
    },
  )
}

/** How much an adapter counts. */
export function adapterScale({ loraRank: rank, loraAlpha: alpha }: TrainingSettings): AdapterScale {
  return { rank, alpha }
}
