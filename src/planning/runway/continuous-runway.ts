/**
 * How long the cash lasts where revenue and expenses flow without steps: the convention of Trevor Blackwell's calculator
 * (growth.tlb.org), on which Paul Graham's "Default Alive or Default Dead?" rests. Any period; all of one call the same.
 */

import { checkNumbers } from '../check-numbers.ts'
import { bisect } from '../find-root.ts'

/** Of revenue: `rate` 0.08 is 8 % more each period; `amount` is that much more each period. */
export type Growth = { kind: 'compound'; rate: number } | { kind: 'linear'; amount: number }

/** More each period than any company grows: with less cash than that needs, none suffices. */
const growthMax = 1000

/** Expenses and revenue of a period now, and how revenue grows; expenses stay. */
export type Course = { expenses: number; revenue: number; growth: Growth }

/** The verdict, in periods of the course. */
export type ContinuousRunway = {
  convention: 'continuous'
  /** Periods until revenue meets expenses; null: never. */
  breakEven: number | null
  /** Cash that is used up until then; null where there is no then. */
  capitalNeeded: number | null
  defaultAlive: boolean
  /** Cash beyond what is needed, negative where it does not suffice; null where no cash would. */
  cushion: number | null
  /** Periods until the cash is gone; null: it never is. */
  runway: number | null
}

/** Throws InvalidInputError `plan.invalid-number`. */
export function projectRunway({ cash, ...course }: Course & { cash: number }): ContinuousRunway {
  checkCourse(course, cash)
  const breakEven = findBreakEven(course)
  const capitalNeeded = breakEven === null ? null : Math.max(0, burnUntil(course, breakEven))
  const defaultAlive = capitalNeeded !== null && capitalNeeded <= cash
  const cushion = capitalNeeded === null ? null : cash - capitalNeeded
  const runway = defaultAlive ? null : findEmpty(course, cash, breakEven)
  return { convention: 'continuous', breakEven, capitalNeeded, defaultAlive, cushion, runway }
}

/** The smallest growth of the course's kind with which the cash suffices; null where none does. */
export function findGrowthToLive({ cash, ...course }: Course & { cash: number }): number | null {
  checkCourse(course, cash)
  const { expenses, revenue, growth } = course
  if (revenue >= expenses) return 0
  if (growth.kind === 'linear') return cash > 0 ? (expenses - revenue) ** 2 / (2 * cash) : null
  if (revenue === 0 || cash === 0) return null
  const missing = (rate: number) => capitalFor({ ...course, growth: { kind: 'compound', rate } }) - cash
  let high = 1
  while (missing(high) > 0) {
    if (high > growthMax) return null
    high *= 2
  }
  return bisect(missing, 0, high)
}

/** The largest expenses with which the cash suffices at this growth: how much to cut. */
export function findExpensesToLive({ cash, ...course }: Course & { cash: number }): number {
  checkCourse(course, cash)
  const missing = (expenses: number) => capitalFor({ ...course, expenses }) - cash
  if (missing(course.expenses) <= 0) return course.expenses
  if (rateOf(course.growth) <= 0) return course.revenue
  return bisect(missing, course.revenue, course.expenses)
}

function capitalFor(course: Course): number {
  const breakEven = findBreakEven(course)
  return breakEven === null ? Infinity : Math.max(0, burnUntil(course, breakEven))
}

function findBreakEven({ expenses, revenue, growth }: Course): number | null {
  const rate = rateOf(growth)
  if (expenses === 0 || (revenue >= expenses && rate >= 0)) return 0
  if (rate <= 0 || (growth.kind === 'compound' && revenue === 0)) return null
  return growth.kind === 'linear' ? (expenses - revenue) / rate : Math.log(expenses / revenue) / Math.log1p(rate)
}

/** Expenses minus revenue from now until `time`. */
function burnUntil({ expenses, revenue, growth }: Course, time: number): number {
  if (growth.kind === 'linear') {
    // Revenue that falls ends at 0.
    const earning = growth.amount < 0 ? Math.min(time, -revenue / growth.amount) : time
    return expenses * time - revenue * earning - (growth.amount * earning * earning) / 2
  }
  const r = Math.log1p(growth.rate)
  return expenses * time - revenue * (r === 0 ? time : Math.expm1(r * time) / r)
}

function findEmpty(course: Course, cash: number, breakEven: number | null): number {
  let until = breakEven ?? 1
  while (burnUntil(course, until) < cash) until *= 2
  return cash === 0 && course.revenue < course.expenses ? 0 : bisect((time) => burnUntil(course, time) - cash, 0, until)
}

function rateOf(growth: Growth): number {
  return growth.kind === 'linear' ? growth.amount : growth.rate
}

function checkCourse({ expenses, revenue, growth }: Course, cash: number): void {
  checkNumbers('the runway', {
    cash: [cash, 'at least 0'],
    expenses: [expenses, 'at least 0'],
    revenue: [revenue, 'at least 0'],
    'growth of revenue': [rateOf(growth), 'finite'],
    ...(growth.kind === 'compound' && { '1 + growth': [1 + growth.rate, 'positive'] }),
  })
}
