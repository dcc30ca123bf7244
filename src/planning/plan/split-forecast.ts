/** The expected money of a plan by what it is for: gross profit before the six links, and what is spent on each of them. */
import { type PlanLink, planLinkSchema } from '../../contracts/index.ts'
import { simulatePlan, type Trajectories } from '../forecast/simulate-plan.ts'
import { type Cost, entriesOf, type VenturePlan } from '../forecast/venture-plan.ts'
import type { Draws } from '../simulation/draw-inputs.ts'
import { mean } from '../simulation/sample-statistics.ts'

export type SplitForecast = {
  /** Discounted revenue minus the cost of serving, and the exit. */
  grossValue: number
  /** Revenue minus the cost of serving, by month. */
  grossByMonth: number[]
  /** Revenue minus all costs, by month; financing is not in it. */
  netByMonth: number[]
  /** Spent on each link over all months, not discounted: it is cash. */
  spendByLink: Record<PlanLink, number>
}

/** Means over the draws. */
export function splitForecast(plan: VenturePlan, draws: Draws, worlds: number): SplitForecast {
  const paid = paidChannels(plan)
  const without = simulatePlan({ ...plan, costs: {}, financing: {} }, draws, worlds)
  const spendOf = (costs: Readonly<Record<string, Cost>>) =>
    simulatePlan({ ...plan, segments: {}, hires: {}, costs, financing: {}, cashAtStart: 0, buffer: 0 }, draws, worlds)
  const onChannels = spendOf(paid)
  const paidByMonth = monthlyMeans(onChannels, 'costs')
  const served = monthlyMeans(without, 'costs').map((cost, t) => cost - (paidByMonth[t] as number))
  const fixed = monthlyMeans(spendOf(plan.costs), 'costs')
  const grossByMonth = monthlyMeans(without, 'revenue').map((revenue, t) => revenue - (served[t] as number))
  const all = { ...plan.costs, ...paid }
  return {
    grossValue: mean(without.value) - mean(onChannels.value),
    grossByMonth,
    netByMonth: grossByMonth.map((gross, t) => gross - (fixed[t] as number) - (paidByMonth[t] as number)),
    spendByLink: Object.fromEntries(
      planLinkSchema.options.map((link) => {
        const costs = Object.fromEntries(entriesOf(all).filter(([, cost]) => cost.link === link))
        return [link, monthlyMeans(spendOf(costs), 'costs').reduce((sum, cost) => sum + cost, 0)]
      }),
    ) as Record<PlanLink, number>,
  }
}

/** The spends of paid channels, as costs of their links. */
function paidChannels({ segments }: VenturePlan): Record<string, Cost> {
  return Object.fromEntries(
    entriesOf(segments).flatMap(([segment, { channels }]) =>
      entriesOf(channels).flatMap(([name, channel]): [string, Cost][] => {
        if (channel.kind !== 'paid') return []
        const { fromMonth, untilMonth, link, spendPerMonth } = channel
        const when = {
          ...(fromMonth === undefined ? {} : { fromMonth }),
          ...(untilMonth === undefined ? {} : { untilMonth }),
        }
        return [[`channel ${segment}: ${name}`, { ...when, link, perMonth: spendPerMonth }]]
      }),
    ),
  )
}

function monthlyMeans(paths: Trajectories, of: 'revenue' | 'costs'): number[] {
  const { months, worlds } = paths
  return Array.from({ length: months }, (_, t) => {
    let sum = 0
    for (let s = 0; s < worlds; s++) sum += paths[of][s * months + t] as number
    return sum / worlds
  })
}
