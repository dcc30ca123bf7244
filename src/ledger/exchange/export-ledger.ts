import type { Kysely } from 'kysely'
import type { Schema } from '../../storage/index.ts'
import { selectRates } from '../rates/dated-rates.ts'
import { entryColumns, writeEntryRows } from './entry-rows.ts'
import { listAllEntries } from './list-all-entries.ts'
import type { JournalFormat } from './parse-journal.ts'
import { writeEntry, writePreamble } from './write-journal.ts'

/** The whole ledger as text, line by line; entries in the order in which they were recorded. */
export async function* exportLedger(database: Kysely<Schema>, format: JournalFormat | 'csv'): AsyncGenerator<string> {
  if (format === 'csv') {
    yield entryColumns.join(',')
    for await (const entry of listAllEntries(database)) yield* writeEntryRows(entry)
    return
  }
  yield* writePreamble(format, await selectOpenings(database), await selectRates(database))
  for await (const entry of listAllEntries(database)) yield* writeEntry(format, entry)
}

/** Accounts with the day of their first event. */
async function selectOpenings(database: Kysely<Schema>): Promise<Map<string, string>> {
  const rows = await database
    .selectFrom('ledger_postings')
    .innerJoin('ledger_entries', 'ledger_entries.id', 'entry')
    .select(({ fn }) => ['account', fn.min('event_time').as('first')])
    .groupBy('account')
    .orderBy('account')
    .execute()
  return new Map(rows.map(({ account, first }) => [account, first.toISOString().slice(0, 10)]))
}
