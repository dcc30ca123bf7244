import { type Kysely, sql } from 'kysely'
import type { BalanceReport, CashReport, IncomeReport, RegisterRow } from '../../contracts/index.ts'
import type { Schema } from '../../storage/index.ts'
import { cashAccounts } from '../account.ts'
import { type BalanceFilter, bookingTime, filterPostings, isWithin, selectBalances } from '../queries.ts'
import { measureGains, selectPositionChanges } from '../rates/currency-gains.ts'
import {
  negate,
  type ReportOptions,
  readRateTable,
  selectDailySums,
  sumByAccount,
  sumByCommodity,
  valueSums,
} from './sums.ts'

/** What accounts hold, valued at the rates of `day`. */
export async function readBalance(
  database: Kysely<Schema>,
  { currency, ...filter }: ReportOptions,
  day: string,
): Promise<BalanceReport> {
  const held = (await selectBalances(database, filter)).map((balance) => ({ ...balance, day }))
  const valued = valueSums(held, currency, await readRateTable(database, filter))
  const balances = sumByAccount(valued)
  return { currency: currency ?? null, balances, totals: sumByCommodity(balances) }
}

/** Postings in the order in which they happened, with what their account held of the commodity after each. */
export async function readRegister(
  database: Kysely<Schema>,
  { limit = 1000, bookedFrom, ...filter }: BalanceFilter & { limit?: number },
): Promise<RegisterRow[]> {
  const running = filterPostings(database, filter).select([
    'id',
    'sequence',
    'position',
    'event_time',
    'booked_at',
    'description',
    'account',
    'commodity',
    'amount_micro',
    sql<string>`(sum(amount_micro) over (
      partition by account, commodity order by ${bookingTime}, sequence, position))::text`.as('running'),
  ])
  let query = database
    .selectFrom(running.as('running'))
    .selectAll()
    .orderBy(bookingTime)
    .orderBy('sequence')
    .orderBy('position')
    .limit(limit)
  if (bookedFrom) query = query.where(bookingTime, '>=', bookedFrom)
  return (await query.execute()).map((row) => ({
    id: row.id,
    eventTime: row.event_time.toISOString(),
    bookedAt: row.booked_at?.toISOString() ?? null,
    description: row.description,
    account: row.account,
    commodity: row.commodity,
    amountMicro: row.amount_micro,
    runningMicro: BigInt(row.running),
  }))
}

/** What was earned and spent, valued on the days on which it counts. */
export async function readIncome(
  database: Kysely<Schema>,
  { currency, ...filter }: ReportOptions,
  day: string,
): Promise<IncomeReport> {
  const rates = await readRateTable(database, filter)
  const rootSums = async (root: string) =>
    sumByAccount(valueSums(await selectDailySums(database, { ...filter, account: root }), currency, rates))
  const income = negate(await rootSums('Income'))
  const expenses = await rootSums('Expenses')
  const { bookedFrom, ...untilEnd } = filter
  const firstDay = bookedFrom?.toISOString().slice(0, 10)
  return {
    currency: currency ?? null,
    income,
    expenses,
    links: sumByAccount(expenses, (account) => account.split(':').slice(0, 2).join(':')),
    net: sumByCommodity([...income, ...negate(expenses)]),
    gains:
      currency === undefined
        ? null
        : measureGains(await selectPositionChanges(database, currency, untilEnd), {
            home: currency,
            rates,
            lastDay: day,
            ...(firstDay === undefined ? {} : { firstDay }),
          }),
  }
}

/** Cash at the beginning, what moved it, and cash at the end: the direct method, by the other accounts of each entry. */
export async function readCash(
  database: Kysely<Schema>,
  { currency, bookedFrom, ...filter }: ReportOptions,
): Promise<CashReport> {
  const rates = await readRateTable(database, filter)
  const cashOf = async (until: BalanceFilter) => {
    const sums = await Promise.all(cashAccounts.map((account) => selectDailySums(database, { ...until, account })))
    return sumByCommodity(valueSums(sums.flat(), currency, rates))
  }
  const touchesCash = sql<boolean>`entry in (select entry from ledger_postings where ${isCash})`
  const others = await selectDailySums(database, {
    ...filter,
    ...(bookedFrom ? { bookedFrom } : {}),
    where: sql`${touchesCash} and not ${isCash}`,
  })
  return {
    currency: currency ?? null,
    opening: bookedFrom ? await cashOf({ ...filter, bookedBefore: bookedFrom }) : [],
    flows: sumByAccount(negate(valueSums(others, currency, rates))),
    closing: await cashOf(filter),
  }
}

const isCash = sql<boolean>`(${sql.join(cashAccounts.map(isWithin), sql` or `)})`
