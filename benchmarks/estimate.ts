/** What a training run was estimated to take, before it and from its first steps, against what it took. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { trainingOptions } from '../src/cli/training-options.ts'
import type { RunEstimate, Usage } from '../src/contracts/index.ts'
import { atMost, type Benchmark } from './benchmark.ts'

const main = join(import.meta.dirname, '../src/cli/main.ts')
const offMax = 15

export const benchmark: Benchmark = {
  name: 'estimate',
  description: 'estimate and outcome of a training run on Banking77; --settings changes defaults',
  async run({ data, train, base, settings, log }) {
    const project = await mkdtemp(join(tmpdir(), 'capstan-bench-'))
    const given = Object.entries(settings).flatMap(([name, value]) => [flagOf(name), String(value)])
    const columns = ['--text-column', 'text', '--label-column', 'category', ...(base ? ['--base', base] : [])]
    const files = [join(data, train), '--test', join(data, 'test.csv'), '--task', 'banking', '--project', project]
    /** Each in a process of its own, so that the memory is its own. */
    const capstan = async (...more: string[]) => {
      const argv = ['--import', 'tsx', main, 'train', ...files, ...columns, ...given, ...more, '--json']
      const { stdout } = await promisify(execFile)(process.execPath, argv, { maxBuffer: 2 ** 28 })
      return JSON.parse(stdout)
    }
    try {
      const { estimate: before } = (await capstan('--estimate')) as { estimate: RunEstimate }
      log(`estimated ${before.seconds.toFixed(1)} s before the run`)
      const { run } = (await capstan()) as { run: { usage: Usage; estimate: RunEstimate } }
      const compared = [compare('before', before, run.usage), compare('first steps', run.estimate, run.usage)]
      return {
        values: {
          seconds: run.usage.wallSeconds,
          cpuSeconds: run.usage.cpuSeconds,
          memoryMib: run.usage.memoryBytesPeak / 2 ** 20,
          ...Object.assign({}, ...compared.map(({ values }) => values)),
        },
        bars: compared.map(({ what, off }) =>
          atMost(`estimate of CPU-seconds (${what}), off by`, '%', offMax, Math.abs(off)),
        ),
      }
    } finally {
      await rm(project, { recursive: true })
    }
  },
}

function compare(what: string, { seconds, secondsInterval, cpuSeconds, memoryBytesPeak }: RunEstimate, usage: Usage) {
  const off = (expected: number, measured: number) => (100 * (expected - measured)) / measured
  const values = {
    [`${what}: seconds`]: seconds,
    [`${what}: interval`]: secondsInterval?.map((bound) => bound.toFixed(1)).join(' to ') ?? 'none',
    [`${what}: seconds off, %`]: off(seconds, usage.wallSeconds),
    [`${what}: cpuSeconds`]: cpuSeconds,
    [`${what}: memory off, %`]: off(memoryBytesPeak, usage.memoryBytesPeak),
  }
  return { what, values, off: off(cpuSeconds, usage.cpuSeconds) }
}

function flagOf(setting: string): string {
  const option = trainingOptions[setting as keyof typeof trainingOptions]
  return option.flags.split(' ')[0] as string
}
