import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'

export const run: CommandBody = async ({ io, json, positionals, openPlatform }) => {
  const { access } = await openPlatform()
  const key = await access.revokeKey(String(positionals[0]))
  if (json) printJson(io, { key })
  else printLine(io.stdout, `${key.id} (${key.name}) is revoked.`)
  return 0
}
