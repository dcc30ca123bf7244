import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'

export const run: CommandBody = async ({ io, json, positionals, options, openPlatform }) => {
  const id = String(positionals[0])
  const { ledger } = await openPlatform()
  const { entry, posted } = await ledger.reverseEntry(id, String(options.reason))
  if (json) printJson(io, { entry, posted })
  else {
    const when = entry.bookedAt === null ? '' : `, and counts in ${entry.bookedAt.slice(0, 7)}: its month is closed`
    printLine(io.stdout, posted ? `${entry.id} takes ${id} back${when}.` : `${entry.id} took ${id} back already.`)
  }
  return 0
}
