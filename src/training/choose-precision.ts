import { hasExactIntegerProducts } from './integer-products.ts'
import { isTrained } from './parameters.ts'
import type { Precision } from './settings.ts'
import type { ShapedBatch } from './step-runners.ts'
import { openRunSteps, type TrainingRun } from './training-run.ts'

/** What a run computes in, and why where that was not asked for. */
export type ChosenPrecision = { readonly precision: Precision; readonly reason: string | null }

const warmUps = 2
const timedSteps = 4

/**
 * The precision that the settings ask for, as far as this CPU has it; for 'auto', the faster of two on `batches`, one
 * update's worth. To be called before the first step: the steps timed change no weight, and their slots are cleared.
 */
export async function choosePrecision(run: TrainingRun, batches: readonly ShapedBatch[]): Promise<ChosenPrecision> {
  const asked = run.settings.precision
  if (asked === 'fp32') return { precision: asked, reason: null }
  if (!(await hasExactIntegerProducts())) {
    return { precision: 'fp32', reason: 'this CPU saturates 8-bit products: it has neither VNNI nor AMX' }
  }
  if (asked !== 'auto') return { precision: asked, reason: null }
  const [fp32, int8] = [await timeStep(run, batches, 'fp32'), await timeStep(run, batches, 'int8')]
  return {
    precision: int8 < fp32 ? 'int8' : 'fp32',
    reason: `a step takes ${Math.round(fp32)} ms in fp32 and ${Math.round(int8)} ms in int8`,
  }
}

/** The best time of a step, in milliseconds. */
async function timeStep(run: TrainingRun, batches: readonly ShapedBatch[], precision: Precision): Promise<number> {
  const runners = await openRunSteps(
    run,
    batches.map(({ shape }) => shape),
    precision,
  )
  try {
    const times: number[] = []
    for (let i = 0; i < warmUps + timedSteps; i++) {
      const started = performance.now()
      // A factor of zero: no learning rate, no decay.
      await runners.update(batches, { factor: 0, step: 1 })
      times.push(performance.now() - started)
    }
    return Math.min(...times.slice(warmUps))
  } finally {
    await runners.release()
    clearSlots(run)
  }
}

function clearSlots({ parameters }: TrainingRun): void {
  for (const { update } of parameters.filter(isTrained))
    for (const { data } of update.slots) (data as Float32Array).fill(0)
}
