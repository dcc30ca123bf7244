import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'

export const run: CommandBody = async ({ io, json, options, openPlatform }) => {
  const platform = await openPlatform()
  const model = await platform.rollback(String(options.task))
  if (json) printJson(io, { model })
  else printLine(io.stdout, `${model.task} version ${model.version} is live again.`)
  return 0
}
