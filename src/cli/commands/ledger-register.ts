import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'
import { formatRegister } from '../print-ledger.ts'
import { readReportFilter } from '../report-options.ts'

export const run: CommandBody = async ({ io, json, options, openPlatform }) => {
  const { currency: _, ...filter } = readReportFilter(options)
  const { ledger, books } = await openPlatform()
  await books.meter()
  const { limit } = options
  const rows = await ledger.readRegister({ ...filter, ...(limit === undefined ? {} : { limit: Number(limit) }) })
  if (json) printJson(io, { rows })
  else for (const line of formatRegister(rows)) printLine(io.stdout, line)
  return 0
}
