import { type Kysely, sql } from 'kysely'
import { ConflictError, InvalidInputError } from '../base/index.ts'
import type { Schema } from '../storage/index.ts'
import { monthOf, nextMonth, startOfMonth } from './month.ts'

/** What becomes of an entry whose event time lies in a closed month. */
export type WhenClosed = 'refuse' | 'open-period'

/** The latest month that is closed; all before it are closed too. */
export async function selectLastClosedMonth(database: Kysely<Schema>): Promise<string | null> {
  const { month } = await database
    .selectFrom('ledger_periods')
    .select(({ fn }) => fn.max('month').as('month'))
    .executeTakeFirstOrThrow()
  return month
}

/** When an event counts: null for when it happened, else the first moment that is still open. */
export function chooseBookingTime(eventTime: Date, lastClosedMonth: string | null): Date | null {
  return lastClosedMonth !== null && monthOf(eventTime) <= lastClosedMonth
    ? startOfMonth(nextMonth(lastClosedMonth))
    : null
}

/** An entry cannot be posted as it is: its month is closed. */
export function periodClosed(name: string, eventTime: Date, lastClosedMonth: string): ConflictError {
  return new ConflictError(
    'ledger.period-closed',
    `${name} happened on ${eventTime.toISOString().slice(0, 10)}, and all up to ${lastClosedMonth} is closed.`,
    {
      hint: `Post it into the open period (whenClosed: 'open-period'): it keeps its event time and counts in ${nextMonth(lastClosedMonth)}.`,
    },
  )
}

/** Closes a month and all before it, for good. False where it was closed already. */
export async function closePeriod(database: Kysely<Schema>, month: string, now: Date): Promise<boolean> {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) {
    throw new InvalidInputError('ledger.bad-month', `"${month}" is no month.`, { hint: 'Write it like 2026-10.' })
  }
  if (startOfMonth(nextMonth(month)) > now) {
    throw new InvalidInputError('ledger.period-not-over', `${month} is not over yet.`, {
      hint: `It can be closed from ${startOfMonth(nextMonth(month)).toISOString()} on.`,
    })
  }
  return database.transaction().execute(async (transaction) => {
    // Entries that are being posted are waited for, and later ones see the month closed.
    await sql`lock table ledger_entries in exclusive mode`.execute(transaction)
    const last = await selectLastClosedMonth(transaction)
    if (last !== null && last >= month) return false
    await transaction.insertInto('ledger_periods').values({ month, closed_at: now }).execute()
    return true
  })
}
