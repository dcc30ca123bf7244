import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
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
  if (action === 'init') return initPlan(context, platform)
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

/** Asks on the terminal, one line each; an empty line takes the default. */
async function initPlan(
  context: CommandContext,
  platform: Awaited<ReturnType<CommandContext['openPlatform']>>,
): Promise<number> {
  const { io, json, options } = context
  const lines =
    options.yes === true ? undefined : createInterface({ input: io.stdin, terminal: false })[Symbol.asyncIterator]()
  const path = await platform.initPlan({
    file: planFileOf(context),
    currency: options.currency === undefined ? undefined : String(options.currency),
    ask:
      lines &&
      (async ({ text, default: otherwise }) => {
        io.stderr.write(`${text} [${otherwise}]: `)
        const { value, done } = await lines.next()
        return done === true ? '' : value
      }),
  })
  if (json) printJson(io, { path })
  else printLine(io.stdout, `${path} is written. Change it to what you know, then: capstan plan`)
  return 0
}
