import { InvalidInputError, sha256 } from '../../base/index.ts'
import type { ImportMapping, StatementField, StatementKind } from '../../contracts/index.ts'
import { accounts } from '../account.ts'
import { guessDateOrder } from './read-date.ts'
import { guessDecimalMark } from './read-decimal.ts'
import type { StatementRow } from './read-statement.ts'

/** What the user says about a file; all else is remembered of the last file with these columns, or guessed. */
export type MappingRequest = Partial<Omit<ImportMapping, 'kind'>> & { kind: StatementKind }

/** Usual names of columns, in lower case, the likelier first. */
const usualNames: Record<StatementField, readonly string[]> = {
  date: [
    'date',
    'booking date',
    'transaction date',
    'posting date',
    'value date',
    'pay date',
    'day',
    'buchungstag',
    'buchungsdatum',
    'datum',
    'fecha',
  ],
  amount: ['amount', 'amount spent', 'spend', 'cost', 'betrag', 'umsatz', 'importe', 'montant'],
  debit: ['debit', 'paid out', 'money out', 'withdrawal', 'soll'],
  credit: ['credit', 'paid in', 'money in', 'deposit', 'haben'],
  currency: ['currency', 'währung', 'waehrung', 'divisa', 'devise'],
  description: [
    'description',
    'details',
    'memo',
    'narrative',
    'payee',
    'name',
    'verwendungszweck',
    'buchungstext',
    'libellé',
    'concepto',
  ],
  id: ['id', 'transaction id', 'reference', 'referenz'],
  account: ['account', 'category', 'konto'],
  gross: ['gross', 'gross pay', 'brutto'],
  net: ['net', 'net pay', 'netto'],
  tax: ['tax', 'withheld', 'taxes', 'deductions', 'steuer'],
  employer: ['employer', 'employer tax', 'employer taxes', 'employer share', 'arbeitgeberanteil'],
  role: ['role', 'job', 'department', 'position'],
  channel: ['channel', 'source', 'platform', 'network', 'kanal'],
  campaign: ['campaign', 'campaign name', 'kampagne'],
}

const fieldsOf: Record<StatementKind, readonly StatementField[]> = {
  bank: ['date', 'amount', 'debit', 'credit', 'currency', 'description', 'id', 'account'],
  payroll: ['date', 'gross', 'net', 'tax', 'employer', 'role', 'currency', 'description', 'id'],
  marketing: ['date', 'amount', 'channel', 'campaign', 'currency', 'description', 'id'],
}

const defaults: Record<StatementKind, { account: string; counter: string }> = {
  bank: { account: 'Assets:Cash', counter: 'Equity:Unassigned' },
  payroll: { account: 'Assets:Cash', counter: 'Expenses:Team:Pay' },
  marketing: { account: accounts.payable, counter: 'Expenses:Market:Other' },
}

/** The same for files with the same columns, in whatever order. */
export function layoutOf(kind: StatementKind, columns: readonly string[]): string {
  return sha256(JSON.stringify([kind, [...columns].sort()]))
}

/**
 * How to read a file: what is asked for, else what is remembered, else what names and values suggest. Throws InvalidInputError
 * `ledger.unclear-columns` with everything that has to be said.
 */
export function chooseMapping(
  request: MappingRequest,
  {
    columns: present,
    rows,
    remembered,
  }: { columns: readonly string[]; rows: readonly StatementRow[]; remembered: ImportMapping | null },
): ImportMapping {
  const { kind } = request
  const columns = { ...guessColumns(kind, present), ...remembered?.columns, ...request.columns }
  const valuesOf = (fields: readonly StatementField[]) =>
    fields.flatMap((field) =>
      columns[field] === undefined ? [] : rows.map((row) => row.fields[columns[field] ?? ''] ?? ''),
    )
  const dates = request.dates ?? remembered?.dates ?? guessDateOrder(valuesOf(['date']))
  const amounts = valuesOf(['amount', 'debit', 'credit', 'gross', 'net', 'tax', 'employer'])
  const decimal = request.decimal ?? remembered?.decimal ?? guessDecimalMark(amounts)
  const currency = request.currency ?? remembered?.currency ?? null
  const absent = Object.entries(columns).filter(([, name]) => !present.includes(name))
  const unclear = [
    ...absent.map(([field, name]) => `there is no column "${name}" for ${field}`),
    ...missingFields(kind, columns).map((field) => `no column is known to be the ${field}: --map "${field}=<column>"`),
    ...(dates === null ? ['dates can be read in several ways: --dates DMY or MDY'] : []),
    ...(decimal === null ? ['amounts can be read in several ways: --decimal . or ,'] : []),
    ...(currency === null && columns.currency === undefined ? ['the currency is not said: --currency USD'] : []),
  ]
  if (unclear.length > 0 || dates === null || decimal === null) {
    throw new InvalidInputError(
      'ledger.unclear-columns',
      `The columns (${present.join(', ')}) are not clear: ${unclear.join('; ')}.`,
      {
        hint: 'Say it once: it is remembered for files with the same columns.',
        details: { columns: present, unclear },
      },
    )
  }
  return {
    kind,
    columns,
    account: request.account ?? remembered?.account ?? defaults[kind].account,
    counter: request.counter ?? remembered?.counter ?? defaults[kind].counter,
    currency,
    decimal,
    dates,
    rules: mergeRules(request.rules ?? [], remembered?.rules ?? []),
  }
}

/** What is said now goes before what is remembered. */
function mergeRules(now: ImportMapping['rules'], before: ImportMapping['rules']): ImportMapping['rules'] {
  return [...now, ...before.filter(({ text }) => !now.some((rule) => rule.text === text))]
}

function missingFields(kind: StatementKind, columns: ImportMapping['columns']): StatementField[] {
  const needed: StatementField[] = kind === 'payroll' ? ['date', 'gross'] : ['date', 'amount']
  const isSplit = kind === 'bank' && (columns.debit !== undefined || columns.credit !== undefined)
  return needed.filter((field) => columns[field] === undefined && !(field === 'amount' && isSplit))
}

function guessColumns(kind: StatementKind, present: readonly string[]): ImportMapping['columns'] {
  const found = fieldsOf[kind].flatMap((field) => {
    const name = usualNames[field]
      .map((usual) => present.find((column) => column.trim().toLowerCase() === usual))
      .find((column) => column !== undefined)
    return name === undefined ? [] : [[field, name] as const]
  })
  return Object.fromEntries(found)
}
