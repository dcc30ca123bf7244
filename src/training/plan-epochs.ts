/** Which texts stand together in each step of each epoch, what that makes of the schedule, and the batches it fills. */
import { type Batch, chooseBuckets, planBatches } from '../data/index.ts'
import type { SchedulePlan } from './schedules.ts'
import type { StepShape } from './step-graph.ts'
import type { TrainingText } from './step-runner.ts'
import type { ShapedBatch } from './step-runners.ts'
import type { TrainingRun } from './training-run.ts'

/** Each bucket costs a session: some tenths of a second, and tens of MB. */
const bucketsMax = 10

export type EpochPlan = {
  /** The batches of each update of an epoch, counted from 1; all epochs have the same number of each shape. */
  updates(epoch: number): readonly (readonly Batch[])[]
  readonly schedule: SchedulePlan
  /** Distinct batch shapes: each has a graph of its own. */
  readonly shapes: readonly StepShape[]
}

export function planEpochs({ settings, task, tokenizer, train }: TrainingRun): EpochPlan {
  const lengths = train.texts.map((texts) => Math.max(...texts.map(({ ids }) => ids.length)))
  const tokensPerBatch = Math.max(1, Math.round(settings.tokensPerBatch / task.textsPerExample))
  const { seed, warmupEpochs, epochs, accumulate } = settings
  const bucketLengths = chooseBuckets(lengths, { tokensPerBatch, bucketsMax, lengthMax: tokenizer.tokensMax })
  const batches = (epoch: number) => planBatches(lengths, { tokensPerBatch, bucketLengths, shuffle: { seed, epoch } })
  const updates = (epoch: number) => chunk(batches(epoch), accumulate)
  const stepsPerEpoch = updates(1).length
  const schedule = { stepCount: stepsPerEpoch * epochs, warmupSteps: Math.round(warmupEpochs * stepsPerEpoch) }
  const shapes = new Map(
    updates(1)
      .flat()
      .map((batch) => [batch.length, shapeOf({ task }, batch)]),
  )
  return { updates, schedule, shapes: [...shapes.values()] }
}

/** The shape of the texts of a batch of examples. */
export function shapeOf({ task }: Pick<TrainingRun, 'task'>, { rows, length }: Batch): StepShape {
  return { rows: rows * task.textsPerExample, length }
}

/** Texts and targets of a batch of the run's training examples. */
export function shapeBatch(run: TrainingRun, batch: Batch): ShapedBatch {
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

function chunk<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}
