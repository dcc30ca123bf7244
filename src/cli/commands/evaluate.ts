import { formatMoney } from '../../contracts/index.ts'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'
import { formatReport } from '../print-report.ts'
import { columnOptions, textOptions } from './train.ts'

export const run: CommandBody = async ({ io, json, positionals, options, openPlatform }) => {
  const platform = await openPlatform()
  const {
    run: evaluation,
    model,
    report,
    skipped,
    cost,
  } = await platform.evaluate({
    task: String(options.task),
    data: positionals[0] as string,
    ...(options.version === undefined ? {} : { version: Number(options.version) }),
    ...textOptions(options, columnOptions),
    ...(options.skipBadRows ? { skipBadRows: true } : {}),
  })
  if (json) {
    const version = { id: model.id, task: model.task, version: model.version }
    printJson(io, { run: evaluation.id, model: version, report, skipped, cost })
    return 0
  }
  printLine(
    io.stdout,
    `${model.task} version ${model.version} (${model.stage})${skipped > 0 ? `, ${skipped} rows skipped` : ''}`,
  )
  for (const line of formatReport(report)) printLine(io.stdout, line)
  printLine(io.stdout, `cost      ${formatMoney(cost)}, from run ${evaluation.id}`)
  return 0
}
