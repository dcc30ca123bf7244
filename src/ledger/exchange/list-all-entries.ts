import type { Kysely } from 'kysely'
import type { Entry } from '../../contracts/index.ts'
import type { Schema } from '../../storage/index.ts'
import { selectEntries } from '../queries.ts'

const pageSize = 1000

/** Every entry, in the order in which they were recorded; holds one page at a time. */
export async function* listAllEntries(database: Kysely<Schema>): AsyncGenerator<Entry> {
  for (let last = 0n; ; ) {
    const page = await database
      .selectFrom('ledger_entries')
      .select(['id', 'sequence'])
      .where('sequence', '>', last)
      .orderBy('sequence')
      .limit(pageSize)
      .execute()
    if (page.length === 0) return
    const entries = await selectEntries(database, { ids: page.map(({ id }) => id) })
    yield* entries.reverse()
    last = page.at(-1)?.sequence ?? last
  }
}
