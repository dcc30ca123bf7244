/** The journal as a table: a row for each posting, from which the same entries come back. */
import { type Entry, formatAmountMicro } from '../../contracts/index.ts'
import type { ReadJournal } from './parse-journal.ts'
import { readDecimal } from './read-decimal.ts'
import type { StatementRow } from './read-statement.ts'

export const entryColumns = [
  'source',
  'key',
  'event_time',
  'recorded_at',
  'booked_at',
  'description',
  'dimensions',
  'account',
  'commodity',
  'amount',
] as const

/** Lines of a CSV file, one for each posting. */
export function writeEntryRows(entry: Entry): string[] {
  return entry.postings.map(({ account, commodity, amountMicro }) =>
    [
      entry.source,
      entry.key,
      entry.eventTime,
      entry.recordedAt,
      entry.bookedAt ?? '',
      entry.description,
      JSON.stringify(entry.dimensions),
      account,
      commodity,
      formatAmountMicro(amountMicro),
    ]
      .map(quote)
      .join(','),
  )
}

/** Rows that follow one another with the same source and key are one entry. */
export function readEntryRows(rows: readonly StatementRow[]): ReadJournal {
  const read: ReadJournal = { entries: [], rates: [], problems: [] }
  for (const { line, fields } of rows) {
    const { source = '', key = '', description = '', account = '', commodity = '' } = fields
    const amountMicro = readDecimal(fields.amount ?? '', '.')
    const dimensions = readDimensions(fields.dimensions ?? '')
    if (amountMicro === null)
      read.problems.push({ line, message: `"${fields.amount}" is no amount of at most six decimals` })
    if (dimensions === null) read.problems.push({ line, message: `"${fields.dimensions}" are no dimensions` })
    if (amountMicro === null || dimensions === null) continue
    const last = read.entries.at(-1)
    const posting = { account, commodity, amountMicro }
    if (last?.source === source && last.key === key) last.postings = [...last.postings, posting]
    else {
      const eventTime = new Date(fields.event_time ?? '')
      read.entries.push({ line, source, key, eventTime, description, dimensions, postings: [posting] })
    }
  }
  return read
}

function readDimensions(json: string): Record<string, string> | null {
  try {
    const value: unknown = JSON.parse(json === '' ? '{}' : json)
    const isFlat =
      typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string')
    return isFlat ? (value as Record<string, string>) : null
  } catch {
    return null
  }
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
