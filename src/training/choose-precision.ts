import { hasExactIntegerProducts } from './integer-products.ts'
import type { Precision } from './settings.ts'
import type { ShapedBatch } from './step-runners.ts'
import { timeUpdate } from './time-update.ts'
import { openRunSteps, type TrainingRun } from './training-run.ts'

/** What a run computes in, and why where that was not asked for. */
export type ChosenPrecision = { readonly precision: Precision; readonly reason: string | null }

/**
 * The precision that the settings ask for, as far as this CPU has it; for 'auto', the faster of two on `batches`, one
 * update's worth. To be called before the first step: nothing is left of the steps timed.
 */
export async function choosePrecision(run: TrainingRun, batches: readonly ShapedBatch[]): Promise<ChosenPrecision> {
  const asked = run.settings.precision
  if (asked === 'fp32') return { precision: asked, reason: null }
  if (!(await hasExactIntegerProducts())) {
    return { precision: 'fp32', reason: 'this CPU saturates 8-bit products: it has neither VNNI nor AMX' }
  }
  if (asked !== 'auto') return { precision: asked, reason: null }
  const [fp32, int8] = [await bestTime(run, batches, 'fp32'), await bestTime(run, batches, 'int8')]
  return {
    precision: int8 < fp32 ? 'int8' : 'fp32',
    reason: `a step takes ${Math.round(fp32)} ms in fp32 and ${Math.round(int8)} ms in int8`,
  }
}

/** Of an update, in milliseconds. */
async function bestTime(run: TrainingRun, batches: readonly ShapedBatch[], precision: Precision): Promise<number> {
  const shapes = batches.map(({ shape }) => shape)
  const runners = await openRunSteps(run, shapes, precision)
  try {
    const works = await timeUpdate(run, runners, { batches, warmUps: 2, timed: 4 })
    return 1000 * Math.min(...works.map(({ seconds }) => seconds))
  } finally {
    await runners.release()
  }
}
