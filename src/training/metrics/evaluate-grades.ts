import { listConfusions } from './evaluate-classes.ts'
import type { GradesReport } from './evaluation-report.ts'
import { estimate, mean, ratio, type SumStatistic } from './intervals.ts'

/**
 * Cohen's kappa with squared distances as weights, 1 − Σ(a − p)² / expected of independent a and p, from the sums of 1, a,
 * p, a², p² and a·p: the expected is Σa² + Σp² − 2 Σa Σp / n. Where all is one grade there is nothing to disagree about.
 */
const kappaOfSums: SumStatistic = ([count = 0, a = 0, p = 0, aa = 0, pp = 0, ap = 0]) => {
  const expected = aa + pp - ratio(2 * a * p, count)
  return expected <= 0 ? 1 : 1 - (aa + pp - 2 * ap) / expected
}

/** The report on predicted grades against the true ones, both as indices into `grades`, which rise. */
export function evaluateGrades(
  predicted: readonly number[],
  actual: readonly number[],
  grades: readonly string[],
): GradesReport {
  const rows = actual.map((a, i) => {
    const p = predicted[i] as number
    return [1, a, p, a * a, p * p, a * p]
  })
  const distances = actual.map((a, i) => Math.abs(a - (predicted[i] as number)))
  const { value, interval } = estimate(rows, kappaOfSums)
  return {
    kind: 'ordinal',
    count: actual.length,
    primary: { name: 'quadratic kappa', value, interval },
    quadraticKappa: value,
    accuracy: mean(distances.map((distance) => (distance === 0 ? 1 : 0))),
    withinOne: mean(distances.map((distance) => (distance <= 1 ? 1 : 0))),
    meanAbsoluteError: mean(distances),
    confusions: listConfusions(predicted, actual, grades),
  }
}
