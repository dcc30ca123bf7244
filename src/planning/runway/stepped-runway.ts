/** How long the cash lasts month by month, once with the facts alone and once with the hopes: hires and raises that are only planned. */
import { checkNumbers } from '../check-numbers.ts'
import type { Course } from './continuous-runway.ts'

/** What is planned but not decided. */
export type Hopes = {
  /** More expenses from a month on: hires, an office. */
  expenses: readonly { name: string; fromMonth: number; perMonth: number }[]
  /** Money that comes in at the start of a month: a round, a grant. */
  cash: readonly { name: string; month: number; amount: number }[]
}

/** The verdict month by month. */
export type SteppedRunway = {
  /** Month 0 has today's revenue and expenses, month 1 the first grown revenue; cash counts at the end of a month. */
  convention: 'start-of-month steps'
  /** The month from which on revenue covers expenses until the horizon; null: not within it. */
  breakEvenMonth: number | null
  /** The most that expenses exceed revenue by, summed from the start; money raised does not count. */
  capitalNeeded: number
  lowestCash: number
  /** Whole months until cash falls below the buffer; null: not within the horizon. */
  runwayMonths: number | null
  /** Breaks even within the horizon, and is never below the buffer before. */
  defaultAlive: boolean
}

/** Today's figures. */
export type SteppedOptions = Course & {
  cash: number
  /** @default 120 */
  horizonMonths?: number
  /** Cash below which the company counts as ruined. @default 0 */
  buffer?: number
}

/** Facts: today's expenses stay. Throws InvalidInputError `plan.invalid-number`. */
export function compareFactsWithHopes({ hopes, ...course }: SteppedOptions & { hopes: Hopes }): {
  facts: SteppedRunway
  hopes: SteppedRunway
} {
  return { facts: stepRunway(course), hopes: stepRunway(course, hopes) }
}

/** Throws InvalidInputError `plan.invalid-number`. */
export function stepRunway(options: SteppedOptions, hopes: Hopes = { expenses: [], cash: [] }): SteppedRunway {
  const { cash, expenses, revenue, growth, horizonMonths = 120, buffer = 0 } = options
  checkNumbers('the runway', {
    cash: [cash, 'finite'],
    expenses: [expenses, 'at least 0'],
    revenue: [revenue, 'at least 0'],
    horizonMonths: [horizonMonths, 'a whole number above 0'],
    buffer: [buffer, 'finite'],
  })
  let [held, earned, income] = [cash, 0, revenue]
  let [lowestCash, capitalNeeded] = [Infinity, 0]
  let breakEvenMonth: number | null = null
  let runwayMonths: number | null = null
  for (let month = 0; month < horizonMonths; month++) {
    const cost =
      expenses + hopes.expenses.reduce((sum, { fromMonth, perMonth }) => sum + (month >= fromMonth ? perMonth : 0), 0)
    const net = income - cost
    earned += net
    held += net + hopes.cash.reduce((sum, raise) => sum + (raise.month === month ? raise.amount : 0), 0)
    lowestCash = Math.min(lowestCash, held)
    capitalNeeded = Math.max(capitalNeeded, -earned)
    if (held < buffer) runwayMonths ??= month
    breakEvenMonth = net < 0 ? null : (breakEvenMonth ?? month)
    income = growth.kind === 'linear' ? Math.max(0, income + growth.amount) : income * (1 + growth.rate)
  }
  const defaultAlive = runwayMonths === null && breakEvenMonth !== null
  return { convention: 'start-of-month steps', breakEvenMonth, capitalNeeded, lowestCash, runwayMonths, defaultAlive }
}
