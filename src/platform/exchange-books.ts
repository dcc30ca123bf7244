/** Files into the ledger, and the ledger into files. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { InvalidInputError } from '../base/index.ts'
import type { Entry, ImportMapping, StatementKind } from '../contracts/index.ts'
import { type RowProblem, readRows } from '../data/index.ts'
import {
  chooseMapping,
  exportLedger,
  findMapping,
  type Imported,
  importEntries,
  type JournalFormat,
  layoutOf,
  listAllEntries,
  type MappingRequest,
  type OcfFiles,
  parseJournal,
  type ReadJournal,
  readEntryRows,
  readOcf,
  readStatement,
  rememberMapping,
  type StatementRow,
  writeOcf,
} from '../ledger/index.ts'
import type { PlatformContext } from './create-platform.ts'

export type ImportFormat = StatementKind | JournalFormat | 'csv' | 'ocf'

export type ImportRequest = Partial<Omit<MappingRequest, 'kind'>> & {
  file: string
  /** Found out by the file's name where left out; a CSV file of no other kind is a bank's. */
  format?: ImportFormat
  /** Entries of closed months count in the open one, in place of being refused. */
  isLateAllowed?: boolean
}

export type ImportResult = Imported & { format: ImportFormat; mapping: ImportMapping | null }

/** Imports a file, all of it or nothing. Imported again it posts nothing. */
export async function importBooks(context: PlatformContext, request: ImportRequest): Promise<ImportResult> {
  const { store, clock } = context
  const { file } = request
  const { format, rows } = await openImport(request)
  const { read, mapping, layout } = await readImport(context, { ...request, format, rows })
  const whenClosed = request.isLateAllowed ? 'open-period' : 'refuse'
  const imported = await importEntries(store.database, clock, read, { file, whenClosed })
  // Only what has proved right is remembered.
  if (mapping && layout) await rememberMapping(store.database, clock, layout, mapping)
  return { ...imported, format, mapping }
}

/** The ledger as text, line by line. */
export function exportBooks({ store }: PlatformContext, format: JournalFormat | 'csv'): AsyncGenerator<string> {
  return exportLedger(store.database, format)
}

/** The cap table as files of the Open Cap Format. */
export async function exportShares({ store, clock }: PlatformContext, issuer: string): Promise<OcfFiles> {
  const entries: Entry[] = []
  for await (const entry of listAllEntries(store.database)) {
    if (entry.postings.some(({ account }) => account.startsWith('Equity:Holders:'))) entries.push(entry)
  }
  return writeOcf(entries, { issuer, day: clock.now().toISOString().slice(0, 10) })
}

type CsvRows = { columns: string[]; rows: StatementRow[] }

async function openImport({ file, format }: ImportRequest): Promise<{ format: ImportFormat; rows: CsvRows | null }> {
  const byName: Record<string, ImportFormat> = {
    '.beancount': 'beancount',
    '.bean': 'beancount',
    '.journal': 'hledger',
    '.hledger': 'hledger',
    '.ledger': 'hledger',
  }
  const info = await stat(file).catch(() => null)
  if (info === null) {
    throw new InvalidInputError('ledger.no-file', `There is no file ${file}.`, { hint: 'Check the path.' })
  }
  const known = format ?? (info.isDirectory() ? 'ocf' : byName[extname(file)])
  if (known === 'beancount' || known === 'hledger' || known === 'ocf') return { format: known, rows: null }
  const rows = await readCsv(file)
  return { format: known ?? (isEntryTable(rows.columns) ? 'csv' : 'bank'), rows }
}

async function readImport(
  { store }: PlatformContext,
  { file, format, rows, isLateAllowed: _, ...said }: ImportRequest & { format: ImportFormat; rows: CsvRows | null },
): Promise<{ read: ReadJournal; mapping: ImportMapping | null; layout: string | null }> {
  const plain = (read: ReadJournal) => ({ read, mapping: null, layout: null })
  if (format === 'ocf') return plain(readOcf(await readOcfFolder(file)))
  if (format === 'beancount' || format === 'hledger') return plain(parseJournal(await readFile(file, 'utf8'), format))
  if (rows === null) throw new InvalidInputError('ledger.no-file', `${file} has no rows.`)
  if (format === 'csv') return plain(readEntryRows(rows.rows))
  const layout = layoutOf(format, rows.columns)
  const remembered = await findMapping(store.database, layout)
  const mapping = chooseMapping({ ...said, kind: format }, { ...rows, remembered })
  return { read: readStatement(rows.rows, mapping), mapping, layout }
}

/** All rows of a CSV file, whatever stands between its fields. */
async function readCsv(file: string): Promise<CsvRows> {
  const [head = ''] = (await readFile(file, 'utf8')).split(/\r?\n/, 1)
  const counts = [',', ';', '\t'].map((mark) => [mark, head.split(mark).length] as const)
  const [delimiter] = counts.reduce((most, next) => (next[1] > most[1] ? next : most))
  const problems: RowProblem[] = []
  const rows: StatementRow[] = []
  const onProblem = (problem: RowProblem) => problems.push(problem)
  for await (const { line, fields } of readRows(file, { format: 'csv', delimiter, onProblem }))
    rows.push({ line, fields })
  if (problems.length > 0 || rows.length === 0) {
    const list = problems.slice(0, 20).map(({ line, message }) => `\n  line ${line}: ${message}`)
    throw new InvalidInputError('ledger.bad-import', `${file} is not imported:${list.join('') || ' it has no rows'}`, {
      hint: 'Correct these lines and import the file again: nothing was written.',
      details: { file, problems },
    })
  }
  return { columns: Object.keys(rows[0]?.fields ?? {}), rows }
}

function isEntryTable(columns: readonly string[]): boolean {
  return ['source', 'key', 'event_time', 'account', 'commodity', 'amount'].every((name) => columns.includes(name))
}

async function readOcfFolder(folder: string): Promise<OcfFiles> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort()
  const files = await Promise.all(
    names.map(async (name) => {
      try {
        return [name, JSON.parse(await readFile(join(folder, name), 'utf8'))] as const
      } catch (cause) {
        throw new InvalidInputError('ledger.bad-import', `${join(folder, name)} is no JSON: ${String(cause)}`, {
          cause,
        })
      }
    }),
  )
  return Object.fromEntries(files)
}
