import { InvalidInputError } from '../../base/index.ts'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'

export const run: CommandBody = async ({ io, json, positionals, options, openPlatform }) => {
  const version = Number(positionals[0])
  if (!Number.isInteger(version) || version < 1) {
    throw new InvalidInputError('cli.bad-version', `"${positionals[0]}" is not the number of a version`, {
      hint: 'capstan models lists the versions.',
    })
  }
  const platform = await openPlatform()
  const model = await platform.promote(String(options.task), version)
  if (json) printJson(io, { model })
  else printLine(io.stdout, `${model.task} version ${model.version} is live.`)
  return 0
}
