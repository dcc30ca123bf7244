import { marginDimensionSchema } from '../contracts/index.ts'
import type { CommandSpec } from './command.ts'
import { reportOptions } from './report-options.ts'

const { from, to, asOf, recordedBy, account, currency } = reportOptions
const times = [from, to, asOf, recordedBy]

export const ledgerCommands: readonly CommandSpec[] = [
  {
    name: 'ledger balance',
    summary: 'show what accounts hold',
    options: [account, ...times, currency],
    example: 'capstan ledger balance --as-of 2026-10-31 --recorded-by 2026-11-05',
    load: () => import('./commands/ledger-balance.ts'),
  },
  {
    name: 'ledger register',
    summary: 'show postings in the order in which they happened, with what the account held after each',
    options: [
      account,
      ...times,
      { flags: '--limit <n>', kind: 'integer', min: 1, description: 'at most so many (default: 1000)' },
    ],
    example: 'capstan ledger register --account Assets:Cash --from 2026-10',
    load: () => import('./commands/ledger-register.ts'),
  },
  {
    name: 'ledger income',
    summary: 'show what was earned and spent, by account and by the six links',
    options: [...times, currency],
    example: 'capstan ledger income --from 2026-10 --to 2026-10 --currency EUR',
    load: () => import('./commands/ledger-income.ts'),
  },
  {
    name: 'ledger cash',
    summary: 'show where cash came from and went to',
    options: [...times, currency],
    example: 'capstan ledger cash --from 2026-10 --to 2026-10',
    load: () => import('./commands/ledger-cash.ts'),
  },
  {
    name: 'ledger margin',
    summary: 'show what each task, model version or customer key earned and cost',
    options: [
      {
        flags: '--by <dimension>',
        choices: marginDimensionSchema.options,
        description: 'of what: task, model version or caller, which is the customer’s key (default: task)',
      },
      ...times,
      currency,
    ],
    example: 'capstan ledger margin --by caller --from 2026-10 --to 2026-10',
    load: () => import('./commands/ledger-margin.ts'),
  },
  {
    name: 'ledger rates',
    summary: 'list what commodities were worth on which day, or record it',
    options: [
      { flags: '--set <rate>', description: 'such as "1 EUR = 1.0842 USD"' },
      { flags: '--date <day>', description: 'the day of the rate' },
      { flags: '--source <text>', description: 'where it was found' },
    ],
    example: 'capstan ledger rates --set "1 EUR = 1.0842 USD" --date 2026-10-01 --source "ECB reference rate"',
    load: () => import('./commands/ledger-rates.ts'),
  },
  {
    name: 'ledger import',
    summary: 'post what a bank, card, payroll, marketing, Beancount, hledger, CSV or Open Cap Format file says',
    arguments: [{ name: '<file>', description: 'the file; of the Open Cap Format its folder' }],
    options: [
      {
        flags: '--format <format>',
        choices: ['bank', 'payroll', 'marketing', 'beancount', 'hledger', 'csv', 'ocf'],
        description: 'what the file is (default: by its name; a CSV file is a bank’s or card’s)',
      },
      {
        flags: '--map <field=column>',
        kind: 'list',
        description: 'which column is the date, amount and so on; remembered for files with the same columns',
      },
      {
        flags: '--account <name>',
        description: 'whose file it is (default: Assets:Cash; of marketing Liabilities:Payable)',
      },
      {
        flags: '--counter <name>',
        description: 'the other side, where nothing says better (default: Equity:Unassigned)',
      },
      {
        flags: '--rule <text=account>',
        kind: 'list',
        description: 'the other side where the description has this text',
      },
      { flags: '--currency <code>', description: 'where the file names none' },
      { flags: '--decimal <mark>', choices: ['.', ','], description: 'what stands before the decimals' },
      { flags: '--dates <order>', choices: ['YMD', 'DMY', 'MDY'], description: 'order of year, month and day' },
      { flags: '--late', kind: 'flag', description: 'count entries of closed months in the open one' },
    ],
    example:
      'capstan ledger import statement.csv --map date=Buchungstag,amount=Betrag --rule "AWS=Expenses:Model:Cloud"',
    load: () => import('./commands/ledger-import.ts'),
  },
  {
    name: 'ledger export',
    summary: 'write the whole ledger for another program, or the cap table',
    options: [
      {
        flags: '--format <format>',
        choices: ['beancount', 'hledger', 'csv', 'ocf'],
        description: 'ocf is the Open Cap Format, of shares alone',
        required: true,
      },
      { flags: '--output <path>', description: 'the file, or of ocf the folder, to write (default: stdout)' },
      { flags: '--issuer <name>', description: 'for ocf: the company’s legal name' },
    ],
    example: 'capstan ledger export --format beancount --output books.beancount',
    load: () => import('./commands/ledger-export.ts'),
  },
  {
    name: 'ledger invoice',
    summary: 'rate a customer’s month by its plan, print the invoice, and post what is not yet booked of it',
    options: [
      {
        flags: '--customer <key>',
        description: 'the customer’s key, as billing in capstan.yaml has it',
        required: true,
      },
      { flags: '--month <month>', description: 'such as 2026-10', required: true },
    ],
    example: 'capstan ledger invoice --customer acme --month 2026-10',
    load: () => import('./commands/ledger-invoice.ts'),
  },
  {
    name: 'ledger reverse',
    summary: 'take an entry back by its opposite; in the open period where its month is closed',
    arguments: [{ name: '<entry>', description: 'id of the entry' }],
    options: [{ flags: '--reason <text>', description: 'why', required: true }],
    example: 'capstan ledger reverse entry_01k9z5v7q2c3 --reason "booked twice"',
    load: () => import('./commands/ledger-reverse.ts'),
  },
  {
    name: 'ledger close',
    summary: 'close a month and all before it, for good: later entries of it count in the open one',
    arguments: [{ name: '<month>', description: 'such as 2026-10' }],
    example: 'capstan ledger close 2026-10',
    load: () => import('./commands/ledger-close.ts'),
  },
]
