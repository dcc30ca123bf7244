/**
 * Whom to hire and what to spend in which month, when people come whole, take time to start and to learn, need managers, and
 * cash must never fall below a buffer. A mixed-integer model, because these constraints couple everything with everything.
 */
import { InvalidInputError } from '../../base/index.ts'
import type { SpendCurve } from '../curves/spend-curve.ts'
import {
  type LinearModel,
  type LinearSolution,
  type LinearSolver,
  relaxModel,
  solveModel,
  type Term,
} from './linear-model.ts'
import { segmentCurve } from './segment-curve.ts'

export type Role = {
  name: string
  monthlyCost: number
  /** Paid in the month of the decision. */
  hireCost?: number
  /** Months from the decision to the first day of work. */
  leadMonths?: number
  /** Share of the full effect in the first, second, … month of work; 1 from then on. */
  ramp?: readonly number[]
  /** Money a month by the number of people at full effect. */
  gain: SpendCurve
  /** At most this many at any time, those at the start included. */
  countMax: number
  countAtStart?: number
  /** Nobody of this role without somebody of that, each of whom leads at most its `span`. */
  reportsTo?: string
  span?: number
}

export type MonthlySpend = {
  name: string
  perMonthMax: number
  /** Money that a month's spend brings in, `delayMonths` later. */
  returns: SpendCurve
  delayMonths?: number
}

export type HiringQuestion = {
  cash: number
  /** Cash at the end of each month is at least this. */
  bufferMin?: number
  /** Revenue minus cost of each month without the decisions; its length is the horizon. */
  baseNet: readonly number[]
  roles: readonly Role[]
  spends?: readonly MonthlySpend[]
  /** What money is worth a month later: 1 by default. */
  monthlyDiscount?: number
}

export type HiringPlan = {
  /** Discounted sum of all months' net money, base included. */
  value: number
  /** The same if people came in fractions: no plan is worth more. */
  upperBound: number
  hires: readonly { role: string; month: number; count: number }[]
  spends: readonly { name: string; month: number; amount: number }[]
  /** Cash at the end of each month. */
  cash: readonly number[]
  /** What a unit of credit, due in no month but this, would add to the value while the hires stay as they are. */
  cashPrices: readonly number[]
}

/** Months count from 0. Throws `planning.bad-hiring`, and `planning.infeasible-cash` where no plan keeps the buffer. */
export function planHires(solver: LinearSolver, question: HiringQuestion): HiringPlan {
  checkQuestion(question)
  const { baseNet, cash, bufferMin = 0, monthlyDiscount = 1 } = question
  const { model, start } = buildModel(question)
  const solution = solveOrName(solver, model, question)
  const amountOf = (name: string) => solution.values[name] as number
  const months = baseNet.map((_, month) => month)
  const base = baseNet.reduce((sum, net, month) => sum + monthlyDiscount ** month * net, 0) + start
  return {
    value: base + solution.objective,
    upperBound: base + solveModel(solver, relaxModel(model)).objective,
    hires: months.flatMap((month) =>
      question.roles.flatMap(({ name }) => {
        const count = solution.values[hired(name, month)] ?? 0
        return count > 0 ? [{ role: name, month, count }] : []
      }),
    ),
    spends: months.flatMap((month) =>
      (question.spends ?? []).flatMap(({ name }) => {
        const amount = solution.values[spent(name, month)] ?? 0
        return amount > 1e-9 * Math.max(1, cash) ? [{ name, month, amount }] : []
      }),
    ),
    cash: months.map((month) => amountOf(cashAt(month)) + bufferMin),
    cashPrices: months.map((month) => Math.max(0, -(solution.prices[`${cashAt(month)}:buffer`] as number))),
  }
}

const hired = (role: string, month: number) => `hire:${role}:${month}`
const spent = (name: string, month: number) => `spend:${name}:${month}`
const cashAt = (month: number) => `cash:${month}`

type Building = {
  variables: Record<string, LinearModel['variables'][string]>
  constraints: Record<string, LinearModel['constraints'][string]>
  /** Money that decisions bring (+) and cost (−) in each month. */
  flows: Term[][]
  /** Money of each month that does not depend on decisions, beyond the base: curves that do not begin at 0. */
  startFlows: number[]
}

/** `start` is the discounted money of those at work from the start and of curves that do not begin at 0. */
function buildModel(question: HiringQuestion): { model: LinearModel; start: number } {
  const { baseNet, cash, bufferMin = 0, monthlyDiscount = 1 } = question
  const building: Building = {
    variables: {},
    constraints: {},
    flows: baseNet.map(() => []),
    startFlows: baseNet.map(() => 0),
  }
  for (const role of question.roles) addRole(building, role)
  for (const role of question.roles) addSpan(building, role, question)
  for (const spend of question.spends ?? []) addSpend(building, spend)
  const maximize: Term[] = []
  baseNet.forEach((net, month) => {
    const flows = building.flows[month] as Term[]
    // cash = cash before + net + flows, counted from the buffer.
    building.variables[cashAt(month)] = { min: Number.NEGATIVE_INFINITY }
    const before: Term[] = month === 0 ? [] : [[cashAt(month - 1), -1]]
    building.constraints[cashAt(month)] = {
      terms: [[cashAt(month), 1], ...before, ...flows.map(([name, factor]): Term => [name, -factor])],
      relation: '=',
      limit: net + (building.startFlows[month] as number) + (month === 0 ? cash - bufferMin : 0),
    }
    building.constraints[`${cashAt(month)}:buffer`] = { terms: [[cashAt(month), 1]], relation: '>=', limit: 0 }
    for (const [name, factor] of flows) maximize.push([name, factor * monthlyDiscount ** month])
  })
  const start = building.startFlows.reduce((sum, flow, month) => sum + monthlyDiscount ** month * flow, 0)
  return { model: { maximize, variables: building.variables, constraints: building.constraints }, start }
}

function addRole(building: Building, role: Role): void {
  const { name, monthlyCost, hireCost = 0, leadMonths = 0, ramp = [], gain, countMax, countAtStart = 0 } = role
  const months = building.flows.length
  const decisions = Array.from({ length: Math.max(0, months - leadMonths) }, (_, month) => month)
  for (const month of decisions) {
    building.variables[hired(name, month)] = { max: countMax - countAtStart, integer: true }
    building.flows[month]?.push([hired(name, month), -hireCost])
  }
  if (decisions.length > 0) {
    building.constraints[`count:${name}`] = {
      terms: decisions.map((month) => [hired(name, month), 1]),
      relation: '<=',
      limit: countMax - countAtStart,
    }
  }
  for (let month = 0; month < months; month++) {
    const working = decisions.filter((decided) => decided + leadMonths <= month)
    for (const decided of working) building.flows[month]?.push([hired(name, decided), -monthlyCost])
    // Two pieces for each person, so that whole people are exact; people in training stand between.
    const segments = segmentCurve(`gain:${name}:${month}`, gain, countMax, 2 * countMax)
    Object.assign(building.variables, segments.variables)
    Object.assign(building.constraints, segments.constraints)
    building.constraints[`effect:${name}:${month}`] = {
      terms: [
        ...segments.spend,
        ...working.map((decided): Term => [hired(name, decided), -(ramp[month - decided - leadMonths] ?? 1)]),
      ],
      relation: '=',
      limit: countAtStart,
    }
    building.flows[month]?.push(...segments.value)
    building.startFlows[month] = (building.startFlows[month] as number) + segments.start - monthlyCost * countAtStart
  }
}

/** All who report to a role are at most its people × its span, in every month. */
function addSpan(building: Building, manager: Role, { roles }: HiringQuestion): void {
  const reports = roles.filter(({ reportsTo }) => reportsTo === manager.name)
  if (reports.length === 0) return
  const atWork = ({ name, leadMonths = 0 }: Role, month: number, factor: number): Term[] =>
    building.flows.flatMap((_, decided): Term[] =>
      decided + leadMonths <= month ? [[hired(name, decided), factor]] : [],
    )
  const span = manager.span ?? Number.POSITIVE_INFINITY
  const atStart = reports.reduce((sum, { countAtStart = 0 }) => sum + countAtStart, 0)
  building.flows.forEach((_, month) => {
    const terms = [...reports.flatMap((role) => atWork(role, month, 1)), ...atWork(manager, month, -span)]
    if (terms.length === 0) return
    building.constraints[`span:${manager.name}:${month}`] = {
      terms,
      relation: '<=',
      limit: span * (manager.countAtStart ?? 0) - atStart,
    }
  })
}

function addSpend(building: Building, { name, perMonthMax, returns, delayMonths = 0 }: MonthlySpend): void {
  building.flows.forEach((flows, month) => {
    building.variables[spent(name, month)] = { max: perMonthMax }
    flows.push([spent(name, month), -1])
    const segments = segmentCurve(`returns:${name}:${month}`, returns, perMonthMax)
    const due = building.flows[month + delayMonths]
    if (due === undefined) return
    Object.assign(building.variables, segments.variables)
    Object.assign(building.constraints, segments.constraints)
    building.constraints[`spend:${name}:${month}`] = {
      terms: [...segments.spend, [spent(name, month), -1]],
      relation: '=',
      limit: 0,
    }
    due.push(...segments.value)
    building.startFlows[month + delayMonths] = (building.startFlows[month + delayMonths] as number) + segments.start
  })
}

function solveOrName(solver: LinearSolver, model: LinearModel, question: HiringQuestion): LinearSolution {
  try {
    return solveModel(solver, model)
  } catch (error) {
    if (!(error instanceof InvalidInputError) || error.code !== 'planning.no-solution') throw error
    const { cash, bufferMin = 0, baseNet } = question
    let left = cash
    const month = baseNet.findIndex((net) => {
      left += net
      return left < bufferMin
    })
    throw new InvalidInputError(
      'planning.infeasible-cash',
      month < 0
        ? 'No plan keeps cash above the buffer with the people who are there at the start.'
        : `No plan keeps cash above ${bufferMin}: without any decision it is ${left} at the end of month ${month}.`,
      { hint: 'Raise money, lower the cost, or lower the buffer.', cause: error },
    )
  }
}

function checkQuestion({
  baseNet,
  cash,
  bufferMin = 0,
  roles,
  spends = [],
  monthlyDiscount = 1,
}: HiringQuestion): void {
  const names = [...roles, ...spends].map(({ name }) => name)
  const problems = [
    ...(baseNet.length === 0 ? ['there are no months'] : []),
    ...([...baseNet, cash, bufferMin].every(Number.isFinite) ? [] : ['an amount is no number']),
    ...(monthlyDiscount > 0 && monthlyDiscount <= 1 ? [] : [`the discount is ${monthlyDiscount}`]),
    ...names.filter((name, i) => names.indexOf(name) < i).map((name) => `two are named "${name}"`),
    ...roles.flatMap(
      ({ name, monthlyCost, hireCost = 0, leadMonths = 0, countMax, countAtStart = 0, reportsTo, ramp = [] }) => [
        ...(monthlyCost >= 0 && hireCost >= 0 ? [] : [`"${name}" costs less than nothing`]),
        ...(isCount(leadMonths) &&
        isCount(countMax) &&
        countMax > 0 &&
        isCount(countAtStart) &&
        countAtStart <= countMax
          ? []
          : [`"${name}" has ${countAtStart} of at most ${countMax} people, after ${leadMonths} months`]),
        ...(ramp.every((share) => share >= 0 && share <= 1) ? [] : [`"${name}" has a ramp outside of 0 to 1`]),
        ...(reportsTo === undefined || roles.some((role) => role.name === reportsTo && (role.span ?? 0) > 0)
          ? []
          : [`"${name}" reports to "${reportsTo}", which is no role with a span`]),
      ],
    ),
    ...spends.flatMap(({ name, perMonthMax, delayMonths = 0 }) =>
      perMonthMax > 0 && perMonthMax < Number.POSITIVE_INFINITY && isCount(delayMonths)
        ? []
        : [`"${name}" may spend ${perMonthMax} a month, back after ${delayMonths} months`],
    ),
  ]
  if (problems.length === 0) return
  throw new InvalidInputError('planning.bad-hiring', `No hiring can be planned: ${problems.join('; ')}.`, {
    hint: 'Give finite amounts of at least 0, whole counts and months, and names that are there once.',
    details: problems,
  })
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0
}
