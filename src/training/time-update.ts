import { measureWork, type Work } from './measure-work.ts'
import { isTrained } from './parameters.ts'
import { clearRows, type ShapedBatch, type StepRunners } from './step-runners.ts'
import type { TrainingRun } from './training-run.ts'

/**
 * Times one update again and again, after some that count for nothing. To be called before the first step of a run: no
 * weight changes, and the optimizer's state is cleared afterwards.
 */
export async function timeUpdate(
  { parameters, tokenizer }: TrainingRun,
  runners: StepRunners,
  { batches, warmUps, timed }: { batches: readonly ShapedBatch[]; warmUps: number; timed: number },
): Promise<Work[]> {
  const works: Work[] = []
  try {
    for (let i = 0; i < warmUps + timed; i++) {
      // A factor of zero: no learning rate, no decay.
      works.push((await measureWork(() => runners.update(batches, { factor: 0, step: 1 }))).work)
    }
    return works.slice(warmUps)
  } finally {
    const ids = [...tokenIds(batches), tokenizer.padId]
    for (const { isSparse, value, update } of parameters.filter(isTrained)) {
      for (const slot of update.slots) {
        // The other rows of a table were never touched, and take no memory until they are.
        if (isSparse && slot.dims[0] === value.dims[0]) clearRows(slot, ids)
        else (slot.data as Float32Array).fill(0)
      }
    }
  }
}

/** The distinct tokens of these batches, without padding. */
export function tokenIds(batches: Iterable<Pick<ShapedBatch, 'texts'>>): Set<number> {
  const found = new Set<number>()
  for (const { texts } of batches) for (const text of texts) for (const id of Array.from(text?.ids ?? [])) found.add(id)
  return found
}
