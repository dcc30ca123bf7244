/**
 * A plan month by month in every world. Tables are flat, world by world: month t of world s is at s·months + t. Users are
 * counted by cohorts, N_t = Σ_k A_k·S(t - k); revenue of month t is Σ_k A_k·S(t - k)·price·(1 + expansion)^(t - k), times
 * what people add who begin within the plan, 1 + Σ effect; so is the cost of serving, and with them gross profit.
 */
import type { Draws } from '../simulation/draw-inputs.ts'
import { type ResolvedPlan, resolveQuantities } from './resolve-quantities.ts'
import { effectOfRole, growEffect } from './role-effect.ts'
import { type Channel, entriesOf, type Segment, type VenturePlan } from './venture-plan.ts'

export type Trajectories = {
  months: number
  worlds: number
  users: Float64Array
  revenue: Float64Array
  costs: Float64Array
  /** At the end of each month. */
  cash: Float64Array
  /** Without financing that is only hoped for. */
  ownCash: Float64Array
  /** By world: cash below which it is ruined. */
  buffer: Float64Array
  /** By world: discounted revenue minus cost, and the exit; financing is no value. */
  value: Float64Array
}

/** Throws what `resolveQuantities` throws. Each of `draws` has `worlds` values. */
export function simulatePlan(plan: VenturePlan, draws: Draws, worlds: number): Trajectories {
  const resolved = resolveQuantities(plan, draws, worlds)
  const create = () => new Float64Array(worlds * plan.months)
  const paths: Trajectories = {
    months: plan.months,
    worlds,
    users: create(),
    revenue: create(),
    costs: create(),
    cash: create(),
    ownCash: create(),
    buffer: resolved.valuesOf('buffer'),
    value: new Float64Array(worlds),
  }
  const lifts = liftOfHires(resolved, plan, create().fill(1))
  for (const [name, segment] of entriesOf(plan.segments)) {
    addSegment(paths, resolved, `segments.${name}`, { segment, lifts })
  }
  for (const [name, { fromMonth = 0, untilMonth = plan.months, factors }] of entriesOf(plan.costs)) {
    const perMonth = multiply(resolved.valuesOf(`costs.${name}.perMonth`), resolved, `costs.${name}`, factors)
    const growth = resolved.valuesOf(`costs.${name}.growthPerMonth`)
    addMonthly(paths.costs, { months: plan.months, fromMonth, untilMonth, perMonth, growth })
  }
  settleCash(paths, resolved, plan)
  return paths
}

type Monthly = {
  months: number
  fromMonth: number
  untilMonth: number
  perMonth: Float64Array
  growth?: Float64Array
}

function addMonthly(table: Float64Array, { months, fromMonth, untilMonth, perMonth, growth }: Monthly): void {
  const [from, until] = [Math.max(0, fromMonth), Math.min(months, untilMonth)]
  for (let s = 0; s < perMonth.length; s++) {
    let amount = perMonth[s] as number
    const factor = 1 + (growth ? (growth[s] as number) : 0)
    for (let at = s * months + from; at < s * months + until; at++) {
      table[at] = (table[at] as number) + amount
      amount *= factor
    }
  }
}

/** Adds to each month what the people add to gross profit who have begun by then. */
function liftOfHires({ valuesOf, worlds }: ResolvedPlan, plan: VenturePlan, lifts: Float64Array): Float64Array {
  const { months } = plan
  for (const [name, hire] of entriesOf(plan.hires)) {
    const read = (key: string) => valuesOf(`hires.${name}.${key}`)
    const readList = (key: string, length: number) => Array.from({ length }, (_, i) => read(`${key}.${i}`))
    const [times, nexts, shares] = [read('time'), read('next'), read('openSource.share')]
    const effects = readList('effects', hire.effects.length)
    const openEffects = readList('openSource.effects', hire.openSource.effects.length)
    const ramp = readList('ramp', hire.ramp.length)
    const { fromMonth = 0, untilMonth = months } = hire
    for (let s = 0; s < worlds; s++) {
      const at = (values: Float64Array) => values[s] as number
      const openSource = { share: at(shares), effects: openEffects.map(at) }
      const first = effectOfRole({ time: at(times), effects: effects.map(at), openSource })
      const full = growEffect(first, at(nexts), hire.count)
      for (let t = fromMonth; t < Math.min(months, untilMonth); t++) {
        const ramped = ramp[t - fromMonth]
        lifts[s * months + t] = (lifts[s * months + t] as number) + full * (ramped ? at(ramped) : 1)
      }
    }
  }
  return lifts
}

type SegmentPart = {
  segment: Segment
  /** By world and month: what its revenue and cost of serving are multiplied with. */
  lifts: Float64Array
}

function addSegment(paths: Trajectories, resolved: ResolvedPlan, path: string, { segment, lifts }: SegmentPart): void {
  const { months, worlds, users, revenue, costs } = paths
  const read = (name: string) => resolved.valuesOf(`${path}.${name}`)
  const arrivals = new Float64Array(worlds * months)
  for (const [name, channel] of entriesOf(segment.channels)) {
    addChannel(arrivals, costs, resolved, `${path}.channels.${name}`, channel, months)
  }
  const stays = readRetention(segment, read)
  const expansions = read('expansionPerMonth')
  const [usersAtStart, renewals, unitCosts] = [read('usersAtStart'), read('renewalsAtStart'), read('costPerUser')]
  const prices = multiply(read('revenuePerUser'), resolved, path, segment.factors)
  const survival = new Float64Array(months)
  const worth = new Float64Array(months)
  for (let s = 0; s < worlds; s++) {
    const more = 1 + (expansions[s] as number)
    const [price, unitCost, renewed] = [prices[s] as number, unitCosts[s] as number, renewals[s] as number]
    let [stay, raised] = [1, 1]
    for (let age = 0; age < months; age++) {
      survival[age] = stay
      worth[age] = stay * raised
      stay *= stays(s, age)
      raised *= more
    }
    const row = s * months
    let old = usersAtStart[s] as number
    raised = 1
    for (let t = 0; t < months; t++) {
      let count = old
      let paying = old * raised
      for (let k = 0; k <= t; k++) {
        const arrived = arrivals[row + k] as number
        count += arrived * (survival[t - k] as number)
        paying += arrived * (worth[t - k] as number)
      }
      const lift = lifts[row + t] as number
      users[row + t] = (users[row + t] as number) + count
      revenue[row + t] = (revenue[row + t] as number) + price * paying * lift
      costs[row + t] = (costs[row + t] as number) + unitCost * count * lift
      old *= stays(s, renewed + t)
      raised *= more
    }
  }
}

/** The share of the users of an age, in months, who stay for another. */
function readRetention(
  { retention }: Segment,
  read: (name: string) => Float64Array,
): (world: number, age: number) => number {
  if ('churnPerMonth' in retention) {
    const churn = read('retention.churnPerMonth')
    return (s) => 1 - (churn[s] as number)
  }
  const [alphas, betas] = [read('retention.alpha'), read('retention.beta')]
  return (s, age) => {
    const [alpha, beta] = [alphas[s] as number, betas[s] as number]
    return (beta + age) / (alpha + beta + age)
  }
}

function addChannel(
  arrivals: Float64Array,
  costs: Float64Array,
  resolved: ResolvedPlan,
  path: string,
  channel: Channel,
  months: number,
): void {
  const { fromMonth = 0, untilMonth = months, factors } = channel
  const read = (name: string) => resolved.valuesOf(`${path}.${name}`)
  const when = { months, fromMonth, untilMonth }
  if (channel.kind === 'steady') {
    const perMonth = multiply(read('usersPerMonth'), resolved, path, factors)
    addMonthly(arrivals, { ...when, perMonth, growth: read('growthPerMonth') })
    return
  }
  const [spend, most, half, shape] = [read('spendPerMonth'), read('usersMax'), read('halfSpend'), read('shape')]
  // A Hill curve; at no spend (half / spend)ⁿ is infinite and nobody comes.
  const won = spend.map((x, s) => (most[s] as number) / (1 + ((half[s] as number) / x) ** (shape[s] as number)))
  addMonthly(arrivals, { ...when, perMonth: multiply(won, resolved, path, factors) })
  addMonthly(costs, { ...when, perMonth: spend })
}

function multiply(
  values: Float64Array,
  resolved: ResolvedPlan,
  path: string,
  factors: readonly unknown[] = [],
): Float64Array {
  return factors.reduce<Float64Array>((product, _, index) => {
    const factor = resolved.valuesOf(`${path}.factors.${index}`)
    return product.map((value, s) => value * (factor[s] as number))
  }, values)
}

function settleCash(paths: Trajectories, resolved: ResolvedPlan, plan: VenturePlan): void {
  const { months, worlds, revenue, costs, cash, ownCash, value } = paths
  const [atStart, rates, multiples] = ['cashAtStart', 'discountPerYear', 'exitMultiple'].map(resolved.valuesOf) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  for (const [name, { month, hope }] of entriesOf(plan.financing)) {
    const when = {
      months,
      fromMonth: month,
      untilMonth: month + 1,
      perMonth: resolved.valuesOf(`financing.${name}.amount`),
    }
    addMonthly(cash, when)
    if (!hope) addMonthly(ownCash, when)
  }
  for (let s = 0; s < worlds; s++) {
    let held = atStart[s] as number
    let own = held
    let worth = 0
    let discounted = 1
    const discount = (1 + (rates[s] as number)) ** (-1 / 12)
    for (let at = s * months; at < (s + 1) * months; at++) {
      const net = (revenue[at] as number) - (costs[at] as number)
      held += (cash[at] as number) + net
      own += (ownCash[at] as number) + net
      cash[at] = held
      ownCash[at] = own
      discounted *= discount
      worth += net * discounted
    }
    value[s] = worth + 12 * (multiples[s] as number) * (revenue[(s + 1) * months - 1] as number) * discounted
  }
}
