import { type Expression, type Kysely, type SqlBool, sql } from 'kysely'
import type { Balance, Entry } from '../contracts/index.ts'
import type { Schema } from '../storage/index.ts'

/** Which entries: all conditions hold together. */
export type EntryFilter = {
  id?: string
  ids?: readonly string[]
  source?: string
  key?: string
  /** An account and all below it. */
  account?: string
  /** Entries that have at least these. */
  dimensions?: Record<string, string>
  /** At most so many, the newest first; 1,000 unless told. */
  limit?: number
}

/** Which postings count towards a balance. */
export type BalanceFilter = {
  /** An account and all below it. */
  account?: string
  commodity?: string
  /** What had happened before this moment. */
  eventTimeBefore?: Date
  /** What the ledger knew before this moment. */
  recordedBefore?: Date
  /** What counts from this moment on. An entry counts when it happened, or where that month was closed in the open one. */
  bookedFrom?: Date
  /** What counts before this moment. */
  bookedBefore?: Date
  /** A further condition on postings and their entries. */
  where?: Expression<SqlBool>
  /** Entries that have at least these. */
  dimensions?: Record<string, string>
}

/** Entries with their postings, newest record first. */
export async function selectEntries(database: Kysely<Schema>, filter: EntryFilter = {}): Promise<Entry[]> {
  let query = database
    .selectFrom('ledger_entries')
    .selectAll()
    .orderBy('sequence', 'desc')
    .limit(filter.limit ?? 1000)
  if (filter.id !== undefined) query = query.where('id', '=', filter.id)
  if (filter.ids !== undefined) query = query.where('id', 'in', filter.ids)
  if (filter.source !== undefined) query = query.where('source', '=', filter.source)
  if (filter.key !== undefined) query = query.where('key', '=', filter.key)
  if (filter.dimensions) query = query.where(hasDimensions(filter.dimensions))
  if (filter.account !== undefined) {
    const matching = database.selectFrom('ledger_postings').select('entry').where(isWithin(filter.account))
    query = query.where('id', 'in', matching)
  }
  const entries = await query.execute()
  const postings = await selectPostings(
    database,
    entries.map((entry) => entry.id),
  )
  return entries.map((row) => ({
    id: row.id,
    source: row.source,
    key: row.key,
    eventTime: row.event_time.toISOString(),
    recordedAt: row.recorded_at.toISOString(),
    description: row.description,
    dimensions: row.dimensions,
    bookedAt: row.booked_at?.toISOString() ?? null,
    reverses: row.reverses,
    postings: postings.get(row.id) ?? [],
  }))
}

/** Sums by account and commodity, ordered by both. */
export async function selectBalances(database: Kysely<Schema>, filter: BalanceFilter = {}): Promise<Balance[]> {
  const rows = await filterPostings(database, filter)
    .select(['account', 'commodity', sql<string>`sum(amount_micro)::text`.as('total')])
    .groupBy(['account', 'commodity'])
    .orderBy(sql`account collate "C"`)
    .orderBy(sql`commodity collate "C"`)
    .execute()
  return rows.map(({ account, commodity, total }) => ({ account, commodity, amountMicro: BigInt(total) }))
}

/** Sums by the value of one dimension and by commodity; entries without that dimension are left out. */
export async function selectDimensionTotals(
  database: Kysely<Schema>,
  dimension: string,
  filter: BalanceFilter,
): Promise<{ value: string; commodity: string; amountMicro: bigint }[]> {
  const postings = filterPostings(database, filter).select([
    sql<string | null>`dimensions ->> ${dimension}`.as('value'),
    'commodity',
    'amount_micro',
  ])
  const rows = await database
    .selectFrom(postings.as('postings'))
    .select([sql<string>`value`.as('value'), 'commodity', sql<string>`sum(amount_micro)::text`.as('total')])
    .where('value', 'is not', null)
    .groupBy(['value', 'commodity'])
    .orderBy(sql`value collate "C"`)
    .orderBy(sql`commodity collate "C"`)
    .execute()
  return rows.map((row) => ({ value: row.value, commodity: row.commodity, amountMicro: BigInt(row.total) }))
}

/** Postings beside their entries, of which the filter's conditions hold. */
export function filterPostings(database: Kysely<Schema>, filter: BalanceFilter) {
  let query = database.selectFrom('ledger_postings').innerJoin('ledger_entries', 'ledger_entries.id', 'entry')
  if (filter.account !== undefined) query = query.where(isWithin(filter.account))
  if (filter.commodity !== undefined) query = query.where('commodity', '=', filter.commodity)
  if (filter.eventTimeBefore) query = query.where('event_time', '<', filter.eventTimeBefore)
  if (filter.recordedBefore) query = query.where('recorded_at', '<', filter.recordedBefore)
  if (filter.bookedFrom) query = query.where(bookingTime, '>=', filter.bookedFrom)
  if (filter.bookedBefore) query = query.where(bookingTime, '<', filter.bookedBefore)
  if (filter.dimensions) query = query.where(hasDimensions(filter.dimensions))
  if (filter.where) query = query.where(filter.where)
  return query
}

/** When an entry counts. */
export const bookingTime = sql<Date>`coalesce(booked_at, event_time)`

function hasDimensions(dimensions: Record<string, string>): Expression<SqlBool> {
  return sql<SqlBool>`dimensions @> ${JSON.stringify(dimensions)}::jsonb`
}

async function selectPostings(database: Kysely<Schema>, entryIds: string[]): Promise<Map<string, Balance[]>> {
  const byEntry = new Map<string, Balance[]>(entryIds.map((id) => [id, []]))
  if (entryIds.length === 0) return byEntry
  const rows = await database
    .selectFrom('ledger_postings')
    .selectAll()
    .where('entry', 'in', entryIds)
    .orderBy('entry')
    .orderBy('position')
    .execute()
  for (const { entry, account, commodity, amount_micro: amountMicro } of rows) {
    byEntry.get(entry)?.push({ account, commodity, amountMicro })
  }
  return byEntry
}

/** An account and all below it. */
export function isWithin(account: string): Expression<SqlBool> {
  return sql<SqlBool>`starts_with(account || ':', ${`${account}:`})`
}
