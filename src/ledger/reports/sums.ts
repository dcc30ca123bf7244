/** What the reports share: sums of postings, each commodity by itself or all valued in one currency. */
import { type Kysely, sql } from 'kysely'
import type { Amount, Balance } from '../../contracts/index.ts'
import type { Schema } from '../../storage/index.ts'
import { type BalanceFilter, bookingTime, filterPostings } from '../queries.ts'
import { createRateTable, isCurrency, type RateTable, rateMissing, selectRates } from '../rates/dated-rates.ts'

export type ReportOptions = BalanceFilter & {
  /** Value what has a rate in this currency; without it each commodity stands for itself. */
  currency?: string | undefined
}

/** A sum of one account, commodity and day; `value` is that of the dimension asked for. */
export type DailySum = Balance & { day: string; value: string | null }

/** Sums by account, commodity, day on which they count and, where asked, a dimension. */
export async function selectDailySums(
  database: Kysely<Schema>,
  filter: BalanceFilter,
  dimension?: string,
): Promise<DailySum[]> {
  const value =
    dimension === undefined ? sql<string | null>`null::text` : sql<string | null>`dimensions ->> ${dimension}`
  const rows = await filterPostings(database, filter)
    .select([
      'account',
      'commodity',
      sql<string>`to_char(${bookingTime} at time zone 'UTC', 'YYYY-MM-DD')`.as('day'),
      value.as('value'),
      sql<string>`sum(amount_micro)::text`.as('total'),
    ])
    .groupBy(['account', 'commodity', sql`3`, sql`4`])
    .orderBy(sql`account collate "C"`)
    .orderBy(sql`commodity collate "C"`)
    .orderBy(sql`3`)
    .execute()
  return rows.map(({ total, ...row }) => ({ ...row, amountMicro: BigInt(total) }))
}

/** The rates by which a report values; those known at its record time. */
export async function readRateTable(database: Kysely<Schema>, { recordedBefore }: BalanceFilter): Promise<RateTable> {
  return createRateTable(await selectRates(database, recordedBefore))
}

/** Values sums at each one's day. A measured unit without a rate stays as it is; a currency throws `ledger.rate-missing`. */
export function valueSums<Sum extends Amount & { day: string }>(
  sums: readonly Sum[],
  currency: string | undefined,
  rates: RateTable,
): Sum[] {
  if (currency === undefined) return [...sums]
  return sums.map((sum) => {
    const valued = rates.convert(sum.amountMicro, sum.commodity, currency, sum.day)
    if (valued !== null) return { ...sum, commodity: currency, amountMicro: valued }
    if (isCurrency(sum.commodity)) throw rateMissing(sum.commodity, currency, sum.day)
    return sum
  })
}

/** Sums by account and commodity; what comes to zero is left out. */
export function sumByAccount(sums: readonly Balance[], nameOf = (account: string) => account): Balance[] {
  const totals = new Map<string, Balance>()
  for (const { account, commodity, amountMicro } of sums) {
    const name = nameOf(account)
    const before = totals.get(`${name} ${commodity}`)?.amountMicro ?? 0n
    totals.set(`${name} ${commodity}`, { account: name, commodity, amountMicro: before + amountMicro })
  }
  return [...totals.values()].filter(({ amountMicro }) => amountMicro !== 0n)
}

/** Sums by commodity; what comes to zero is left out. */
export function sumByCommodity(sums: readonly Amount[]): Amount[] {
  const totals = new Map<string, bigint>()
  for (const { commodity, amountMicro } of sums) totals.set(commodity, (totals.get(commodity) ?? 0n) + amountMicro)
  return [...totals].flatMap(([commodity, amountMicro]) => (amountMicro === 0n ? [] : [{ commodity, amountMicro }]))
}

export function negate<Sum extends Amount>(sums: readonly Sum[]): Sum[] {
  return sums.map((sum) => ({ ...sum, amountMicro: -sum.amountMicro }))
}
