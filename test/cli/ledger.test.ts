import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPlatform } from '../../src/index.ts'
import { runCli } from './run-cli.ts'

let folder: string
const ledger = (...argv: string[]) => runCli(['ledger', ...argv, '--project', folder])
const json = async (...argv: string[]) => JSON.parse((await ledger(...argv, '--json')).stdout)
/** Of ids and times that differ from run to run. */
const stable = (text: string) => text.replace(/entry_\w+/g, 'entry_…')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-cli-ledger-'))
  const config = {
    tasks: {
      support: {
        kind: 'classify',
        labels: { a: 'a', b: 'b' },
        teacher: { type: 'replay', file: 'answers.csv', pricePerCall: { amount: '0.01', currency: 'USD' } },
        price: { amount: '0.05', currency: 'USD' },
        retraining: { automatic: false },
      },
    },
    billing: {
      plans: { small: { currency: 'USD', vat: '0.2', tasks: { support: { tiers: [{ price: '0.04' }] } } } },
      customers: { acme: { plan: 'small' } },
    },
  }
  await writeFile(join(folder, 'capstan.yaml'), JSON.stringify(config))
  await writeFile(join(folder, 'answers.csv'), 'text,label\nhello,a\nbye,b\n')
  await writeFile(
    join(folder, 'bank.csv'),
    'Date,Description,Amount\n2026-09-30,Founders,1000.00\n2026-10-02,AWS,-120.5\n2026-10-03,Customer,3.00\n',
  )
  // Two answers of a teacher in October, looked at in November.
  let now = new Date('2026-10-05T10:00:30Z')
  const platform = await createPlatform({ projectFolder: folder, clock: { now: () => now } })
  await platform.answer('support', ['hello', 'bye'], { caller: 'acme' })
  await platform.idle()
  now = new Date('2026-11-01T00:00:00Z')
  expect(await platform.books.meter()).toBe(1)
  await platform.close()
})
afterAll(() => rm(folder, { recursive: true }))

describe('capstan ledger', () => {
  it('imports a bank file, whose columns are remembered, and knows it when it comes again', async () => {
    const file = join(folder, 'bank.csv')
    expect(await ledger('import', file)).toMatchObject({ code: 2, stderr: expect.stringContaining('--currency USD') })
    const first = await ledger(
      'import',
      file,
      '--currency',
      'USD',
      '--rule',
      'AWS=Expenses:Model:Cloud',
      '--rule',
      'Founders=Equity:Stock',
    )
    expect(first.stdout).toBe('3 entries were posted (bank).\n')
    expect((await ledger('import', file)).stdout).toBe('0 entries were posted (bank); 3 stood there already.\n')
  })

  it('shows what customers, tasks and versions earn, answered requests included', async () => {
    expect((await ledger('margin', '--by', 'caller')).stdout).toMatchInlineSnapshot(`
      "caller  answers  revenue    cost   margin       cost by link
      acme          2     0.10    0.02     0.08  USD  Data 0.02
      –             0     0.00  120.50  -120.50  USD  Model 120.50
      "
    `)
  })

  it('shows income, cash and balances of a period', async () => {
    expect((await ledger('income', '--from', '2026-10', '--to', '2026-10')).stdout).toMatchInlineSnapshot(`
      "account                   amount
      Earned
        Income:Answers            2.00  ANSWER
        Income:Answers            0.10  USD
      Spent
        Expenses:Data:Teacher     2.00  LABEL
        Expenses:Data:Teacher     0.02  USD
        Expenses:Model:Cloud    120.50  USD
      Spent by link
        Expenses:Data             2.00  LABEL
        Expenses:Data             0.02  USD
        Expenses:Model          120.50  USD
      Net                         2.00  ANSWER
      Net                      -120.42  USD
      Net                        -2.00  LABEL
      "
    `)
    expect((await ledger('cash', '--from', '2026-10', '--to', '2026-10')).stdout).toMatchInlineSnapshot(`
      "account                  amount
      Opening                 1000.00  USD
        Equity:Unassigned        3.00  USD
        Expenses:Model:Cloud  -120.50  USD
      Closing                  882.50  USD
      "
    `)
    expect((await ledger('balance', '--as-of', '2026-10-02', '--account', 'Assets')).stdout).toMatchInlineSnapshot(`
      "account      amount
      Assets:Cash  879.50  USD
                   879.50  USD
      "
    `)
    expect(stable((await ledger('register', '--account', 'Assets:Cash')).stdout)).toMatchInlineSnapshot(`
      "when              entry                             account       amount       balance  description
      2026-09-30 00:00  entry_…  Assets:Cash  1000.00  USD  1000.00  Founders
      2026-10-02 00:00  entry_…  Assets:Cash  -120.50  USD   879.50  AWS
      2026-10-03 00:00  entry_…  Assets:Cash     3.00  USD   882.50  Customer
      "
    `)
    expect(await json('balance', '--recorded-by', '2020-01-01')).toEqual({ currency: null, balances: [], totals: [] })
  })

  it('makes an invoice, once', async () => {
    expect((await ledger('invoice', '--customer', 'acme', '--month', '2026-10')).stdout).toMatchInlineSnapshot(`
      "Invoice 2026-10/acme: acme, plan small
                           USD
      support: 2 answers  0.08
      Net                 0.08
      VAT 20 %            0.02
      Total               0.10
      Posted: it changes what the customer owes by 0.00 USD.
      "
    `)
    expect(await json('invoice', '--customer', 'acme', '--month', '2026-10')).toMatchObject({
      entries: [],
      grossMicro: '100000',
    })
  })

  it('takes an entry back, records rates, and closes a month', async () => {
    const { rows } = await json('register', '--account', 'Expenses:Model:Cloud')
    expect((await ledger('close', '2026-10')).stdout).toBe('2026-10 and all before it is closed.\n')
    const reversed = await ledger('reverse', rows[0].id, '--reason', 'not ours')
    expect(reversed.stdout).toContain('and counts in 2026-11: its month is closed')
    const rate = ['rates', '--set', '1 EUR = 1.1 USD', '--date', '2026-10-01', '--source', 'bank']
    expect((await ledger(...rate)).stdout).toBe('The rate is recorded.\n')
    expect((await ledger(...rate)).stdout).toBe('The rate was known already.\n')
    const { totals } = await json('balance', '--account', 'Assets:Cash', '--currency', 'EUR')
    // (1000 − 120.50 + 3 + 120.50) USD at 1 / 1.1.
    expect(totals).toEqual([{ commodity: 'EUR', amountMicro: '911818182' }])
  })

  it('exports to a file, and refuses what it cannot read or write', async () => {
    const output = join(folder, 'books.beancount')
    expect((await ledger('export', '--format', 'beancount', '--output', output)).code).toBe(0)
    expect(await readFile(output, 'utf8')).toContain('2026-10-02 * "AWS"')
    expect((await ledger('import', output)).stdout).toMatch(
      /^0 entries were posted \(beancount\); \d+ stood there already/,
    )
    expect((await ledger('export', '--format', 'csv')).stdout).toMatch(/^source,key,event_time/)
    expect(await ledger('export', '--format', 'ocf')).toMatchObject({ code: 2 })
    expect(await ledger('balance', '--as-of', 'soon')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('cli.bad-day'),
    })
    expect(await ledger('import', join(folder, 'none.csv'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('ledger.no-file'),
    })
  })
})
