/** What is said of a set of draws. Quantiles interpolate between order statistics (type 7 of Hyndman and Fan). */
import { checkNumbers } from '../check-numbers.ts'

/** Of one quantity over all draws; the standard error is the mean's. */
export type Summary = { mean: number; sd: number; standardError: number; p10: number; p50: number; p90: number }

export function mean(values: Float64Array): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] as number
  return sum / values.length
}

/** With n - 1; 0 for a single value. */
export function variance(values: Float64Array): number {
  if (values.length < 2) return 0
  const centre = mean(values)
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += ((values[i] as number) - centre) ** 2
  return sum / (values.length - 1)
}

/** Of values in rising order. */
export function quantileOfSorted(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1)
  const below = sorted[Math.floor(at)] as number
  const above = sorted[Math.ceil(at)] as number
  // Infinite values (a month that never comes) are quantiles too, but not parts of a sum.
  return below === above ? below : below + (above - below) * (at - Math.floor(at))
}

export function summarize(values: Float64Array): Summary {
  const sorted = Float64Array.from(values).sort()
  const sd = Math.sqrt(variance(values))
  return {
    mean: mean(values),
    sd,
    standardError: sd / Math.sqrt(values.length),
    p10: quantileOfSorted(sorted, 0.1),
    p50: quantileOfSorted(sorted, 0.5),
    p90: quantileOfSorted(sorted, 0.9),
  }
}

/** The mean of the worst `share` of values, 0 < share ≤ 1 (CVaR, expected shortfall): what bad luck brings on average. */
export function conditionalValueAtRisk(values: Float64Array, share: number): number {
  checkNumbers('the conditional value at risk', {
    share: [share, 'from 0 to 1'],
    'share × draws': [share * values.length, 'positive'],
  })
  const sorted = Float64Array.from(values).sort()
  const count = share * sorted.length
  const whole = Math.floor(count)
  let sum = whole < sorted.length ? (sorted[whole] as number) * (count - whole) : 0
  for (let i = 0; i < whole; i++) sum += sorted[i] as number
  return sum / count
}

/** Rank correlation of Spearman; ties share their mean rank. 0 where one of the two never changes. */
export function rankCorrelation(a: Float64Array, b: Float64Array): number {
  const [x, y] = [ranksOf(a), ranksOf(b)]
  const centre = (a.length - 1) / 2
  let [xy, xx, yy] = [0, 0, 0]
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [(x[i] as number) - centre, (y[i] as number) - centre]
    xy += dx * dy
    xx += dx * dx
    yy += dy * dy
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy)
}

/** The indices of `values` in rising order of the value. */
export function orderOf(values: Float64Array): Uint32Array {
  return Uint32Array.from(values, (_, i) => i).sort((i, j) => (values[i] as number) - (values[j] as number) || i - j)
}

function ranksOf(values: Float64Array): Float64Array {
  const order = orderOf(values)
  const ranks = new Float64Array(values.length)
  for (let start = 0; start < order.length; ) {
    let end = start + 1
    while (end < order.length && values[order[end] as number] === values[order[start] as number]) end++
    for (let i = start; i < end; i++) ranks[order[i] as number] = (start + end - 1) / 2
    start = end
  }
  return ranks
}
