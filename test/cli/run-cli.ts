import { Readable, Writable } from 'node:stream'
import { runProgram } from '../../src/cli/program.ts'

export type CliResult = { code: number; stdout: string; stderr: string }

/** A running command line in this process, with its streams captured. */
export function startCli(argv: readonly string[], { stdin = '' }: { stdin?: string } = {}) {
  const out = capture()
  const err = capture()
  const handlers = new Set<() => void>()
  const io = {
    stdin: Readable.from([stdin]),
    stdout: out.stream,
    stderr: err.stream,
    onSignal(handler: () => void) {
      handlers.add(handler)
      return () => handlers.delete(handler)
    },
  }
  const result = runProgram(argv, io).then((code): CliResult => ({ code, stdout: out.text(), stderr: err.text() }))
  return {
    result,
    stdout: out.text,
    stderr: err.text,
    signal: () => {
      for (const handler of handlers) handler()
    },
  }
}

export const runCli = (argv: readonly string[], options: { stdin?: string } = {}) => startCli(argv, options).result

function capture() {
  let collected = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      collected += String(chunk)
      done()
    },
  })
  return { stream, text: () => collected }
}
