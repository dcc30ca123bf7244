/** Trains a text classifier on a base model: the loop, its checkpoints and its end. */
import { CapstanError, present } from '../base/index.ts'
import { type Batch, chooseBuckets, planBatches } from '../data/index.ts'
import { sizeOf } from '../onnx/index.ts'
import { type EvaluationReport, evaluateLogits } from './metrics.ts'
import { saveModelFolder } from './save-model.ts'
import { linearSchedule } from './schedule.ts'
import type { TrainingSettings } from './settings.ts'
import { startFromCentroids } from './start-from-centroids.ts'
import type { StepResult } from './step-runner.ts'
import type { StepRunners } from './step-runners.ts'
import { createTargets } from './targets.ts'
import { openRunSteps, openTrainingRun, type TrainingRun, type TrainRequest } from './training-run.ts'

/** Each bucket costs a session of about 130 MB at 512 tokens. */
const bucketsMax = 6

export type TrainEvent =
  | {
      type: 'train-start'
      settings: TrainingSettings
      labelCount: number
      parameterCount: number
      stepCount: number
      warmupSteps: number
    }
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

type Run = TrainingRun & { hooks: TrainHooks }

type Best = { epoch: number; validation: EvaluationReport }

/**
 * Fine-tunes every weight of a base model to name the label of a text, and leaves the best epoch's model in
 * `outputFolder`. Blocks its thread while a step runs: `startTraining` does it in a worker.
 * Throws CapstanError `training.non-finite` when loss or gradient stop being numbers; the last good model is kept.
 */
export async function trainClassifier(request: TrainRequest, hooks: TrainHooks = {}): Promise<TrainResult> {
  const run: Run = { ...(await openTrainingRun(request)), hooks }
  try {
    if (run.settings.head === 'cosine') await startFromCentroids(run)
    return await runEpochs(run)
  } finally {
    await run.inference.release()
  }
}

async function runEpochs(run: Run): Promise<TrainResult> {
  const { settings, labels, hooks } = run
  const plan = planEpochs(run)
  const runners = await openRunSteps(run, plan.batches(1))
  try {
    const targets = createTargets(run.train.classes, labels.length, settings)
    let best = await endEpoch(run, 0, 0, null)
    let step = 0
    for (let epoch = 1; epoch <= settings.epochs; epoch++) {
      for (const batch of plan.batches(epoch)) {
        if (hooks.shouldStop?.()) {
          best = await endEpoch(run, epoch, step, best)
          return toResult(run, best, step, 'stop')
        }
        await runStep(run, runners, {
          batch,
          targets: targets(batch.indices),
          epoch,
          step: ++step,
          schedule: plan.schedule,
        })
      }
      best = await endEpoch(run, epoch, step, best)
      if (epoch - best.epoch >= settings.patience && epoch < settings.epochs)
        return toResult(run, best, step, 'patience')
    }
    return toResult(run, best, step, 'epochs')
  } finally {
    await runners.release()
  }
}

function toResult(
  { settings, labels }: Run,
  { epoch, validation }: Best,
  stepCount: number,
  endedBy: TrainResult['endedBy'],
): TrainResult {
  return { settings, labels, bestEpoch: epoch, validation, stepCount, endedBy }
}

/** Which texts stand together in each step of each epoch, and what that makes of the schedule. */
function planEpochs({ settings, tokenizer, labels, parameters, train, hooks }: Run) {
  const lengths = train.ids.map((ids) => ids.length)
  const { tokensPerBatch, seed, warmupEpochs, epochs } = settings
  const bucketLengths = chooseBuckets(lengths, { tokensPerBatch, bucketsMax, lengthMax: tokenizer.tokensMax })
  const batches = (epoch: number) => planBatches(lengths, { tokensPerBatch, bucketLengths, shuffle: { seed, epoch } })
  const stepsPerEpoch = batches(1).length
  const schedule = { stepCount: stepsPerEpoch * epochs, warmupSteps: Math.round(warmupEpochs * stepsPerEpoch) }
  const parameterCount = parameters.reduce((sum, { value }) => sum + sizeOf(value.dims), 0)
  hooks.onEvent?.({ type: 'train-start', settings, labelCount: labels.length, parameterCount, ...schedule })
  return { batches, schedule }
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
  const { request, tokenizer, labels, encoder, model, inference, hooks } = run
  const validation = evaluateLogits(await inference.classify(run.validation.ids), run.validation.classes, labels)
  // Without validation examples the latest epoch is kept: with a learning rate that falls to zero it is rarely a bad one.
  const isBest = best === null || validation.count === 0 || validation.loss < best.validation.loss
  if (isBest) {
    await saveModelFolder(request.outputFolder, {
      encoder,
      model,
      labels,
      tokensMax: tokenizer.tokensMax,
    })
  }
  hooks.onEvent?.({ type: 'epoch-end', epoch, step, validation, isBest })
  return isBest ? { epoch, validation } : best
}
