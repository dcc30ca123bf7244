import { rm } from 'node:fs/promises'
import { present } from '../base/index.ts'
import type { Batch } from '../data/index.ts'
import { choosePrecision } from './choose-precision.ts'
import {
  estimateLeft,
  modelBytes,
  paddedSize,
  type TrainingEstimate,
  tokensOf,
  type WorkSamples,
} from './estimate-left.ts'
import type { WorkSample } from './extrapolate-work.ts'
import { measureWork, type Work } from './measure-work.ts'
import { planEpochs, shapeBatch } from './plan-epochs.ts'
import { saveRun } from './save-run.ts'
import type { TrainingText } from './step-runner.ts'
import { keyOf, type StepRunners } from './step-runners.ts'
import { timeUpdate, tokenIds } from './time-update.ts'
import { type TrainHooks, trainStart } from './train-event.ts'
import { openRunSteps, openTrainingRun, type TrainingRun, type TrainRequest } from './training-run.ts'

const stepTimes = { warmUps: 1, timed: 3 }
const inferenceTimes = 3
/** Batches of inference in one of its samples. */
const inferenceBatches = 4

export type ProbedEstimate = TrainingEstimate &
  Pick<TrainingRun, 'settings' | 'choices'> & {
    /** What the measuring took, which is no part of the run. */
    readonly probed: Work
  }

/**
 * Predicts what `trainModel` would take, and trains nothing: opens all that it opens, then times a few steps of each batch
 * shape, some inference and the writing of the model. Steps change no weight; the output folder is left as it is.
 */
export async function estimateTraining(request: TrainRequest, { onEvent }: TrainHooks = {}): Promise<ProbedEstimate> {
  const run = await openTrainingRun(request)
  try {
    const plan = planEpochs(run)
    const updates = plan.updates(1)
    const precision = await choosePrecision(
      run,
      (updates[0] ?? []).map((batch) => shapeBatch(run, batch)),
    )
    const runners = await openRunSteps(run, plan.shapes, precision.precision)
    try {
      onEvent?.(trainStart(run, { schedule: plan.schedule, precision, resumedAt: 0 }))
      const { value: samples, work: probed } = await measureWork(() => probe(run, runners, updates.flat()))
      const { settings, choices } = run
      const estimate = estimateLeft(run, plan, { epoch: 1, updates: 0, hasStarted: false }, samples)
      return { ...estimate, settings: { ...settings, precision: precision.precision }, choices, probed }
    } finally {
      await runners.release()
    }
  } finally {
    await run.inference.release()
  }
}

async function probe(run: TrainingRun, runners: StepRunners, batches: readonly Batch[]): Promise<WorkSamples> {
  const samples = new Map<string, WorkSample[]>()
  const firsts = [...new Map([...batches].reverse().map((batch) => [batch.length, batch])).values()].map((batch) =>
    shapeBatch(run, batch),
  )
  for (const batch of firsts) {
    // Of one shape throughout, so that the update's own share falls on it as on every other.
    const update = Array.from({ length: run.settings.accumulate }, () => batch)
    const works = await timeUpdate(run, runners, { batches: update, ...stepTimes })
    const units = update.length * paddedSize(batch.shape)
    samples.set(
      keyOf(batch.shape),
      works.map((work) => ({ ...work, units })),
    )
  }
  return {
    batches: samples,
    inference: await probeInference(run),
    writing: [await probeWriting(run)],
    touched: tokenIds(firsts),
  }
}

async function probeInference({ train, settings, task, inference }: TrainingRun): Promise<WorkSample[]> {
  const texts = train.texts.flat()
  const perText = Math.max(1, tokensOf(train) / texts.length)
  const wanted = Math.ceil((inferenceBatches * 2 * settings.tokensPerBatch) / perText)
  const count = Math.min(texts.length, wanted)
  // Evenly from all of the data, so that they are as long as the others.
  const chosen = Array.from({ length: count }, (_, i) => present(texts[Math.floor((i * texts.length) / count)], 'text'))
  const units = chosen.reduce((sum, { ids }: TrainingText) => sum + ids.length, 0)
  const samples: WorkSample[] = []
  for (let i = 0; i <= inferenceTimes; i++) {
    const { work } = await measureWork(() => inference.outputs(chosen, task.output))
    samples.push({ ...work, units })
  }
  return samples.slice(1)
}

/** Beside the output folder, so that it is the same disk. */
async function probeWriting(run: TrainingRun): Promise<WorkSample> {
  const folder = `${run.request.outputFolder}.estimate`
  try {
    const { work } = await measureWork(() => saveRun(run, folder))
    return { ...work, units: modelBytes(run) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
