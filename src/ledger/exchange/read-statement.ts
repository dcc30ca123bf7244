/** Rows of a bank, card, payroll or marketing file to entries, by a mapping of its columns. */
import { sha256 } from '../../base/index.ts'
import type { ImportMapping, Posting, StatementField } from '../../contracts/index.ts'
import { accounts } from '../account.ts'
import type { NewEntry } from '../entry.ts'
import type { LineProblem, ReadJournal } from './parse-journal.ts'
import { readDate } from './read-date.ts'
import { readDecimal } from './read-decimal.ts'

export type StatementRow = { line: number; fields: Readonly<Record<string, string>> }

/** One row with its columns by what they mean. */
type Cells = {
  text(field: StatementField): string
  /** Null where the column is not there or empty. */
  amount(field: StatementField): bigint | null
}

/** What a row of each kind says, or what is wrong with it. */
const readers: Record<ImportMapping['kind'], (cells: Cells, mapping: ImportMapping) => RowContent | string> = {
  bank: readMovement,
  payroll: readPay,
  marketing: readSpend,
}

type RowContent = { description: string; dimensions: Record<string, string>; postings: Posting[] }

/** Entries of all rows, and every problem; a row that repeats, as two equal coffees on one day do, is counted. */
export function readStatement(rows: readonly StatementRow[], mapping: ImportMapping): ReadJournal {
  const read: ReadJournal = { entries: [], rates: [], problems: [] }
  const seen = new Map<string, number>()
  for (const row of rows) {
    const entry = readRow(row, mapping, read.problems)
    if (entry === null) continue
    const before = seen.get(entry.key) ?? 0
    seen.set(entry.key, before + 1)
    read.entries.push({ ...entry, line: row.line, key: before === 0 ? entry.key : `${entry.key}#${before + 1}` })
  }
  return read
}

function readRow({ line, fields }: StatementRow, mapping: ImportMapping, problems: LineProblem[]): NewEntry | null {
  const faults: string[] = []
  const text = (field: StatementField) => (fields[mapping.columns[field] ?? ''] ?? '').trim()
  const amount = (field: StatementField) => {
    const written = text(field)
    if (written === '') return null
    const read = readDecimal(written, mapping.decimal)
    if (read === null)
      faults.push(`"${written}" in column ${mapping.columns[field]} is no amount of at most six decimals`)
    return read
  }
  const day = readDate(text('date'), mapping.dates)
  if (day === null) faults.push(`"${text('date')}" in column ${mapping.columns.date} is no date (${mapping.dates})`)
  const content = readers[mapping.kind]({ text, amount }, mapping)
  if (typeof content === 'string') faults.push(content)
  if (faults.length > 0) problems.push({ line, message: faults.join('; ') })
  if (faults.length > 0 || typeof content === 'string' || day === null) return null
  const id = text('id')
  return {
    source: `import.${mapping.kind}`,
    // What the bank calls it, else what it says: the same row of another export is the same event.
    key:
      id === ''
        ? sha256(JSON.stringify([day, content], (_, value) => (typeof value === 'bigint' ? String(value) : value)))
        : `${mapping.account}/${id}`,
    eventTime: new Date(`${day}T00:00:00Z`),
    ...content,
  }
}

/** Money in (positive) or out of an account, against what a rule or the category says. */
function readMovement({ text, amount }: Cells, mapping: ImportMapping): RowContent | string {
  const single = amount('amount')
  const moved = single ?? (amount('credit') ?? 0n) - magnitude(amount('debit') ?? 0n)
  if (moved === 0n) return 'it moves no money'
  const description = text('description')
  const lower = description.toLowerCase()
  const rule = mapping.rules.find(({ text: part }) => lower.includes(part.toLowerCase()))
  const counter = text('account') || rule?.account || mapping.counter
  return { description, dimensions: {}, postings: transfer(mapping.account, counter, currencyOf(text, mapping), moved) }
}

/** Gross pay and the employer's share are the cost; net goes out at once, taxes are owed. */
function readPay({ text, amount }: Cells, mapping: ImportMapping): RowContent | string {
  const gross = amount('gross')
  const employer = amount('employer') ?? 0n
  const tax = amount('tax') ?? (gross ?? 0n) - (amount('net') ?? gross ?? 0n)
  const net = amount('net') ?? (gross ?? 0n) - tax
  if (gross === null || gross <= 0n) return 'gross pay must be above zero'
  if (net < 0n || tax < 0n || employer < 0n) return 'net pay, tax and the employer’s share must not be negative'
  if (net + tax !== gross) return 'net pay and tax do not add up to gross pay'
  const role = text('role')
  const cost = role === '' ? mapping.counter : `Expenses:Team:${toAccountName(role)}`
  const commodity = currencyOf(text, mapping)
  return {
    description: text('description') || `pay${role === '' ? '' : ` of ${role}`}`,
    dimensions: role === '' ? {} : { role },
    postings: [
      { account: cost, commodity, amountMicro: gross + employer },
      { account: mapping.account, commodity, amountMicro: -net },
      { account: accounts.payrollTax, commodity, amountMicro: -(tax + employer) },
    ].filter(({ amountMicro }) => amountMicro !== 0n),
  }
}

function readSpend({ text, amount }: Cells, mapping: ImportMapping): RowContent | string {
  const spent = amount('amount')
  if (spent === null || spent <= 0n) return 'what was spent must be above zero'
  const channel = text('channel')
  const campaign = text('campaign')
  const cost =
    channel === '' ? mapping.counter : `${mapping.counter.split(':').slice(0, 2).join(':')}:${toAccountName(channel)}`
  return {
    description: text('description') || [channel, campaign].filter((part) => part !== '').join(', '),
    dimensions: { ...(channel === '' ? {} : { channel }), ...(campaign === '' ? {} : { campaign }) },
    postings: transfer(cost, mapping.account, currencyOf(text, mapping), spent),
  }
}

function transfer(debit: string, credit: string, commodity: string, amountMicro: bigint): Posting[] {
  return [
    { account: debit, commodity, amountMicro },
    { account: credit, commodity, amountMicro: -amountMicro },
  ]
}

function currencyOf(text: Cells['text'], { currency }: ImportMapping): string {
  return text('currency').toUpperCase() || (currency ?? '')
}

/** "Google Ads" as GoogleAds: a part of an account's name. */
export function toAccountName(text: string): string {
  const words = text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .split(/[^A-Za-z0-9]+/)
  const name = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')
  return /^[A-Z]/.test(name) ? name : `X${name}`
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value
}
