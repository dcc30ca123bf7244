import { join } from 'node:path'
import { InvalidInputError } from '../../base/index.ts'
import { composePlan, renderText, writeDocument } from '../../documents/index.ts'
import { ventureFileName } from '../../platform/index.ts'
import type { CommandBody, CommandContext } from '../command.ts'
import { printJson, printLine } from '../io.ts'

export const run: CommandBody = async (context) => {
  const { io, json, positionals, options } = context
  const [action] = positionals
  if (action !== undefined && action !== 'init')
    throw new InvalidInputError('cli.bad-usage', `capstan plan has no "${action}"`, { hint: 'capstan plan init' })
  const platform = await context.openPlatform()
  const report = await platform.plan({
    file: planFileOf(context),
    scenario: options.scenario === undefined ? undefined : String(options.scenario),
    months: options.months as number | undefined,
    draws: options.draws as number | undefined,
    seed: options.seed as number | undefined,
  })
  const document = composePlan(report)
  if (options.out !== undefined) await writeDocument(String(options.out), { document, data: report })
  if (json) printJson(io, report)
  else for (const line of renderText(document)) printLine(io.stdout, line)
  return 0
}

/** The file named, else the project's. */
export function planFileOf({ options }: Pick<CommandContext, 'options'>): string {
  return options.plan === undefined ? join(String(options.project ?? '.'), ventureFileName) : String(options.plan)
}
