import { assert } from '../../base/index.ts'
import { mean, variance } from './sample-statistics.ts'

/** `a` against `b`, where both had the same draws of every input. */
export type Comparison = {
  /** Mean of a - b, per draw. */
  meanDifference: number
  /** Of the mean difference: common random numbers keep it small, because what hits both plans cancels. */
  standardError: number
  /** Share of the draws in which `a` is above `b`, ties counted half. */
  probabilityBetter: number
}

/** Compares two plans world by world; values at the same index come from the same draws. */
export function comparePlans(a: Float64Array, b: Float64Array): Comparison {
  assert(a.length === b.length, `internal: plans of ${a.length} and ${b.length} draws were compared`)
  const difference = a.map((value, s) => value - (b[s] as number))
  const better = difference.reduce((sum, value) => sum + (value > 0 ? 1 : value === 0 ? 0.5 : 0), 0)
  return {
    meanDifference: mean(difference),
    standardError: Math.sqrt(variance(difference) / difference.length),
    probabilityBetter: better / difference.length,
  }
}
