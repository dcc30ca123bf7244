import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'

export const run: CommandBody = async ({ io, json, positionals, openPlatform }) => {
  const month = String(positionals[0])
  const { ledger, books } = await openPlatform()
  // What is booked now counts in the month that is closed, and not in the next.
  await books.meter()
  const closed = await ledger.closePeriod(month)
  if (json) printJson(io, { month, closed })
  else printLine(io.stdout, closed ? `${month} and all before it is closed.` : `${month} was closed already.`)
  return 0
}
