/** A plan of hires as a mixed-integer model: hires are whole numbers, curves are straight pieces, cash is a chain of months. */
import type { HiringQuestion, MonthlySpend, Role } from './hiring-question.ts'
import type { LinearModel, Term } from './linear-model.ts'
import { segmentCurve } from './segment-curve.ts'

/** Names of the variables of a month: people hired, money spent, cash above the buffer at its end. */
export const hired = (role: string, month: number) => `hire:${role}:${month}`
export const spent = (name: string, month: number) => `spend:${name}:${month}`
export const cashAt = (month: number) => `cash:${month}`

type Building = {
  variables: Record<string, LinearModel['variables'][string]>
  constraints: Record<string, LinearModel['constraints'][string]>
  /** Money that decisions bring (+) and cost (−) in each month. */
  flows: Term[][]
  /** Money of each month that does not depend on decisions, beyond the base: curves that do not begin at 0. */
  startFlows: number[]
}

/** `start` is the discounted money of those at work from the start and of curves that do not begin at 0. */
export function buildHiringModel(question: HiringQuestion): { model: LinearModel; start: number } {
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
    const factor = role.gainFactors?.[month] ?? 1
    building.flows[month]?.push(...segments.value.map(([piece, slope]): Term => [piece, factor * slope]))
    building.startFlows[month] =
      (building.startFlows[month] as number) + factor * segments.start - monthlyCost * countAtStart
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
