import type { Readable, Writable } from 'node:stream'

/** What a command reads and writes; tests give their own. */
export type Io = {
  stdin: Readable & { isTTY?: boolean }
  stdout: Writable
  stderr: Writable & { isTTY?: boolean }
  /** Calls `handler` at SIGINT and SIGTERM until the function returned is called. */
  onSignal(handler: () => void): () => void
}

export const processIo: Io = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  onSignal(handler) {
    const signals = ['SIGINT', 'SIGTERM'] as const
    for (const signal of signals) process.on(signal, handler)
    return () => {
      for (const signal of signals) process.off(signal, handler)
    }
  },
}

/**
 * Ends this process as SIGINT would have. `process.exit` waits for native modules to clean up, and ONNX Runtime aborts the
 * process when a thread's session is at work meanwhile.
 */
export function leaveAtOnce(): void {
  process.removeAllListeners('SIGINT')
  process.kill(process.pid, 'SIGINT')
}

export function printLine(stream: Writable, line = ''): void {
  stream.write(`${line}\n`)
}

/** One JSON object on stdout: amounts, which are bigint, as digits. */
export function printJson({ stdout }: Pick<Io, 'stdout'>, value: unknown): void {
  const digits = (_key: string, field: unknown) => (typeof field === 'bigint' ? field.toString() : field)
  printLine(stdout, JSON.stringify(value, digits, 2))
}
