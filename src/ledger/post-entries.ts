import { type Kysely, sql } from 'kysely'
import { ConflictError } from '../base/index.ts'
import type { Schema } from '../storage/index.ts'
import { periodClosed, selectLastClosedMonth, type WhenClosed } from './close-period.ts'
import { checkEntry, hashPayload, type NewEntry, nameEntry } from './entry.ts'
import { monthOf } from './month.ts'
import { writeEntries } from './write-entries.ts'

/** How many entries were new, and how many stood there already. */
export type PostedEntries = { posted: number; repeated: number }

const entriesPerStatement = 1000
const conflictsShown = 20

/** Posts entries, all or none. */
export async function postEntries(
  database: Kysely<Schema>,
  entries: readonly NewEntry[],
  { whenClosed, now }: { whenClosed: WhenClosed; now: Date },
): Promise<PostedEntries> {
  for (const entry of entries) checkEntry(entry)
  return database.transaction().execute(async (transaction) => {
    const lastClosedMonth = await selectLastClosedMonth(transaction)
    let posted = 0
    for (let start = 0; start < entries.length; start += entriesPerStatement) {
      const fresh = await selectFresh(transaction, entries.slice(start, start + entriesPerStatement))
      const late = fresh.find(({ eventTime }) => lastClosedMonth !== null && monthOf(eventTime) <= lastClosedMonth)
      if (late && lastClosedMonth !== null && whenClosed === 'refuse')
        throw periodClosed(nameEntry(late), late.eventTime, lastClosedMonth)
      await writeEntries(transaction, fresh, { recordedAt: now, lastClosedMonth })
      posted += fresh.length
    }
    return { posted, repeated: entries.length - posted }
  })
}

/** Those that do not stand there yet, each once; throws `ledger.key-reused` with all whose key stands for another. */
async function selectFresh(transaction: Kysely<Schema>, entries: readonly NewEntry[]): Promise<NewEntry[]> {
  const keys = entries.map(({ source, key }) => ({ source, key }))
  const { rows } = await sql<{ source: string; key: string; payload_sha256: string }>`
    select source, key, payload_sha256 from ledger_entries
    join json_to_recordset(${JSON.stringify(keys)}::json) as wanted (source text, key text) using (source, key)
  `.execute(transaction)
  const known = new Map(rows.map((row) => [JSON.stringify([row.source, row.key]), row.payload_sha256]))
  const reused: string[] = []
  const fresh = entries.filter((entry) => {
    const name = JSON.stringify([entry.source, entry.key])
    const hash = hashPayload(entry)
    const stored = known.get(name)
    known.set(name, stored ?? hash)
    if (stored !== undefined && stored !== hash) reused.push(`${entry.source}/${entry.key}`)
    return stored === undefined
  })
  if (reused.length === 0) return fresh
  throw new ConflictError(
    'ledger.key-reused',
    `These keys stand for other entries already: ${reused.slice(0, conflictsShown).join(', ')}.`,
    { hint: 'Send an entry unchanged, or give a new one its own key: nothing was written.', details: { reused } },
  )
}
