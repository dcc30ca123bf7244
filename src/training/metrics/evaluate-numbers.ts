import type { NumbersReport } from './evaluation-report.ts'
import { estimate, mean, ratio, type SumStatistic } from './intervals.ts'

/** 1 − Σ(y − p)² / Σ(y − ȳ)² from the sums of 1, y, y² and (y − p)². */
const r2OfSums: SumStatistic = ([count = 0, y = 0, yy = 0, error = 0]) => {
  const spread = yy - ratio(y * y, count)
  return spread <= 0 ? 0 : 1 - error / spread
}

/** The report on predicted numbers against the true ones. */
export function evaluateNumbers(predicted: readonly number[], actual: readonly number[]): NumbersReport {
  const errors = actual.map((value, i) => (predicted[i] as number) - value)
  // Sums of squares of small differences far from zero lose digits: r² is the same for numbers moved to their mean.
  const middle = mean(actual)
  const rows = actual.map((value, i) => [1, value - middle, (value - middle) ** 2, (errors[i] as number) ** 2])
  const { value, interval } = estimate(rows, r2OfSums)
  return {
    kind: 'regress',
    count: actual.length,
    primary: { name: 'R²', value, interval },
    r2: value,
    meanAbsoluteError: mean(errors.map(Math.abs)),
    rootMeanSquareError: Math.sqrt(mean(errors.map((error) => error * error))),
    pearson: correlate(predicted, actual),
    spearman: correlate(rankOf(predicted), rankOf(actual)),
  }
}

/** Pearson's correlation; 0 where one side does not vary. */
function correlate(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)]
  const sum = (term: (x: number, y: number) => number) =>
    a.reduce((total, x, i) => total + term(x - meanA, (b[i] as number) - meanB), 0)
  return ratio(
    sum((x, y) => x * y),
    Math.sqrt(sum((x) => x * x) * sum((_, y) => y * y)),
  )
}

/** Ranks from 0; equal values share the mean of theirs. */
function rankOf(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => (values[i] as number) - (values[j] as number))
  const ranks = new Array<number>(values.length)
  for (let start = 0; start < order.length; ) {
    let end = start + 1
    while (end < order.length && values[order[end] as number] === values[order[start] as number]) end++
    for (let i = start; i < end; i++) ranks[order[i] as number] = (start + end - 1) / 2
    start = end
  }
  return ranks
}
