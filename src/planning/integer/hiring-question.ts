/** What a plan of hires is asked: who can be hired, what can be spent, and the money there is. Months count from 0. */
import { InvalidInputError } from '../../base/index.ts'
import type { SpendCurve } from '../curves/spend-curve.ts'

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
  /** What the gain is multiplied with in each month, as a venture grows; 1 where left out. */
  gainFactors?: readonly number[]
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

/** Throws `planning.bad-hiring` with every problem. */
export function checkQuestion(question: HiringQuestion): void {
  const { baseNet, cash, bufferMin = 0, roles, spends = [], monthlyDiscount = 1 } = question
  const problems: string[] = []
  const check = (holds: boolean, problem: string) => {
    if (!holds) problems.push(problem)
  }
  check(baseNet.length > 0, 'there are no months')
  check([...baseNet, cash, bufferMin].every(Number.isFinite), 'an amount is no number')
  check(monthlyDiscount > 0 && monthlyDiscount <= 1, `the discount is ${monthlyDiscount}`)
  const names = [...roles, ...spends].map(({ name }) => name)
  for (const [i, name] of names.entries()) check(names.indexOf(name) === i, `two are named "${name}"`)
  for (const role of roles) {
    const { name, monthlyCost, hireCost = 0, leadMonths = 0, countMax, countAtStart = 0, reportsTo, ramp = [] } = role
    check(monthlyCost >= 0 && hireCost >= 0, `"${name}" costs less than nothing`)
    check(
      [leadMonths, countMax, countAtStart].every(isCount) && countMax > 0 && countAtStart <= countMax,
      `"${name}" has ${countAtStart} of at most ${countMax} people, after ${leadMonths} months`,
    )
    check(
      ramp.every((share) => share >= 0 && share <= 1),
      `"${name}" has a ramp outside of 0 to 1`,
    )
    check(
      (role.gainFactors ?? []).every((factor) => Number.isFinite(factor) && factor >= 0),
      `"${name}" has a gain that is multiplied with less than nothing`,
    )
    check(
      reportsTo === undefined || roles.some((other) => other.name === reportsTo && (other.span ?? 0) > 0),
      `"${name}" reports to "${reportsTo}", which is no role with a span`,
    )
  }
  for (const { name, perMonthMax, delayMonths = 0 } of spends) {
    check(
      perMonthMax > 0 && perMonthMax < Number.POSITIVE_INFINITY && isCount(delayMonths),
      `"${name}" may spend ${perMonthMax} a month, back after ${delayMonths} months`,
    )
  }
  if (problems.length === 0) return
  throw new InvalidInputError('planning.bad-hiring', `No hiring can be planned: ${problems.join('; ')}.`, {
    hint: 'Give finite amounts of at least 0, whole counts and months, and names that are there once.',
    details: problems,
  })
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0
}
