import { resolve } from 'node:path'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'

export const run: CommandBody = async ({ io, json, options, openPlatform }) => {
  const platform = await openPlatform()
  const output = resolve(String(options.output))
  const model = await platform.export({
    task: String(options.task),
    output,
    ...(options.version === undefined ? {} : { version: Number(options.version) }),
  })
  if (json) printJson(io, { model, output })
  else printLine(io.stdout, `${model.task} version ${model.version} is in ${output}, in transformers.js layout.`)
  return 0
}
