import type { Kysely } from 'kysely'
import { CapstanError, type Clock, InvalidInputError } from '../../base/index.ts'
import { type ImportMapping, importMappingSchema } from '../../contracts/index.ts'
import type { Schema } from '../../storage/index.ts'
import type { WhenClosed } from '../close-period.ts'
import { checkEntry } from '../entry.ts'
import { type PostedEntries, postEntries } from '../post-entries.ts'
import { listRateFaults, recordRate } from '../rates/dated-rates.ts'
import type { LineProblem, ReadJournal } from './parse-journal.ts'

export type Imported = PostedEntries & { rates: number }

const problemsShown = 20

/** Posts what a file says, all or nothing. Throws InvalidInputError `ledger.bad-import` with every problem and its line. */
export async function importEntries(
  database: Kysely<Schema>,
  clock: Clock,
  read: ReadJournal,
  { file, whenClosed }: { file: string; whenClosed: WhenClosed },
): Promise<Imported> {
  const problems = [...read.problems]
  for (const { line, ...entry } of read.entries) {
    try {
      checkEntry(entry)
    } catch (error) {
      if (!(error instanceof CapstanError)) throw error
      problems.push({ line, message: error.message })
    }
  }
  for (const { line, ...rate } of read.rates)
    for (const fault of listRateFaults(rate)) problems.push({ line, message: fault })
  if (problems.length > 0) throw badImport(file, problems)
  const entries = read.entries.map(({ line: _, ...entry }) => entry)
  const posted = await postEntries(database, entries, { whenClosed, now: clock.now() })
  let rates = 0
  for (const { line: _, ...rate } of read.rates) if (await recordRate(database, rate, clock.now())) rates++
  return { ...posted, rates }
}

/** How files with these columns were read the last time. */
export async function findMapping(database: Kysely<Schema>, layout: string): Promise<ImportMapping | null> {
  const row = await database
    .selectFrom('import_layouts')
    .select('mapping')
    .where('layout', '=', layout)
    .executeTakeFirst()
  return row ? importMappingSchema.parse(row.mapping) : null
}

export async function rememberMapping(
  database: Kysely<Schema>,
  clock: Clock,
  layout: string,
  mapping: ImportMapping,
): Promise<void> {
  const row = { mapping: JSON.stringify(mapping), updated_at: clock.now() }
  await database
    .insertInto('import_layouts')
    .values({ layout, ...row })
    .onConflict((conflict) => conflict.column('layout').doUpdateSet(row))
    .execute()
}

function badImport(file: string, problems: LineProblem[]): InvalidInputError {
  const inOrder = problems.sort((a, b) => a.line - b.line)
  const shown = inOrder.slice(0, problemsShown).map(({ line, message }) => `\n  line ${line}: ${message}`)
  const more = inOrder.length > shown.length ? `\n  and ${inOrder.length - shown.length} more` : ''
  return new InvalidInputError('ledger.bad-import', `${file} is not imported:${shown.join('')}${more}`, {
    hint: 'Correct these lines and import the file again: nothing was written.',
    details: { file, problems: inOrder },
  })
}
