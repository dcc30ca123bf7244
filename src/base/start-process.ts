import { type ChildProcess, fork } from 'node:child_process'

/**
 * Starts a module of this program in a process of its own, with a channel for messages; `entry` and `from` as in
 * `startWorker`. Its output is piped to this process.
 */
export function startProcess(entry: string, from: string, argv: readonly string[]): ChildProcess {
  const isSource = from.endsWith('.ts')
  return fork(new URL(`${entry}.${isSource ? 'ts' : 'js'}`, from), argv, {
    execArgv: isSource ? ['--import', import.meta.resolve('tsx/esm')] : [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
}
