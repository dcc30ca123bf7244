import { CapstanError } from '../base/index.ts'
import { type Io, printJson, printLine } from './io.ts'

/** Prints message, next step and code on stderr; where JSON is wanted, also as an object on stdout. */
export function printError(
  error: unknown,
  { io, json, debug }: { io: Pick<Io, 'stdout' | 'stderr'>; json: boolean; debug: boolean },
): void {
  const { code, message, hint } = describe(error)
  if (json) printJson(io, { error: { code, message, hint } })
  printLine(io.stderr, `error: ${message}`)
  if (hint) printLine(io.stderr, `hint: ${hint}`)
  printLine(io.stderr, `code: ${code}`)
  if (debug && error instanceof Error) {
    printLine(io.stderr, String(error.stack))
    if (error.cause instanceof Error) printLine(io.stderr, `cause: ${error.cause.stack}`)
  }
}

function describe(error: unknown): { code: string; message: string; hint: string | undefined } {
  if (error instanceof CapstanError) return error
  const message = error instanceof Error ? error.message : String(error)
  return {
    code: 'internal',
    message,
    hint: 'This was not foreseen: run it again with --debug and report what it prints.',
  }
}
