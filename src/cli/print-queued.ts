import type { CommandContext } from './command.ts'
import { printJson, printLine } from './io.ts'

/** The id of a job on stdout, and beside it what becomes of it; the command's exit code. */
export function printQueued({ io, json }: Pick<CommandContext, 'io' | 'json'>, job: string, what: string): number {
  if (json) printJson(io, { job })
  else printLine(io.stdout, job)
  printLine(io.stderr, `Queued. capstan worker ${what}.`)
  return 0
}
