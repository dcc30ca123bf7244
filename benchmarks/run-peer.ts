/** Runs a peer's script in a Python of the caller's, and reads the lines of JSON that it prints. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { InvalidInputError } from '../src/base/index.ts'
import type { BenchmarkOptions } from './benchmark.ts'

export type PeerLine = Readonly<Record<string, number | string>>

export async function runPeer(
  { python, base }: BenchmarkOptions['peers'],
  script: string,
  options: readonly string[],
  log: (line: string) => void = () => {},
  onStart: (child: ChildProcess) => void = () => {},
): Promise<PeerLine[]> {
  if (!python || !base) {
    throw new InvalidInputError('benchmark.no-peers', 'No Python with the peers was named', {
      hint: 'Give --python and --peer-base; benchmarks/peers/README.md says how to install them.',
    })
  }
  const path = join(import.meta.dirname, 'peers', script)
  const all = script === 'torch_step.py' ? options : ['--base', base, ...options]
  const child = spawn(python, [path, ...all], { stdio: ['ignore', 'pipe', 'inherit'] })
  onStart(child)
  const ended = once(child, 'exit')
  const lines: PeerLine[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue
    log(`${script} ${line}`)
    // Transformers prints a summary of its own as a Python dict.
    if (line.startsWith('{"')) lines.push(JSON.parse(line) as PeerLine)
  }
  const [code] = await ended
  if (code !== 0) throw new Error(`${script} ended with code ${code}`)
  return lines
}
