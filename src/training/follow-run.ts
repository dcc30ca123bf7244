import { estimateLeft, modelBytes, type Place, paddedSize, type TrainingEstimate } from './estimate-left.ts'
import type { WorkSample } from './extrapolate-work.ts'
import type { Inference } from './inference.ts'
import { measureWork, type Work } from './measure-work.ts'
import type { EpochPlan } from './plan-epochs.ts'
import { keyOf, type ShapedBatch } from './step-runners.ts'
import { tokenIds } from './time-update.ts'
import type { TrainingRun } from './training-run.ts'

/** Steps after which an estimate is made where all batch shapes were seen; and at the latest. */
const stepsMin = 10
const stepsMax = 40

/** Watches a run's own work and, once enough of it was seen, says what is left: an estimate that costs no time. */
export type RunFollower = {
  /** The run's inference, measured. */
  readonly inference: Inference
  /** Measures the writing of a model. */
  write(save: () => Promise<void>): Promise<void>
  /** To be called after each update; gives the estimate once. `isLast`: no more updates follow in this epoch. */
  step(
    update: { batches: readonly ShapedBatch[]; work: Work },
    at: { plan: EpochPlan; place: Place; isLast: boolean },
  ): TrainingEstimate | null
}

export function followRun(run: TrainingRun): RunFollower {
  const batches = new Map<string, WorkSample[]>()
  const inference: WorkSample[] = []
  const writing: WorkSample[] = []
  const touched = new Set<number>()
  let steps = 0
  let isDone = false
  return {
    inference: {
      ...run.inference,
      async outputs(texts, output) {
        const { value, work } = await measureWork(() => run.inference.outputs(texts, output))
        const units = texts.reduce((sum, { ids }) => sum + ids.length, 0)
        if (!isDone && units > 0) inference.push({ ...work, units })
        return value
      },
    },
    async write(save) {
      const { work } = await measureWork(save)
      if (!isDone) writing.push({ ...work, units: modelBytes(run) })
    },
    step(update, { plan, place, isLast }) {
      if (isDone) return null
      steps++
      for (const id of tokenIds(update.batches)) touched.add(id)
      const total = update.batches.reduce((sum, { shape }) => sum + paddedSize(shape), 0)
      for (const { shape } of update.batches) {
        const units = paddedSize(shape)
        const share = units / total
        const sample = { seconds: share * update.work.seconds, cpuSeconds: share * update.work.cpuSeconds, units }
        batches.set(keyOf(shape), [...(batches.get(keyOf(shape)) ?? []), sample])
      }
      isDone = isLast || steps >= stepsMax || (steps >= stepsMin && batches.size === plan.shapes.length)
      if (!isDone) return null
      return estimateLeft(run, plan, place, { batches: withoutFirst(batches), inference, writing, touched })
    },
  }
}

/** The first batch of a shape takes longer: its session is opened then, and takes its memory. A shape seen once counts as the others. */
function withoutFirst(samples: ReadonlyMap<string, readonly WorkSample[]>): ReadonlyMap<string, readonly WorkSample[]> {
  const repeated = [...samples].filter(([, all]) => all.length > 1)
  return repeated.length === 0 ? samples : new Map(repeated.map(([key, all]) => [key, all.slice(1)]))
}
