import { formatTable, InvalidInputError } from '../../base/index.ts'
import type { CommandBody, Values } from '../command.ts'
import { printJson, printLine } from '../io.ts'
import { formatTime } from '../print-table.ts'

export const run: CommandBody = async ({ io, json, options, openPlatform }) => {
  const rate = options.set === undefined ? null : readRate(String(options.set), options)
  const { ledger } = await openPlatform()
  if (rate) {
    const recorded = await ledger.recordRate(rate)
    if (json) printJson(io, { rate, recorded })
    else printLine(io.stdout, recorded ? 'The rate is recorded.' : 'The rate was known already.')
    return 0
  }
  const rates = await ledger.listRates()
  if (json) printJson(io, { rates })
  else if (rates.length === 0) printLine(io.stdout, 'There are no rates yet.')
  else {
    const titles = ['day', 'rate', 'source', 'recorded'].map((title) => ({ title }))
    const rows = rates.map(({ day, commodity, price, currency, source, recordedAt }) => [
      day,
      `1 ${commodity} = ${price} ${currency}`,
      source,
      formatTime(recordedAt),
    ])
    for (const line of formatTable(titles, rows)) printLine(io.stdout, line)
  }
  return 0
}

function readRate(text: string, { date, source }: Values) {
  const [, commodity, price, currency] =
    /^(?:1\s+)?([A-Z][\w-]*)\s*=\s*([\d.]+)\s+([A-Z][\w-]*)$/.exec(text.trim()) ?? []
  if (commodity === undefined || price === undefined || currency === undefined || !date || !source) {
    throw new InvalidInputError('cli.bad-usage', `"${text}" is no rate with its day and source`, {
      hint: 'capstan ledger rates --set "1 EUR = 1.0842 USD" --date 2026-10-01 --source "ECB reference rate"',
    })
  }
  return { commodity, currency, price, day: String(date), source: String(source) }
}
