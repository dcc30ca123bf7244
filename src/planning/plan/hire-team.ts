/** Whom to hire in which order, by what each adds to gross profit, with cash above the buffer in every month. */

import type { SpendCurve } from '../curves/spend-curve.ts'
import { exponentialCurve } from '../curves/spend-curve.ts'
import { effectOfRole } from '../forecast/role-effect.ts'
import type { Quantity } from '../forecast/venture-plan.ts'
import type { Role } from '../integer/hiring-question.ts'
import type { LinearSolver } from '../integer/linear-model.ts'
import { planHires } from '../integer/plan-hires.ts'
import type { TeamRole } from './compile-team.ts'

/** Months that are planned: beyond, whole people make the search long and the answer guesswork. */
const horizonMax = 18

export type HiredPerson = {
  role: string
  /** Of the decision; the first day is `leadMonths` later. */
  month: number
  startsIn: number
  count: number
  /** What the first of them adds to gross profit at full effect, in the mean of the months at work, and costs. */
  gainPerMonth: number
  costPerMonth: number
}

export type RoleLine = {
  role: string
  kind: TeamRole['kind']
  link: string
  count: number
  max: number
  /** Of one person, with the share of full time. */
  costPerMonth: number
  leadMonths: number
  ramp: number[]
  /** Share of gross profit that a first person adds, open-source work included. */
  effect: number
  openSourceShare: number
  next: number
  hired: number
  /** What one more would add in the month of most gross profit, and why none more is hired. */
  nextGainPerMonth: number
  whyNoMore: string
}

export type HiringReport = {
  months: number
  /** Gross profit of a mean month; effects are shares of a month's. */
  grossPerMonth: number
  order: HiredPerson[]
  roles: RoleLine[]
  /** What the hires add to net money within the months. */
  gain: number
  upperBound: number
  cash: number[]
  cashLowest: number
  /** What a unit more of cash in a month would add while the hires stay. */
  cashPrices: number[]
}

export type HiringOptions = {
  solver: LinearSolver
  expect: (quantity: Quantity) => number
  cash: number
  buffer: number
  /** Revenue minus all costs, decided financing included, by month. */
  netByMonth: readonly number[]
  grossByMonth: readonly number[]
  discountPerYear: number
}

/** Throws what `planHires` throws: `planning.infeasible-cash` where no plan keeps the buffer. */
export function hireTeam(team: readonly TeamRole[], options: HiringOptions): HiringReport {
  const { solver, expect, cash, buffer, discountPerYear } = options
  const months = Math.min(horizonMax, options.netByMonth.length)
  const gross = options.grossByMonth.slice(0, months).map((value) => Math.max(0, value))
  const meanGross = (from: number) => gross.slice(from).reduce((sum, value) => sum + value, 0) / (months - from)
  const lines = team.map((role) => ({ role, ...describeRole(role, expect) }))
  const roles = lines
    .filter(({ role }) => role.max > 0)
    .map(({ role, effect, costPerMonth }): Role => {
      const grown = createEffect(effect, expect(role.next), role.planned)
      return {
        name: role.name,
        monthlyCost: costPerMonth,
        hireCost: expect(role.hireCost),
        leadMonths: role.leadMonths,
        ramp: role.ramp.map(expect),
        // The forecast has what those at work already do.
        gain: { ...grown, value: (x) => grown.value(x) - grown.value(role.count) },
        gainFactors: gross,
        countMax: role.max,
        countAtStart: role.count,
        ...(role.reportsTo === undefined ? {} : { reportsTo: role.reportsTo }),
        ...(role.span === undefined ? {} : { span: role.span }),
      }
    })
  const people = lines.reduce((sum, { role, costPerMonth }) => sum + role.count * costPerMonth, 0)
  const baseNet = options.netByMonth.slice(0, months).map((net) => net + people)
  const monthlyDiscount = (1 + discountPerYear) ** (-1 / 12)
  const plan = planHires(solver, { cash, bufferMin: buffer, baseNet, roles, monthlyDiscount })
  const without = options.netByMonth.slice(0, months).reduce((sum, net, t) => sum + monthlyDiscount ** t * net, 0)
  const shareOf = ({ effect, role }: (typeof lines)[number], number: number) => {
    const grown = createEffect(effect, expect(role.next), role.planned)
    return grown.value(number) - grown.value(number - 1)
  }
  const hiredBefore = new Map(team.map(({ name, count }) => [name, count]))
  const order = plan.hires.map(({ role, month, count }): HiredPerson => {
    const line = lines.find((one) => one.role.name === role) as (typeof lines)[number]
    const there = hiredBefore.get(role) as number
    hiredBefore.set(role, there + count)
    const startsIn = month + line.role.leadMonths
    return {
      role,
      month,
      startsIn,
      count,
      gainPerMonth: meanGross(Math.min(startsIn, months - 1)) * shareOf(line, there + 1),
      costPerMonth: line.costPerMonth,
    }
  })
  return {
    months,
    grossPerMonth: meanGross(0),
    order: order.sort(
      (one, other) =>
        one.month - other.month || other.gainPerMonth - other.costPerMonth - (one.gainPerMonth - one.costPerMonth),
    ),
    roles: lines.map((line) => {
      const { role, effect, costPerMonth } = line
      const hired = (hiredBefore.get(role.name) as number) - role.count
      const nextGainPerMonth = Math.max(...gross) * shareOf(line, role.count + hired + 1)
      return {
        role: role.name,
        kind: role.kind,
        link: role.link,
        count: role.count,
        max: role.max,
        leadMonths: role.leadMonths,
        ramp: role.ramp.map(expect),
        openSourceShare: expect(role.openSource.share),
        next: expect(role.next),
        effect,
        costPerMonth,
        hired,
        nextGainPerMonth,
        whyNoMore: explain(role.count + hired >= role.max, nextGainPerMonth, costPerMonth),
      }
    }),
    gain: plan.value - without,
    upperBound: plan.upperBound - without,
    cash: [...plan.cash],
    cashLowest: Math.min(...plan.cash),
    cashPrices: [...plan.cashPrices],
  }
}

function explain(isFull: boolean, gain: number, cost: number): string {
  if (isFull) return 'the plan allows no more'
  return gain <= cost
    ? 'in no month would one more bring what it costs'
    : 'cash, lead time and ramp leave too little time'
}

function describeRole(role: TeamRole, expect: HiringOptions['expect']): { effect: number; costPerMonth: number } {
  const { effects, openSource } = role
  const time = expect(role.time)
  const expectAll = (of: TeamRole['effects']) => of.map(([, effect]) => expect(effect))
  return {
    effect: effectOfRole({
      time,
      effects: expectAll(effects),
      openSource: { share: expect(openSource.share), effects: expectAll(openSource.effects) },
    }),
    costPerMonth: time * expect(role.monthly),
  }
}

/** What x people add to those `planned`. */
function createEffect(effect: number, next: number, planned: number): SpendCurve {
  const first = effect * next ** planned
  if (first === 0) return { value: () => 0, slope: () => 0, concaveFrom: 0 }
  if (next === 1) return { value: (x) => first * x, slope: () => first, concaveFrom: 0 }
  if (next === 0) return { value: (x) => first * Math.min(1, x), slope: (x) => (x < 1 ? first : 0), concaveFrom: 0 }
  return exponentialCurve({ max: first / (1 - next), scale: -1 / Math.log(next) })
}
