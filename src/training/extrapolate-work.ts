import type { Work } from './measure-work.ts'
import { studentQuantile } from './metrics/intervals.ts'

/** Work that was measured, on so many units: tokens, bytes. */
export type WorkSample = Work & { readonly units: number }

/** Work of one kind that is to be done: `units` in all, each as the samples have it. */
export type WorkPart = { readonly samples: readonly WorkSample[]; readonly units: number }

export type ExtrapolatedWork = Work & {
  /** 95 %; null where fewer than `degreesMin` + 1 repetitions tell how much the same work differs. */
  readonly secondsInterval: readonly [number, number] | null
}

const degreesMin = 3

/**
 * The sum of all parts, each at its samples' mean per unit. The interval is a prediction interval for that sum: repetitions
 * of the same work differ by a share that all parts have in common, and neither the means nor what is to come escape it.
 * It knows nothing of a machine that becomes busier later.
 */
export function extrapolateWork(parts: readonly WorkPart[]): ExtrapolatedWork {
  let [seconds, cpuSeconds, squares, degrees, spread] = [0, 0, 0, 0, 0]
  for (const { samples, units } of parts) {
    const measured = sumOf(samples, 'units')
    if (measured === 0 || units === 0) continue
    const perUnit = sumOf(samples, 'seconds') / measured
    const total = units * perUnit
    seconds += total
    cpuSeconds += (units * sumOf(samples, 'cpuSeconds')) / measured
    for (const sample of samples) squares += (sample.seconds / (sample.units * perUnit) - 1) ** 2
    degrees += samples.length - 1
    // As if all of it came in pieces of the samples' mean size.
    spread += total ** 2 * (1 / samples.length + measured / samples.length / units)
  }
  if (degrees < degreesMin) return { seconds, cpuSeconds, secondsInterval: null }
  const half = studentQuantile(degrees) * Math.sqrt((squares / degrees) * spread)
  return { seconds, cpuSeconds, secondsInterval: [Math.max(0, seconds - half), seconds + half] }
}

function sumOf(samples: readonly WorkSample[], field: keyof WorkSample): number {
  return samples.reduce((sum, sample) => sum + sample[field], 0)
}
