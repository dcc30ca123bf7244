/** Trains a text classifier on a base model: the loop, its checkpoints and its end. */
import { CapstanError, InvalidInputError, present } from '../base/index.ts'
import { type Batch, chooseBuckets, type Example, openTokenizer, planBatches, type Tokenizer } from '../data/index.ts'
import { type Model, sizeOf } from '../onnx/index.ts'
import type { SessionOptions } from '../runtime/index.ts'
import { attachHead, headBiasName, headWeightName } from './attach-head.ts'
import { type Inference, openInference } from './inference.ts'
import { insertDropout } from './insert-dropout.ts'
import { type EvaluationReport, evaluateLogits } from './metrics.ts'
import { type Encoder, openEncoder, withRowIndex } from './open-encoder.ts'
import { adamWDefaults } from './optimizer.ts'
import { createParameters, type Parameter, weightNames, withParameters } from './parameters.ts'
import { saveModelFolder } from './save-model.ts'
import { linearSchedule } from './schedule.ts'
import { cosineScale, defaultSettings, type TrainingSettings } from './settings.ts'
import { startFromCentroids } from './start-from-centroids.ts'
import type { StepResult } from './step-runner.ts'
import { openStepRunners, type StepRunners } from './step-runners.ts'
import { createTargets } from './targets.ts'

export type TrainRequest = {
  baseFolder: string
  /** Where the best model is kept: written whole whenever the validation loss improves. */
  outputFolder: string
  train: readonly Example[]
  /** Chooses the epoch to keep. */
  validation: readonly Example[]
  settings?: Partial<TrainingSettings>
  session?: SessionOptions
}

export type TrainEvent =
  | { type: 'train-start'; settings: TrainingSettings; labelCount: number; parameterCount: number; stepCount: number }
  | ({
      type: 'step-end'
      step: number
      stepCount: number
      epoch: number
      learningRate: number
      tokens: number
      seconds: number
    } & StepResult)
  | { type: 'epoch-end'; epoch: number; step: number; validation: EvaluationReport; isBest: boolean }

export type TrainHooks = {
  onEvent?: (event: TrainEvent) => void
  /** Asked between steps; true ends the run with the best model so far. */
  shouldStop?: () => boolean
}

export type TrainResult = {
  settings: TrainingSettings
  labels: string[]
  bestEpoch: number
  validation: EvaluationReport
  stepCount: number
  endedBy: 'epochs' | 'patience' | 'stop'
}

type Dataset = { ids: Int32Array[]; classes: number[]; lines: number[] }

/** What a run holds from its start to its end. */
type Run = {
  request: TrainRequest
  hooks: TrainHooks
  settings: TrainingSettings
  labels: string[]
  tokenizer: Tokenizer
  encoder: Encoder
  model: Model
  parameters: Parameter[]
  inference: Inference
  train: Dataset
  validation: Dataset
}

type Best = { epoch: number; validation: EvaluationReport }

/**
 * Fine-tunes every weight of a base model to name the label of a text, and leaves the best epoch's model in
 * `outputFolder`. Blocks its thread while a step runs: `startTraining` does it in a worker.
 * Throws CapstanError `training.non-finite` when loss or gradient stop being numbers; the last good model is kept.
 */
export async function trainClassifier(request: TrainRequest, hooks: TrainHooks = {}): Promise<TrainResult> {
  const run = await prepareRun(request, hooks)
  try {
    if (run.settings.head === 'cosine') await startFromCentroids(run)
    return await runEpochs(run)
  } finally {
    await run.inference.release()
  }
}

async function prepareRun(request: TrainRequest, hooks: TrainHooks): Promise<Run> {
  const { baseFolder, train, session } = request
  const encoder = await openEncoder(baseFolder)
  const defaults = defaultSettings({ exampleCount: train.length, sentencePooling: encoder.sentencePooling })
  const settings = { ...defaults, ...request.settings }
  const labels = [...new Set(train.map(({ label }) => label))].sort()
  const tokenizer = await openTokenizer(baseFolder, { tokensMax: settings.tokensMax })
  const model = attachHead(encoder.model, encoder.hiddenName, {
    pooling: settings.pooling,
    kind: settings.head,
    labelCount: labels.length,
    hiddenSize: encoder.hiddenSize,
    scale: cosineScale,
    seed: settings.seed,
  })
  const head = new Set([headWeightName, headBiasName])
  const parameters = createParameters(model, { body: weightNames(encoder.model), head, sparse: encoder.sparseName })
  const inference = await openInference({
    model,
    parameters,
    padId: tokenizer.padId,
    tokensPerBatch: 2 * settings.tokensPerBatch,
    ...(session ? { session } : {}),
  })
  const toDataset = (examples: readonly Example[]): Dataset => ({
    ids: examples.map(({ text }) => tokenizer.encode(text).ids),
    classes: examples.map(({ label, line }) => classOf(label, line, labels)),
    lines: examples.map(({ line }) => line),
  })
  return {
    request,
    hooks,
    settings,
    labels,
    tokenizer,
    encoder,
    model,
    parameters,
    inference,
    train: toDataset(train),
    validation: toDataset(request.validation),
  }
}

async function runEpochs(run: Run): Promise<TrainResult> {
  const { settings, labels, parameters, hooks, train } = run
  const lengths = train.ids.map((ids) => ids.length)
  const { tokensPerBatch, seed } = settings
  const bucketLengths = chooseBuckets(lengths, { tokensPerBatch })
  const plan = (epoch: number) => planBatches(lengths, { tokensPerBatch, bucketLengths, shuffle: { seed, epoch } })
  const stepsPerEpoch = plan(1).length
  const schedule = {
    stepCount: stepsPerEpoch * settings.epochs,
    warmupSteps: Math.round(settings.warmupEpochs * stepsPerEpoch),
  }
  const parameterCount = parameters.reduce((sum, { value }) => sum + sizeOf(value.dims), 0)
  hooks.onEvent?.({
    type: 'train-start',
    settings,
    labelCount: labels.length,
    parameterCount,
    stepCount: schedule.stepCount,
  })

  const runners = await openStepRunners(plan(1), stepOptions(run))
  const targets = createTargets(train.classes, labels.length, settings)
  let best = await endEpoch(run, 0, 0, null)
  let step = 0
  let endedBy: TrainResult['endedBy'] = 'epochs'
  training: for (let epoch = 1; epoch <= settings.epochs; epoch++) {
    for (const batch of plan(epoch)) {
      if (hooks.shouldStop?.()) {
        endedBy = 'stop'
        break training
      }
      await runStep(run, runners, { batch, targets: targets(batch.indices), epoch, step: ++step, schedule })
    }
    best = await endEpoch(run, epoch, step, best)
    if (epoch - best.epoch >= settings.patience && epoch < settings.epochs) {
      endedBy = 'patience'
      break
    }
  }
  await runners.release()
  return { settings, labels, bestEpoch: best.epoch, validation: best.validation, stepCount: step, endedBy }
}

function stepOptions({ request, settings, labels, tokenizer, encoder, model, parameters }: Run) {
  const dropped = settings.dropout > 0 ? insertDropout(model) : model
  return {
    model: encoder.sparseName === null ? dropped : withRowIndex(dropped, encoder.sparseName),
    parameters,
    labelCount: labels.length,
    padId: tokenizer.padId,
    dropout: settings.dropout,
    clipNorm: settings.clipNorm,
    optimizer: { ...adamWDefaults, weightDecay: settings.weightDecay },
    seed: settings.seed,
    ...(request.session ? { session: request.session } : {}),
  }
}

type StepPlan = {
  batch: Batch
  targets: (row: number) => Float32Array
  epoch: number
  /** Counted from 1. */
  step: number
  schedule: { stepCount: number; warmupSteps: number }
}

async function runStep(
  { settings, train, hooks }: Run,
  runners: StepRunners,
  { batch, targets, epoch, step, schedule }: StepPlan,
): Promise<void> {
  const started = performance.now()
  const factor = linearSchedule(step - 1, schedule)
  const learningRate = settings.learningRate * factor
  const ids = batch.indices.map((i) => present(train.ids[i], 'text'))
  const rates = { learningRate, headLearningRate: settings.headLearningRate * factor, step }
  const result = await runners.get(batch).run({ ids, targets }, rates)
  if (!Number.isFinite(result.loss) || !Number.isFinite(result.gradientNorm)) {
    const lines = batch.indices.map((i) => train.lines[i])
    throw new CapstanError(
      'training.non-finite',
      `Step ${step} (epoch ${epoch}, learning rate ${learningRate.toPrecision(3)}): loss ${result.loss}, gradient norm ${result.gradientNorm}. The batch was lines ${lines.join(', ')}`,
      {
        hint: 'The last good model is kept. Lower the learning rate, or look at these lines.',
        details: { step, epoch, learningRate, lines, ...result },
      },
    )
  }
  const tokens = ids.reduce((sum, text) => sum + text.length, 0)
  const seconds = (performance.now() - started) / 1000
  hooks.onEvent?.({
    type: 'step-end',
    step,
    stepCount: schedule.stepCount,
    epoch,
    learningRate,
    tokens,
    seconds,
    ...result,
  })
}

/** Measures the validation examples and keeps the model where it is the best so far. */
async function endEpoch(run: Run, epoch: number, step: number, best: Best | null): Promise<Best> {
  const { request, settings, labels, encoder, model, parameters, inference, hooks } = run
  const validation = evaluateLogits(await inference.classify(run.validation.ids), run.validation.classes, labels)
  const isBest = best === null || validation.loss < best.validation.loss
  if (isBest) {
    await saveModelFolder(request.outputFolder, {
      encoder,
      model: withParameters(model, parameters),
      labels,
      tokensMax: settings.tokensMax,
    })
  }
  hooks.onEvent?.({ type: 'epoch-end', epoch, step, validation, isBest })
  return isBest ? { epoch, validation } : best
}

function classOf(label: string, line: number, labels: readonly string[]): number {
  const index = labels.indexOf(label)
  if (index >= 0) return index
  throw new InvalidInputError(
    'training.unknown-label',
    `Line ${line} has the label ${label}, which no training example has`,
    {
      hint: `The model knows: ${labels.slice(0, 20).join(', ')}${labels.length > 20 ? ', …' : ''}`,
    },
  )
}
