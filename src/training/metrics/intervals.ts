import { createRandom } from '../../base/index.ts'

const resamples = 1000

/** A statistic of the sums of a text's numbers over all texts, with its interval. */
export type SumStatistic = (sums: readonly number[]) => number

/**
 * The statistic, and its 95 % percentile bootstrap interval (Efron 1979) over texts. The same rows give the same
 * interval: the thousand resamples come from a stream of their own.
 */
export function estimate(
  rows: readonly (readonly number[])[],
  statistic: SumStatistic,
): { value: number; interval: [number, number] } {
  const width = rows[0]?.length ?? 0
  const sum = (pick: (i: number) => readonly number[]) => {
    const sums = new Array<number>(width).fill(0)
    for (let i = 0; i < rows.length; i++) {
      const row = pick(i)
      for (let j = 0; j < width; j++) sums[j] = (sums[j] as number) + (row[j] as number)
    }
    return statistic(sums)
  }
  if (rows.length === 0) return { value: 0, interval: [0, 0] }
  const value = sum((i) => rows[i] as readonly number[])
  const random = createRandom('bootstrap')
  const draws = Array.from({ length: resamples }, () =>
    sum(() => rows[random.integer(rows.length)] as readonly number[]),
  )
  draws.sort((a, b) => a - b)
  const at = (share: number) => draws[Math.round(share * (resamples - 1))] as number
  return { value, interval: [at(0.025), at(0.975)] }
}

/** part / whole, and 0 where there is nothing to divide by. */
export function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

export function mean(values: readonly number[]): number {
  return ratio(
    values.reduce((sum, value) => sum + value, 0),
    values.length,
  )
}

/**
 * The 97.5 % quantile of Student's t for three degrees of freedom or more, to within 1 % (Abramowitz and Stegun 1964,
 * 26.7.5).
 */
export function studentQuantile(degrees: number, z = 1.959963984540054): number {
  return (
    z +
    (z ** 3 + z) / (4 * degrees) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * degrees ** 3)
  )
}
