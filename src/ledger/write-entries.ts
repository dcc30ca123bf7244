import { type Kysely, sql } from 'kysely'
import { createId } from '../base/index.ts'
import type { Schema } from '../storage/index.ts'
import { chooseBookingTime } from './close-period.ts'
import { hashPayload, type NewEntry } from './entry.ts'

export type WriteOptions = {
  recordedAt: Date
  lastClosedMonth: string | null
}

/**
 * Writes checked entries with their postings in one statement, and gives the ids of those that were not there yet. An entry
 * of a closed month is booked in the open one.
 */
export async function writeEntries(
  transaction: Kysely<Schema>,
  entries: readonly NewEntry[],
  { recordedAt, lastClosedMonth }: WriteOptions,
): Promise<Set<string>> {
  if (entries.length === 0) return new Set()
  const rows = entries.map((entry) => ({
    id: createId('entry', recordedAt),
    source: entry.source,
    key: entry.key,
    payload_sha256: hashPayload(entry),
    event_time: entry.eventTime,
    recorded_at: recordedAt,
    description: entry.description,
    dimensions: entry.dimensions ?? {},
    booked_at: chooseBookingTime(entry.eventTime, lastClosedMonth),
    reverses: entry.reverses ?? null,
  }))
  const postings = entries.flatMap((entry, i) =>
    entry.postings.map(({ account, commodity, amountMicro }, position) => ({
      entry: rows[i]?.id,
      position,
      account,
      commodity,
      amount_micro: amountMicro.toString(),
    })),
  )
  // One parameter however many rows there are, so that the statement stays the same.
  const { rows: written } = await sql<{ id: string }>`
    with written as (
      insert into ledger_entries
        (id, source, key, payload_sha256, event_time, recorded_at, description, dimensions, booked_at, reverses)
      select * from json_to_recordset(${JSON.stringify(rows)}::json) as entry (
        id text, source text, key text, payload_sha256 text, event_time timestamptz, recorded_at timestamptz,
        description text, dimensions jsonb, booked_at timestamptz, reverses text)
      on conflict (source, key) do nothing
      returning id
    ), posted as (
      insert into ledger_postings
      select posting.* from json_to_recordset(${JSON.stringify(postings)}::json) as posting (
        entry text, position integer, account text, commodity text, amount_micro bigint)
      join written on written.id = posting.entry
    )
    select id from written`.execute(transaction)
  return new Set(written.map(({ id }) => id))
}
