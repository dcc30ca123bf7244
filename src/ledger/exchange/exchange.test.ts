import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Entry } from '../../contracts/index.ts'
import { openStore, type Store } from '../../storage/index.ts'
import type { NewEntry } from '../entry.ts'
import { createLedger, type Ledger } from '../ledger.ts'
import { chooseMapping, layoutOf } from './choose-mapping.ts'
import { readEntryRows } from './entry-rows.ts'
import { exportLedger } from './export-ledger.ts'
import { importEntries } from './import-entries.ts'
import { listAllEntries } from './list-all-entries.ts'
import { writeOcf } from './ocf.ts'
import { parseJournal } from './parse-journal.ts'
import { guessDecimalMark, readDecimal } from './read-decimal.ts'
import { readOcf } from './read-ocf.ts'
import { readStatement, type StatementRow } from './read-statement.ts'

const root = mkdtempSync(join(tmpdir(), 'capstan-exchange-'))
const clock = { now: () => new Date('2026-05-01T00:00:00Z') }
const opened: Store[] = []
let ledger: Ledger

async function open(name: string): Promise<Store> {
  const store = await openStore({ folder: join(root, name), templateFolder: join(tmpdir(), 'capstan-test-database') })
  opened.push(store)
  return store
}
const collect = async <Item>(items: AsyncIterable<Item>) => {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}
const withoutIds = (entries: Entry[]) => entries.map(({ id: _, recordedAt: __, ...entry }) => entry)

const samples: NewEntry[] = [
  {
    source: 'capstan.run',
    key: 'run_1',
    eventTime: new Date('2026-03-01T12:34:56.789Z'),
    description: 'train "support"; at 0.04 USD, (2026)\nsecond line',
    dimensions: { task: 'support', 'Odd name': 'x: "y"; z', source: 'mine' },
    postings: [
      { account: 'Expenses:Model:Compute', commodity: 'CPU-SECOND', amountMicro: 590_250_001n },
      { account: 'Equity:Metered', commodity: 'CPU-SECOND', amountMicro: -590_250_001n },
      { account: 'Expenses:Model:Compute', commodity: 'USD', amountMicro: 6690n },
      { account: 'Liabilities:Accrued:Cloud', commodity: 'USD', amountMicro: -6690n },
    ],
  },
  {
    source: 'shares',
    key: 'founders/1',
    eventTime: new Date('2026-01-01T00:00:00Z'),
    description: '',
    postings: [
      { account: 'Equity:Issued', commodity: 'SHARE-COMMON', amountMicro: 1_500_000_000_000n },
      { account: 'Equity:Holders:Ann', commodity: 'SHARE-COMMON', amountMicro: -1_000_000_000_000n },
      { account: 'Equity:Holders:Bob', commodity: 'SHARE-COMMON', amountMicro: -500_000_000_000n },
      { account: 'Assets:Cash', commodity: 'USD', amountMicro: 150_000_000n },
      { account: 'Equity:Stock', commodity: 'USD', amountMicro: -150_000_000n },
    ],
  },
  {
    source: 'shares',
    key: 'buy-back',
    eventTime: new Date('2026-02-01T00:00:00Z'),
    description: 'Bob leaves some',
    postings: [
      { account: 'Equity:Holders:Bob', commodity: 'SHARE-COMMON', amountMicro: 200_000_000_000n },
      { account: 'Equity:Issued', commodity: 'SHARE-COMMON', amountMicro: -200_000_000_000n },
    ],
  },
]

let store: Store
beforeAll(async () => {
  store = await open('books')
  ledger = createLedger({ store, clock })
  await ledger.postEntries(samples)
  await ledger.recordRate({ commodity: 'EUR', currency: 'USD', day: '2026-02-01', price: '1.0842', source: 'bank' })
})
afterAll(async () => {
  for (const one of opened) await one.close()
  rmSync(root, { recursive: true, force: true })
})

describe('an exported ledger', () => {
  it.each(['beancount', 'hledger', 'csv'] as const)(
    'comes back the same by %s, and is known where it came from',
    async (format) => {
      const text = (await collect(exportLedger(store.database, format))).join('\n')
      const read = format === 'csv' ? readEntryRows(parseCsv(text)) : parseJournal(text, format)
      expect(read.problems).toEqual([])
      const other = await open(`from-${format}`)
      const options = { file: 'books', whenClosed: 'refuse' as const }
      expect(await importEntries(other.database, clock, read, options)).toMatchObject({
        posted: 3,
        repeated: 0,
        rates: format === 'csv' ? 0 : 1,
      })
      expect(withoutIds(await collect(listAllEntries(other.database)))).toEqual(
        withoutIds(await collect(listAllEntries(store.database))),
      )
      expect(await importEntries(store.database, clock, { ...read, rates: [] }, options)).toMatchObject({
        posted: 0,
        repeated: 3,
      })
    },
  )

  it('gives a cap table of issuances and cancellations that comes back with the same holdings', async () => {
    const files = writeOcf(await collect(listAllEntries(store.database)), { issuer: 'Acme', day: '2026-05-01' })
    const { items } = files['Transactions.ocf.json'] as { items: Record<string, unknown>[] }
    expect(items.map((item) => [item.object_type, item.stakeholder_id, item.quantity])).toEqual([
      ['TX_STOCK_ISSUANCE', 'Equity:Holders:Ann', '1000000'],
      ['TX_STOCK_ISSUANCE', 'Equity:Holders:Bob', '500000'],
      ['TX_STOCK_CANCELLATION', undefined, '200000'],
      ['TX_STOCK_ISSUANCE', 'Equity:Holders:Bob', '300000'],
    ])
    expect(items[0]?.share_price).toEqual({ amount: '0.0001', currency: 'USD' })
    const read = readOcf(files)
    expect(read.problems).toEqual([])
    const other = await open('from-ocf')
    await importEntries(other.database, clock, read, { file: 'ocf', whenClosed: 'refuse' })
    const shares = { commodity: 'SHARE-COMMON' }
    expect(await createLedger({ store: other }).accountBalances(shares)).toEqual(await ledger.accountBalances(shares))
    const again = writeOcf(await collect(listAllEntries(other.database)), { issuer: 'Acme', day: '2026-05-01' })
    const quantities = (of: typeof files) =>
      (of['Transactions.ocf.json'] as { items: { quantity: string }[] }).items.map(({ quantity }) => quantity)
    expect(quantities(again)).toEqual(quantities(files))
  })
})

describe('journals of other programs', () => {
  it('are read with elided amounts, prices, costs, payees and tags', () => {
    const text = `
option "title" "x"
2026-01-01 open Assets:Cash
2026-01-02 * "Cloud" "January" #tag
  task: "support"
  Expenses:Model:Cloud   1,200.50 USD
  Assets:Cash
2026-01-03 * "exchange"
  Assets:Cash   100 EUR @ 1.10 USD
  Assets:Cash  -110 USD
2026-01-04 price EUR 1.12 USD
`
    const { entries, rates, problems } = parseJournal(text, 'beancount')
    expect(problems).toEqual([])
    expect(rates).toMatchObject([{ day: '2026-01-04', commodity: 'EUR', price: '1.12', currency: 'USD' }])
    expect(entries).toMatchObject([
      {
        line: 4,
        description: 'Cloud · January',
        dimensions: { task: 'support' },
        postings: [
          { account: 'Expenses:Model:Cloud', commodity: 'USD', amountMicro: 1_200_500_000n },
          { account: 'Assets:Cash', commodity: 'USD', amountMicro: -1_200_500_000n },
        ],
      },
      {
        postings: [
          { account: 'Assets:Cash', commodity: 'EUR', amountMicro: 100_000_000n },
          { account: 'Assets:Cash', commodity: 'USD', amountMicro: -110_000_000n },
          { account: 'Equity:Conversion', commodity: 'EUR', amountMicro: -100_000_000n },
          { account: 'Equity:Conversion', commodity: 'USD', amountMicro: 110_000_000n },
        ],
      },
    ])
  })

  it('of hledger have symbols, codes and comments', () => {
    const text = `; a comment
account Assets:Cash
2026/01/02 * (inv-7) cleaning ; weekly
    ; channel: office
    Expenses:Team:Office    $12.50  ; net
    Assets:Cash
P 2026-01-03 EUR 1.1 USD
`
    const { entries, rates, problems } = parseJournal(text, 'hledger')
    expect(problems).toEqual([])
    expect(rates).toHaveLength(1)
    expect(entries).toMatchObject([
      {
        key: 'inv-7',
        description: 'cleaning',
        dimensions: { channel: 'office' },
        postings: [
          { account: 'Expenses:Team:Office', commodity: 'USD', amountMicro: 12_500_000n },
          { account: 'Assets:Cash', commodity: 'USD', amountMicro: -12_500_000n },
        ],
      },
    ])
  })

  it('with faults are refused as a whole, each fault with its line', async () => {
    const text = `2026-01-02 * "off"
  Assets:Cash  10 USD
  Income:Answers  -9 USD

2026-01-03 * "fun"
  Expenses:Fun  10 USD
  Assets:Cash

2026-01-04 balance Assets:Cash 0 USD
2026-01-05 * "fine"
  Assets:Cash  0.0000001 USD
  Income:Answers
`
    const read = parseJournal(text, 'beancount')
    await expect(
      importEntries(store.database, clock, read, { file: 'b.beancount', whenClosed: 'refuse' }),
    ).rejects.toMatchObject({
      code: 'ledger.bad-import',
      details: {
        problems: [
          { line: 1, message: 'it does not balance: off by 1000000 micro USD' },
          { line: 5, message: 'No such account: Expenses:Fun.' },
          { line: 9, message: expect.stringContaining('cannot be read') },
          { line: 11, message: expect.stringContaining('no amount of at most six decimals') },
        ],
      },
    })
    expect(await collect(listAllEntries(store.database))).toHaveLength(3)
  })
})

describe('numbers', () => {
  it.each([
    ['1,234.50', '.', 1_234_500_000n],
    ['1.234,50-', ',', -1_234_500_000n],
    ['(12.00)', '.', -12_000_000n],
    ['€ 3', '.', 3_000_000n],
    ["1'000", '.', 1_000_000_000n],
    ['−0.000001', '.', -1n],
    ['1.0000000', '.', 1_000_000n],
    ['154185.1199', '.', 154_185_119_900n],
    ['0.0000001', '.', null],
    ['1.2.3', '.', null],
    ['12,34', '.', null],
    ['abc', '.', null],
    ['', '.', null],
  ] as const)('%j with %s is %s', (text, mark, micro) => {
    expect(readDecimal(text, mark)).toBe(micro)
  })

  it('tell the mark of a column, or that they do not', () => {
    expect(guessDecimalMark(['1.234,50', '7'])).toBe(',')
    expect(guessDecimalMark(['12.5'])).toBe('.')
    expect(guessDecimalMark(['1,234'])).toBeNull()
    expect(guessDecimalMark(['1,234,567'])).toBe('.')
    expect(guessDecimalMark(['1,5', '1.5'])).toBeNull()
  })

  it('come back from what is written, whatever they are', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), (micro) => {
        const digits = (micro < 0n ? -micro : micro).toString().padStart(7, '0')
        const text = `${micro < 0n ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`
        expect(readDecimal(text, '.')).toBe(micro)
      }),
    )
  })
})

describe('statements', () => {
  const rowsOf = (lines: string[][]): { columns: string[]; rows: StatementRow[] } => {
    const [columns = [], ...rows] = lines
    return {
      columns,
      rows: rows.map((cells, i) => ({
        line: i + 2,
        fields: Object.fromEntries(columns.map((name, j) => [name, cells[j] ?? ''])),
      })),
    }
  }

  it('of a bank are read by the usual names of columns, and equal rows are told apart', () => {
    const file = rowsOf([
      ['Buchungstag', 'Betrag', 'Währung', 'Verwendungszweck'],
      ['31.01.2026', '-1.234,50', 'EUR', 'AWS Frankfurt'],
      ['31.01.2026', '-3,00', 'EUR', 'Coffee'],
      ['31.01.2026', '-3,00', 'EUR', 'Coffee'],
    ])
    const mapping = chooseMapping(
      { kind: 'bank', rules: [{ text: 'aws', account: 'Expenses:Model:Cloud' }] },
      { ...file, remembered: null },
    )
    expect(mapping).toMatchObject({ decimal: ',', dates: 'DMY', account: 'Assets:Cash', columns: { amount: 'Betrag' } })
    const { entries, problems } = readStatement(file.rows, mapping)
    expect(problems).toEqual([])
    expect(entries[0]).toMatchObject({
      source: 'import.bank',
      eventTime: new Date('2026-01-31'),
      postings: [
        { account: 'Assets:Cash', commodity: 'EUR', amountMicro: -1_234_500_000n },
        { account: 'Expenses:Model:Cloud', commodity: 'EUR', amountMicro: 1_234_500_000n },
      ],
    })
    expect(new Set(entries.map(({ key }) => key)).size).toBe(3)
    expect(readStatement(file.rows, mapping).entries).toEqual(entries)
  })

  it('are read by what is remembered of their columns; what is unclear is said all at once', () => {
    const file = rowsOf([
      ['When', 'Value'],
      ['01/02/2026', '1,234'],
    ])
    expect(() => chooseMapping({ kind: 'bank' }, { ...file, remembered: null })).toThrow(
      /no column is known to be the date.*to be the amount.*currency is not said/,
    )
    const mapping = chooseMapping(
      { kind: 'bank', columns: { date: 'When', amount: 'Value' }, decimal: '.', dates: 'MDY', currency: 'USD' },
      { ...file, remembered: null },
    )
    expect(chooseMapping({ kind: 'bank' }, { ...file, remembered: mapping })).toEqual(mapping)
    expect(layoutOf('bank', ['Value', 'When'])).toBe(layoutOf('bank', file.columns))
    expect(readStatement(file.rows, mapping).entries[0]).toMatchObject({ eventTime: new Date('2026-01-02') })
  })

  it('of payroll are cost, net pay and taxes owed, and must add up', () => {
    const file = rowsOf([
      ['date', 'role', 'gross', 'tax', 'net', 'employer'],
      ['2026-01-31', 'ML engineer', '5000.00', '1500.00', '3500.00', '1000.00'],
      ['2026-01-31', 'Sales', '3000', '800', '2100', '0'],
    ])
    const mapping = chooseMapping({ kind: 'payroll', currency: 'EUR' }, { ...file, remembered: null })
    const { entries, problems } = readStatement(file.rows, mapping)
    expect(entries[0]?.postings).toEqual([
      { account: 'Expenses:Team:MLEngineer', commodity: 'EUR', amountMicro: 6_000_000_000n },
      { account: 'Assets:Cash', commodity: 'EUR', amountMicro: -3_500_000_000n },
      { account: 'Liabilities:PayrollTax', commodity: 'EUR', amountMicro: -2_500_000_000n },
    ])
    expect(problems).toEqual([{ line: 3, message: 'net pay and tax do not add up to gross pay' }])
  })

  it('of marketing are cost by channel, and never below zero', () => {
    const file = rowsOf([
      ['Day', 'Channel', 'Campaign', 'Spend'],
      ['2026-01-31', 'Google Ads', 'spring', '120.5'],
      ['2026-02-30', 'Google Ads', 'spring', '-1'],
    ])
    const mapping = chooseMapping({ kind: 'marketing', currency: 'USD' }, { ...file, remembered: null })
    const { entries, problems } = readStatement(file.rows, mapping)
    expect(entries[0]).toMatchObject({
      dimensions: { channel: 'Google Ads', campaign: 'spring' },
      postings: [
        { account: 'Expenses:Market:GoogleAds', commodity: 'USD', amountMicro: 120_500_000n },
        { account: 'Liabilities:Payable', commodity: 'USD', amountMicro: -120_500_000n },
      ],
    })
    expect(problems[0]).toEqual({
      line: 3,
      message: expect.stringMatching(/is no date.*what was spent must be above zero/),
    })
  })
})

/** Of quoted fields, as the export writes them. */
function parseCsv(text: string): StatementRow[] {
  const records: string[][] = [[]]
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n]*))(,|\n|$)/g)) {
    records.at(-1)?.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'))
    if (end === '\n') records.push([])
    if (end === '') break
  }
  const [columns = [], ...rows] = records
  return rows.map((cells, i) => ({
    line: i + 2,
    fields: Object.fromEntries(columns.map((name, j) => [name, cells[j] ?? ''])),
  }))
}
