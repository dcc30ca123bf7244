import { type Kysely, sql } from 'kysely'
import type { Schema } from '../storage/index.ts'
import type { NewEntry } from './entry.ts'

/**
 * The first entry of a bucket (a minute of a caller, an invoice) has the bucket's name as key, each further one a number behind
 * it. All are of one source, and an entry of a bucket always has the bucket's event time.
 */
export async function numberEntries(transaction: Kysely<Schema>, entries: readonly NewEntry[]): Promise<NewEntry[]> {
  if (entries.length === 0) return []
  const { rows } = await sql<{ bucket: string; count: bigint }>`
    select regexp_replace(key, '#[0-9]+$', '') as bucket, count(*) as count from ledger_entries
    where source = ${entries[0]?.source}
      and event_time in (select value::timestamptz from json_array_elements_text(${JSON.stringify(
        entries.map(({ eventTime }) => eventTime),
      )}::json))
    group by 1`.execute(transaction)
  const counts = new Map(rows.map(({ bucket, count }) => [bucket, Number(count)]))
  return entries.map((entry) => {
    const count = counts.get(entry.key) ?? 0
    return count === 0 ? entry : { ...entry, key: `${entry.key}#${count + 1}` }
  })
}
