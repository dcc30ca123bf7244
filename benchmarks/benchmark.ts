import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, totalmem } from 'node:os'
import type { TrainingSettings } from '../src/training/index.ts'

/** A promise of the project with what was measured against it. */
export type Bar = { what: string; unit: string; bar: string; measured: number; holds: boolean }

export type BenchmarkResult = { values: Record<string, number | string>; bars: Bar[] }

export type BenchmarkOptions = {
  /** Folder with Banking77's train.csv and test.csv. */
  data: string
  /** File of `data` to train on. */
  train: string
  /** File of `data` whose labels are not read: texts to learn from beside it. */
  unlabelled: string | undefined
  base: string | undefined
  /** In place of the defaults. */
  settings: Partial<TrainingSettings>
  seeds: number
  /** How long a benchmark of endurance goes on. */
  minutes: number
  /** For comparisons: a Python with the peers installed, and the base model as a Hugging Face folder. */
  peers: { python: string | undefined; base: string | undefined }
  /** Progress for people, on stderr. */
  log: (line: string) => void
}

export type Benchmark = { name: string; description: string; run(options: BenchmarkOptions): Promise<BenchmarkResult> }

export type Machine = {
  cpu: string
  cores: number
  instructions: string[]
  memoryGib: number
  node: string
  onnxruntime: string
  date: string
}

export function atLeast(what: string, unit: string, bar: number, measured: number): Bar {
  return { what, unit, bar: `≥ ${bar}`, measured, holds: measured >= bar }
}

export function atMost(what: string, unit: string, bar: number, measured: number): Bar {
  return { what, unit, bar: `≤ ${bar}`, measured, holds: measured <= bar }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** Milliseconds that one call takes. */
export async function timeOnce(call: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await call()
  return performance.now() - started
}

/** The best time of several calls: what is above it is the neighbours' and the caches'. */
export async function bestOf(count: number, call: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < count; i++) times.push(await timeOnce(call))
  return Math.min(...times)
}

/** What a figure depends on besides the code. */
export function describeMachine(now: Date): Machine {
  const require = createRequire(import.meta.url)
  const flags =
    readFileSync('/proc/cpuinfo', 'utf8')
      .match(/^flags\s*: (.*)$/m)?.[1]
      ?.split(' ') ?? []
  const named = ['avx2', 'avx512f', 'avx512_vnni', 'avx_vnni', 'avx512_bf16', 'amx_tile', 'amx_int8']
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    instructions: named.filter((flag) => flags.includes(flag)),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    onnxruntime: (require('onnxruntime-node/package.json') as { version: string }).version,
    date: now.toISOString().slice(0, 10),
  }
}

/** Whether the processor multiplies 8-bit integers without loss; elsewhere a run that asks for them takes floats. */
export function hasIntegerProducts(now: Date): boolean {
  return describeMachine(now).instructions.some((name) => /vnni|amx_int8/.test(name))
}

/** Largest resident memory of this process so far, in MiB. */
export function peakMemoryMib(): number {
  return process.resourceUsage().maxRSS / 1024
}
