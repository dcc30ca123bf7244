/** Trains a model for a task on a base model: the loop, its checkpoints and its end. */
import { CapstanError } from '../base/index.ts'
import type { TaskKind } from '../contracts/index.ts'
import { type Batch, chooseBuckets, planBatches } from '../data/index.ts'
import { type Best, type Checkpoints, openCheckpoints, type Progress } from './checkpoint.ts'
import { type ChosenPrecision, choosePrecision } from './choose-precision.ts'
import { trainedSize } from './parameters.ts'
import { saveModelFolder } from './save-model.ts'
import { type SchedulePlan, scheduleFactor } from './schedules.ts'
import type { TrainingSettings } from './settings.ts'
import type { StepShape } from './step-graph.ts'
import type { TrainingText } from './step-runner.ts'
import type { ShapedBatch, StepResult, StepRunners } from './step-runners.ts'
import type { Validation } from './tasks/task.ts'
import { trainedAdapter, trainedModel } from './trained-model.ts'
import { openRunSteps, openTrainingRun, type TrainingRun, type TrainRequest } from './training-run.ts'

/** Each bucket costs a session of about 130 MB at 512 tokens. */
const bucketsMax = 6

export type TrainEvent =
  | {
      type: 'train-start'
      settings: TrainingSettings
      kind: TaskKind
      /** Weights that learn. */
      parameterCount: number
      precision: ChosenPrecision
      /** Updates made before an interruption. */
      resumedAt: number
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
  /** The run can go on from here. */
  | { type: 'checkpoint'; step: number }
  | { type: 'epoch-end'; epoch: number; step: number; validation: Validation; isBest: boolean }

export type TrainHooks = {
  onEvent?: (event: TrainEvent) => void
  /** Asked between steps; true ends the run with the best model so far. */
  shouldStop?: () => boolean
}

export type TrainResult = {
  settings: TrainingSettings
  /** What the model's outputs are called. */
  labels: readonly string[]
  bestEpoch: number
  validation: Validation
  stepCount: number
  endedBy: 'epochs' | 'patience' | 'stop'
}

type Run = TrainingRun & { hooks: TrainHooks }

/**
 * Fine-tunes a base model to answer texts as the examples do, and leaves the best epoch's model in `outputFolder`. Blocks its thread while a step runs: `startTraining` does it in a worker.
 * Throws CapstanError `training.non-finite` when loss or gradient stop being numbers; the last good model is kept.
 */
export async function trainModel(request: TrainRequest, hooks: TrainHooks = {}): Promise<TrainResult> {
  const run: Run = { ...(await openTrainingRun(request)), hooks }
  const checkpoints = request.checkpoint ? openCheckpoints(run, request.checkpoint) : null
  try {
    const restored = (await checkpoints?.restore()) ?? null
    const result = await runEpochs(run, restored ?? (await startRun(run)), checkpoints)
    await checkpoints?.remove()
    return result
  } finally {
    await run.inference.release()
  }
}

/** The head's start, and the base model as the best so far. */
async function startRun(run: Run): Promise<Progress> {
  await run.task.start?.(run)
  run.average?.reset()
  return { epoch: 1, updates: 0, step: 0, precision: null, best: await endEpoch(run, 0, 0, null) }
}

async function runEpochs(run: Run, start: Progress, checkpoints: Checkpoints | null): Promise<TrainResult> {
  const { settings, task, hooks, average } = run
  const plan = planEpochs(run)
  const shaped = (batches: readonly Batch[]) => batches.map((batch) => shapeBatch(run, batch))
  const chosen = start.precision ?? (await choosePrecision(run, shaped(plan.updates(1)[0] ?? [])))
  const runners = await openRunSteps(
    run,
    plan
      .updates(1)
      .flat()
      .map((batch) => shapeOf(run, batch)),
    chosen.precision,
  )
  announce(run, start, plan.schedule, chosen)
  let { step, best } = start
  const end = (endedBy: TrainResult['endedBy']): TrainResult => {
    const used = { ...settings, precision: chosen.precision }
    return {
      settings: used,
      labels: task.names,
      bestEpoch: best.epoch,
      validation: best.validation,
      stepCount: step,
      endedBy,
    }
  }
  const keep = async (progress: Omit<Progress, 'precision'>, when: 'due' | 'now') => {
    if (await checkpoints?.save({ ...progress, precision: chosen }, when)) hooks.onEvent?.({ type: 'checkpoint', step })
  }
  try {
    for (let epoch = start.epoch; epoch <= settings.epochs; epoch++) {
      let updates = epoch === start.epoch ? start.updates : 0
      for (const batches of plan.updates(epoch).slice(updates)) {
        if (hooks.shouldStop?.()) {
          best = await endEpoch(run, epoch, step, best)
          return end('stop')
        }
        const place = { epoch, step: ++step, schedule: plan.schedule }
        await runStep(run, runners, { batches, shaped: shaped(batches), ...place })
        average?.follow(step)
        updates++
        await keep({ epoch, updates, step, best }, 'due')
      }
      best = await endEpoch(run, epoch, step, best)
      if (epoch - best.epoch >= settings.patience && epoch < settings.epochs) return end('patience')
      await keep({ epoch: epoch + 1, updates: 0, step, best }, 'now')
    }
    return end('epochs')
  } finally {
    await runners.release()
  }
}

/** Which texts stand together in each step of each epoch, and what that makes of the schedule. */
function planEpochs({ settings, task, tokenizer, train }: Run) {
  const lengths = train.texts.map((texts) => Math.max(...texts.map(({ ids }) => ids.length)))
  const tokensPerBatch = Math.max(1, Math.round(settings.tokensPerBatch / task.textsPerExample))
  const { seed, warmupEpochs, epochs, accumulate } = settings
  const bucketLengths = chooseBuckets(lengths, { tokensPerBatch, bucketsMax, lengthMax: tokenizer.tokensMax })
  const batches = (epoch: number) => planBatches(lengths, { tokensPerBatch, bucketLengths, shuffle: { seed, epoch } })
  const updates = (epoch: number) => chunk(batches(epoch), accumulate)
  const stepsPerEpoch = updates(1).length
  const schedule = { stepCount: stepsPerEpoch * epochs, warmupSteps: Math.round(warmupEpochs * stepsPerEpoch) }
  return { updates, schedule }
}

function announce(
  { settings, task, parameters, hooks }: Run,
  { step }: Progress,
  schedule: SchedulePlan,
  precision: ChosenPrecision,
): void {
  hooks.onEvent?.({
    type: 'train-start',
    settings,
    kind: task.answer.kind,
    parameterCount: trainedSize(parameters),
    precision,
    resumedAt: step,
    ...schedule,
  })
}

/** The shape of the texts of a batch of examples. */
function shapeOf({ task }: Run, { rows, length }: Batch): StepShape {
  return { rows: rows * task.textsPerExample, length }
}

function shapeBatch(run: Run, batch: Batch): ShapedBatch {
  const { indices, rows } = batch
  const texts: (TrainingText | undefined)[] = []
  indices.forEach((index, row) => {
    run.train.texts[index]?.forEach((text, j) => {
      texts[j * rows + row] = text
    })
  })
  const shape = shapeOf(run, batch)
  return { shape, texts, targets: run.train.targets(indices, shape), exampleCount: indices.length }
}

type StepPlan = {
  batches: readonly Batch[]
  shaped: readonly ShapedBatch[]
  epoch: number
  /** Counted from 1. */
  step: number
  schedule: SchedulePlan
}

async function runStep(
  { settings, train, hooks }: Run,
  runners: StepRunners,
  { batches, shaped, epoch, step, schedule }: StepPlan,
): Promise<void> {
  const started = performance.now()
  const factor = scheduleFactor(settings.schedule, step - 1, schedule)
  const learningRate = settings.learningRate * factor
  const result = await runners.update(shaped, { factor, step })
  if (!Number.isFinite(result.loss) || !Number.isFinite(result.gradientNorm)) {
    const lines = batches.flatMap(({ indices }) => indices.map((i) => train.lines[i]))
    throw new CapstanError(
      'training.non-finite',
      `Step ${step} (epoch ${epoch}, learning rate ${learningRate.toPrecision(3)}): loss ${result.loss}, gradient norm ${result.gradientNorm}. The batch was lines ${lines.join(', ')}`,
      {
        hint: 'The last good model is kept. Lower the learning rate, or look at these lines.',
        details: { step, epoch, learningRate, lines, ...result },
      },
    )
  }
  const tokens = shaped.reduce(
    (sum, { texts }) => sum + texts.reduce((count, text) => count + (text?.ids.length ?? 0), 0),
    0,
  )
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
  const { request, task, tokenizer, encoder, inference, hooks } = run
  const validation = await run.validation.evaluate(inference)
  // Without validation examples the latest epoch is kept: with a learning rate that falls to zero it is rarely a bad one.
  const isBest = best === null || validation.report.count === 0 || validation.loss < best.validation.loss
  if (isBest)
    await saveModelFolder(request.outputFolder, {
      encoder,
      learnt: run.settings.adapter === 'separate' ? trainedAdapter(run) : trainedModel(run),
      task,
      tokensMax: tokenizer.tokensMax,
    })
  hooks.onEvent?.({ type: 'epoch-end', epoch, step, validation, isBest })
  return isBest ? { epoch, validation } : best
}

function chunk<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}
