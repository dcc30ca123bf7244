import { composeAssessment, renderText, writeDocument } from '../../documents/index.ts'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'
import { planFileOf } from './plan.ts'

export const run: CommandBody = async (context) => {
  const { io, json, options } = context
  const platform = await context.openPlatform()
  const report = await platform.assess({
    file: planFileOf(context),
    draws: options.draws as number | undefined,
    seed: options.seed as number | undefined,
  })
  const document = composeAssessment(report)
  if (options.out !== undefined) await writeDocument(String(options.out), { document, data: report })
  if (json) printJson(io, report)
  else for (const line of renderText(document)) printLine(io.stdout, line)
  return 0
}
