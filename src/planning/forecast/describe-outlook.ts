/** What trajectories say: bands by month, ruin, runway, break-even and the money that is missing. Plain data, null for never. */
import { mean, quantileOfSorted, type Summary, summarize } from '../simulation/sample-statistics.ts'
import type { Trajectories } from './simulate-plan.ts'

/** One number for each month. */
export type Bands = { p10: number[]; p50: number[]; p90: number[]; mean: number[] }

/** Quantiles over worlds of a number of months; null where it is not within the horizon. */
export type MonthQuantiles = { p10: number | null; p50: number | null; p90: number | null }

/** What becomes of one plan. */
export type Outlook = {
  users: Bands
  revenue: Bands
  costs: Bands
  cash: Bands
  value: Summary
  /** By month: the share of worlds in which cash was below the buffer at the end of it or of one before. */
  ruinByMonth: number[]
  /** Whole months until ruin. */
  runway: MonthQuantiles
  /** The month from which on revenue covers cost until the horizon: its quantiles, by month the share of worlds that are there, and the share that never are. */
  breakEven: MonthQuantiles & { byMonth: number[]; never: number }
  /** The share of worlds that break even within the horizon and are not ruined before. */
  defaultAlive: number
  /** Money to raise so that cash with only decided financing stays positive, and six months of cost are left at its lowest. */
  raiseNeeded: { p50: number; p80: number; p90: number }
}

const reserveMonths = 6

export function describeOutlook(paths: Trajectories): Outlook {
  const { months, worlds } = paths
  const ruin = new Float64Array(worlds)
  const breakEven = new Float64Array(worlds)
  const needed = new Float64Array(worlds)
  for (let s = 0; s < worlds; s++) {
    ruin[s] = findRuin(paths, s)
    breakEven[s] = findBreakEven(paths, s)
    needed[s] = findNeed(paths, s)
  }
  const alive = ruin.filter((month, s) => month === Infinity && (breakEven[s] as number) < Infinity).length
  const sortedNeed = needed.sort()
  return {
    users: bandsOf(paths.users, paths),
    revenue: bandsOf(paths.revenue, paths),
    costs: bandsOf(paths.costs, paths),
    cash: bandsOf(paths.cash, paths),
    value: summarize(paths.value),
    ruinByMonth: shareByMonth(ruin, months),
    runway: monthQuantiles(ruin),
    breakEven: {
      ...monthQuantiles(breakEven),
      byMonth: shareByMonth(breakEven, months),
      never: breakEven.filter((month) => month === Infinity).length / worlds,
    },
    defaultAlive: alive / worlds,
    raiseNeeded: {
      p50: quantileOfSorted(sortedNeed, 0.5),
      p80: quantileOfSorted(sortedNeed, 0.8),
      p90: quantileOfSorted(sortedNeed, 0.9),
    },
  }
}

/** Share of the worlds in which it has come about by the end of each month. */
function shareByMonth(first: Float64Array, months: number): number[] {
  const counts = new Array<number>(months).fill(0)
  for (const month of first) if (month < months) counts[month] = (counts[month] as number) + 1
  let sum = 0
  return counts.map((count) => {
    sum += count
    return sum / first.length
  })
}

/** The share of worlds that are ruined within the horizon. */
export function ruinProbability(paths: Trajectories): number {
  let ruined = 0
  for (let s = 0; s < paths.worlds; s++) if (findRuin(paths, s) < Infinity) ruined++
  return ruined / paths.worlds
}

function findRuin({ months, cash, buffer }: Trajectories, s: number): number {
  for (let t = 0; t < months; t++) if ((cash[s * months + t] as number) < (buffer[s] as number)) return t
  return Infinity
}

/** From the end backwards to the last month that loses. */
function findBreakEven({ months, revenue, costs }: Trajectories, s: number): number {
  let t = months
  while (t > 0 && (revenue[s * months + t - 1] as number) >= (costs[s * months + t - 1] as number)) t--
  return t === months ? Infinity : t
}

function findNeed({ months, ownCash, costs }: Trajectories, s: number): number {
  let lowest = s * months
  for (let at = lowest; at < (s + 1) * months; at++)
    if ((ownCash[at] as number) < (ownCash[lowest] as number)) lowest = at
  const missing = -(ownCash[lowest] as number)
  return missing <= 0 ? 0 : missing + reserveMonths * (costs[lowest] as number)
}

function bandsOf(table: Float64Array, { months, worlds }: Trajectories): Bands {
  const bands: Bands = { p10: [], p50: [], p90: [], mean: [] }
  const column = new Float64Array(worlds)
  for (let t = 0; t < months; t++) {
    for (let s = 0; s < worlds; s++) column[s] = table[s * months + t] as number
    bands.mean.push(mean(column))
    column.sort()
    bands.p10.push(quantileOfSorted(column, 0.1))
    bands.p50.push(quantileOfSorted(column, 0.5))
    bands.p90.push(quantileOfSorted(column, 0.9))
  }
  return bands
}

function monthQuantiles(months: Float64Array): MonthQuantiles {
  const sorted = Float64Array.from(months).sort()
  const at = (share: number) => {
    // The month itself, not a mean of neighbours: half of a world may never come there.
    const month = sorted[Math.ceil(share * sorted.length) - 1] as number
    return month === Infinity ? null : month
  }
  return { p10: at(0.1), p50: at(0.5), p90: at(0.9) }
}
