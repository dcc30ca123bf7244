/** Trains a model for a task on a base model: the loop, its checkpoints and its end. */
import { CapstanError } from '../base/index.ts'
import type { Batch } from '../data/index.ts'
import { type Best, type Checkpoints, openCheckpoints, type Progress } from './checkpoint.ts'
import { choosePrecision } from './choose-precision.ts'
import { followRun, type RunFollower } from './follow-run.ts'
import { measureWork, type Work } from './measure-work.ts'
import { planEpochs, shapeBatch } from './plan-epochs.ts'
import { saveRun } from './save-run.ts'
import { type SchedulePlan, scheduleFactor } from './schedules.ts'
import type { TrainingSettings } from './settings.ts'
import type { ShapedBatch, StepRunners } from './step-runners.ts'
import type { Validation } from './tasks/task.ts'
import { type TrainHooks, trainStart } from './train-event.ts'
import { openRunSteps, openTrainingRun, type TrainingRun, type TrainRequest } from './training-run.ts'

export type TrainResult = {
  settings: TrainingSettings
  /** What the model's outputs are called. */
  labels: readonly string[]
  bestEpoch: number
  validation: Validation
  stepCount: number
  endedBy: 'epochs' | 'patience' | 'stop'
}

type Run = TrainingRun & { hooks: TrainHooks; follower: RunFollower }

/**
 * Fine-tunes a base model to answer texts as the examples do, and leaves the best epoch's model in `outputFolder`. Blocks its thread while a step runs: `startTraining` does it in a worker.
 * Throws CapstanError `training.non-finite` when loss or gradient stop being numbers; the last good model is kept.
 */
export async function trainModel(request: TrainRequest, hooks: TrainHooks = {}): Promise<TrainResult> {
  const opened = await openTrainingRun(request)
  const follower = followRun(opened)
  const run: Run = { ...opened, inference: follower.inference, hooks, follower }
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
  const { settings, task, hooks, average, follower } = run
  const plan = planEpochs(run)
  const shaped = (batches: readonly Batch[]) => batches.map((batch) => shapeBatch(run, batch))
  const chosen = start.precision ?? (await choosePrecision(run, shaped(plan.updates(1)[0] ?? [])))
  const runners = await openRunSteps(run, plan.shapes, chosen.precision)
  hooks.onEvent?.(trainStart(run, { schedule: plan.schedule, precision: chosen, resumedAt: start.step }))
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
      const all = plan.updates(epoch)
      for (const batches of all.slice(updates)) {
        if (hooks.shouldStop?.()) {
          best = await endEpoch(run, epoch, step, best)
          return end('stop')
        }
        const update = { batches, shaped: shaped(batches), epoch, step: ++step, schedule: plan.schedule }
        const work = await runStep(run, runners, update)
        average?.follow(step)
        updates++
        const place = { epoch, updates, hasStarted: true }
        const at = { plan, place, isLast: updates === all.length }
        const estimate = follower.step({ batches: update.shaped, work }, at)
        if (estimate) hooks.onEvent?.({ type: 'estimate-ready', estimate })
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
): Promise<Work> {
  const factor = scheduleFactor(settings.schedule, step - 1, schedule)
  const learningRate = settings.learningRate * factor
  const { value: result, work } = await measureWork(() => runners.update(shaped, { factor, step }))
  if (!Number.isFinite(result.loss) || !Number.isFinite(result.gradientNorm)) {
    const lines = batches.flatMap(({ indices }) => indices.map((i) => train.lines[i] ?? 0)).filter((line) => line > 0)
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
  hooks.onEvent?.({
    type: 'step-end',
    step,
    stepCount: schedule.stepCount,
    epoch,
    learningRate,
    tokens,
    seconds: work.seconds,
    ...result,
  })
  return work
}

/** Measures the validation examples and keeps the model where it is the best so far. */
async function endEpoch(run: Run, epoch: number, step: number, best: Best | null): Promise<Best> {
  const { request, inference, hooks, follower } = run
  const validation = await run.validation.evaluate(inference)
  // Without validation examples the latest epoch is kept: with a learning rate that falls to zero it is rarely a bad one.
  const isBest = best === null || validation.report.count === 0 || validation.loss < best.validation.loss
  if (isBest) await follower.write(() => saveRun(run, request.outputFolder))
  hooks.onEvent?.({ type: 'epoch-end', epoch, step, validation, isBest })
  return isBest ? { epoch, validation } : best
}
