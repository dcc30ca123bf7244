import { marginDimensionSchema } from '../../contracts/index.ts'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'
import { formatMargin } from '../print-ledger.ts'
import { readReportFilter } from '../report-options.ts'

export const run: CommandBody = async ({ io, json, options, openPlatform }) => {
  const filter = readReportFilter(options)
  const by = marginDimensionSchema.parse(options.by ?? 'task')
  const { ledger, books } = await openPlatform()
  await books.meter()
  const report = await ledger.readMargin({ ...filter, by })
  if (json) printJson(io, report)
  else for (const line of formatMargin(report)) printLine(io.stdout, line)
  return 0
}
