import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'
import { formatCash } from '../print-ledger.ts'
import { readReportFilter } from '../report-options.ts'

export const run: CommandBody = async ({ io, json, options, openPlatform }) => {
  const filter = readReportFilter(options)
  const { ledger, books } = await openPlatform()
  await books.meter()
  const report = await ledger.readCash(filter)
  if (json) printJson(io, report)
  else for (const line of formatCash(report)) printLine(io.stdout, line)
  return 0
}
