import { formatTable } from '../base/index.ts'
/** The reports of the ledger as people read them. */
import {
  type Amount,
  type Balance,
  type BalanceReport,
  type CashReport,
  formatAmountMicro,
  type IncomeReport,
  type MarginReport,
  type RegisterRow,
} from '../contracts/index.ts'
import { formatTime } from './print-table.ts'

const amountColumns = [{ title: 'account' }, { title: 'amount', align: 'right' as const }, { title: '' }]

export function formatBalance({ balances, totals }: BalanceReport): string[] {
  if (balances.length === 0) return ['Nothing is booked there.']
  return formatTable(amountColumns, [...balances.map(toCells), ...totals.map((total) => ['', ...toAmountCells(total)])])
}

export function formatRegister(rows: readonly RegisterRow[]): string[] {
  if (rows.length === 0) return ['Nothing is booked there.']
  const titles = ['when', 'entry', 'account', 'amount', '', 'balance', 'description']
  const cells = rows.map((row) => [
    formatTime(row.eventTime),
    row.id,
    row.account,
    ...toAmountCells(row),
    formatAmountMicro(row.runningMicro),
    row.bookedAt === null ? row.description : `${row.description} (counts in ${row.bookedAt.slice(0, 7)})`,
  ])
  return formatTable(
    titles.map((title) => ({ title, align: title === 'amount' || title === 'balance' ? 'right' : 'left' })),
    cells,
  )
}

export function formatIncome({ income, expenses, links, net, gains, currency }: IncomeReport): string[] {
  const section = (title: string, rows: readonly Balance[]) =>
    rows.length === 0 ? [] : [[title, '', ''], ...rows.map((row) => indent(toCells(row)))]
  const gainRows =
    gains === null || currency === null
      ? []
      : [
          ['Currency gains realised', ...toAmountCells({ commodity: currency, amountMicro: gains.realisedMicro })],
          [
            'Currency gains not realised',
            ...toAmountCells({ commodity: currency, amountMicro: gains.unrealisedMicro }),
          ],
        ]
  const rows = [
    ...section('Earned', income),
    ...section('Spent', expenses),
    ...section('Spent by link', links),
    ...net.map((amount) => ['Net', ...toAmountCells(amount)]),
    ...gainRows,
  ]
  return rows.length === 0 ? ['Nothing was earned or spent.'] : formatTable(amountColumns, rows)
}

export function formatCash({ opening, flows, closing }: CashReport): string[] {
  const rows = [
    ...opening.map((amount) => ['Opening', ...toAmountCells(amount)]),
    ...flows.map((row) => indent(toCells(row))),
    ...closing.map((amount) => ['Closing', ...toAmountCells(amount)]),
  ]
  return rows.length === 0 ? ['No cash has moved.'] : formatTable(amountColumns, rows)
}

export function formatMargin({ by, rows }: MarginReport): string[] {
  if (rows.length === 0) return ['Nothing was earned or spent.']
  const titles = [by, 'answers', 'revenue', 'cost', 'margin', '', 'cost by link']
  const cells = rows.map((row) => [
    row.value ?? '–',
    String(row.answers / 1_000_000n),
    ...[row.revenueMicro, row.costMicro, row.marginMicro].map(formatAmountMicro),
    row.currency,
    Object.entries(row.costs)
      .map(([link, amountMicro]) => `${link} ${formatAmountMicro(amountMicro)}`)
      .join(', '),
  ])
  const right = ['answers', 'revenue', 'cost', 'margin']
  return formatTable(
    titles.map((title) => ({ title, align: right.includes(title) ? 'right' : 'left' })),
    cells,
  )
}

function toCells({ account, ...amount }: Balance): string[] {
  return [account, ...toAmountCells(amount)]
}

function toAmountCells({ amountMicro, commodity }: Amount): string[] {
  return [formatAmountMicro(amountMicro), commodity]
}

function indent([name, ...others]: string[]): string[] {
  return [`  ${name}`, ...others]
}
