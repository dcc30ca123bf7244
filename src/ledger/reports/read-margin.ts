import type { Kysely } from 'kysely'
import type { MarginDimension, MarginReport, MarginRow } from '../../contracts/index.ts'
import type { Schema } from '../../storage/index.ts'
import { accounts } from '../account.ts'
import { answerCommodity } from '../meters/work-entries.ts'
import { isCurrency } from '../rates/dated-rates.ts'
import { type DailySum, type ReportOptions, readRateTable, selectDailySums, valueSums } from './sums.ts'

/** What each task, model version or customer key earned and cost; what has none of them stands under null. */
export async function readMargin(
  database: Kysely<Schema>,
  { currency, by, ...filter }: ReportOptions & { by: MarginDimension },
): Promise<MarginReport> {
  const rates = await readRateTable(database, filter)
  const sums = async (account: string) =>
    valueSums(await selectDailySums(database, { ...filter, account }, by), currency, rates)
  const rows = new Map<string, MarginRow>()
  const rowOf = (value: string | null, currencyOfRow: string): MarginRow => {
    const name = JSON.stringify([value, currencyOfRow])
    const row = rows.get(name) ?? createRow(value, currencyOfRow)
    rows.set(name, row)
    return row
  }
  const answers = new Map<string | null, bigint>()
  for (const sum of await sums('Income')) {
    if (isCurrency(sum.commodity)) rowOf(sum.value, sum.commodity).revenueMicro -= sum.amountMicro
    else if (sum.account === accounts.answers && sum.commodity === answerCommodity)
      answers.set(sum.value, (answers.get(sum.value) ?? 0n) - sum.amountMicro)
  }
  for (const sum of await sums('Expenses')) if (isCurrency(sum.commodity)) addCost(rowOf(sum.value, sum.commodity), sum)
  const finished = [...rows.values()].map((row) => ({
    ...row,
    answers: answers.get(row.value) ?? 0n,
    marginMicro: row.revenueMicro - row.costMicro,
  }))
  return { currency: currency ?? null, by, rows: finished.sort(compareRows) }
}

function addCost(row: MarginRow, { account, amountMicro }: DailySum): void {
  const link = account.split(':')[1] as string
  row.costMicro += amountMicro
  row.costs[link] = (row.costs[link] ?? 0n) + amountMicro
}

function createRow(value: string | null, currency: string): MarginRow {
  return { value, answers: 0n, currency, revenueMicro: 0n, costMicro: 0n, costs: {}, marginMicro: 0n }
}

/** By name, what has none last. */
function compareRows(a: MarginRow, b: MarginRow): number {
  if (a.value !== b.value) return a.value === null ? 1 : b.value === null || a.value < b.value ? -1 : 1
  return a.currency < b.currency ? -1 : 1
}
