import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'
import { formatReport } from '../print-report.ts'
import { columnOptions, textOptions } from './train.ts'

export const run: CommandBody = async ({ io, json, positionals, options, openPlatform }) => {
  const platform = await openPlatform()
  const { model, report, skipped } = await platform.evaluate({
    task: String(options.task),
    data: positionals[0] as string,
    ...(options.version === undefined ? {} : { version: Number(options.version) }),
    ...textOptions(options, columnOptions),
    ...(options.skipBadRows ? { skipBadRows: true } : {}),
  })
  if (json) {
    printJson(io, { model: { id: model.id, task: model.task, version: model.version }, report, skipped })
    return 0
  }
  printLine(
    io.stdout,
    `${model.task} version ${model.version} (${model.stage})${skipped > 0 ? `, ${skipped} rows skipped` : ''}`,
  )
  for (const line of formatReport(report)) printLine(io.stdout, line)
  return 0
}
