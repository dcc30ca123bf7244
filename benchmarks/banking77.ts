/** The recipe on Banking77, all of it or a few examples a class: each seed in a process of its own. */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type FinetuneEvent, finetune } from '../src/platform/index.ts'
import type { TrainingSettings } from '../src/training/index.ts'
import { startActiveClock } from './active-clock.ts'
import { atLeast, atMost, type Benchmark, peakMemoryMib } from './benchmark.ts'

type SeedResult = {
  accuracy: number
  seconds: number
  /** Without the evaluation of the test set. */
  trainingSeconds: number
  secondsTo90: number
  epochs: number
  memoryMib: number
  tokensPerSecond: number
}
export type SeedOptions = {
  data: string
  train: string
  unlabelled?: string | undefined
  base: string | undefined
  settings: Partial<TrainingSettings>
  seed: number
}

const accuracyMin: Record<string, number> = { 'train.csv': 93.3, 'train-10-shot.csv': 87.5, 'train-5-shot.csv': 82 }

export const benchmark: Benchmark = {
  name: 'banking77',
  description:
    'Banking77 from CSV to evaluated model, several seeds; --train and --unlabelled name files of the data folder, --settings changes defaults',
  async run({ data, train, unlabelled, base, settings, seeds, log }) {
    const results: SeedResult[] = []
    for (let seed = 1; seed <= seeds; seed++) {
      const result = await runSeed({ data, train, unlabelled, base, settings, seed })
      log(`seed ${seed}: ${JSON.stringify(result)}`)
      results.push(result)
    }
    const mean = (value: (result: SeedResult) => number) =>
      results.reduce((sum, result) => sum + value(result), 0) / results.length
    const max = (value: (result: SeedResult) => number) => Math.max(...results.map(value))
    return {
      values: {
        seeds,
        accuracyMean: mean(({ accuracy }) => accuracy),
        accuracies: results.map(({ accuracy }) => accuracy.toFixed(4)).join(' '),
        secondsMean: mean(({ seconds }) => seconds),
        secondsTo90Mean: mean(({ secondsTo90 }) => secondsTo90),
        epochsMean: mean(({ epochs }) => epochs),
        tokensPerSecond: mean(({ tokensPerSecond }) => tokensPerSecond),
      },
      bars: [
        atLeast(
          `test accuracy, mean of ${seeds} seeds`,
          '%',
          accuracyMin[train] ?? 0,
          100 * mean(({ accuracy }) => accuracy),
        ),
        atMost(
          'time of the slowest seed, from CSV to report',
          's',
          360,
          max(({ seconds }) => seconds),
        ),
        atMost(
          'peak memory of the process',
          'MiB',
          2048,
          max(({ memoryMib }) => memoryMib),
        ),
      ],
    }
  },
}

/** `onStart` gets the process. */
export function runSeed(options: SeedOptions, onStart: (child: ChildProcess) => void = () => {}): Promise<SeedResult> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), {
      env: { ...process.env, CAPSTAN_BENCH_SEED: JSON.stringify(options) },
    })
    onStart(child)
    child.on('message', (result) => resolve(result as SeedResult))
    child.on('exit', (code) => reject(new Error(`the run of seed ${options.seed} ended with code ${code}`)))
  })
}

async function trainSeed({ data, train, unlabelled, base, settings, seed }: SeedOptions): Promise<SeedResult> {
  const elapsed = startActiveClock()
  const output = await mkdtemp(join(tmpdir(), 'capstan-bench-'))
  let secondsTo90 = Number.NaN
  let trainingSeconds = Number.NaN
  let tokens = 0
  let stepSeconds = 0
  const onEvent = (event: FinetuneEvent) => {
    if (event.type === 'epoch-end' && event.validation.report.primary.value >= 0.9 && Number.isNaN(secondsTo90))
      secondsTo90 = elapsed()
    if (event.type === 'evaluation-start') trainingSeconds = elapsed()
    if (event.type === 'step-end') {
      tokens += event.tokens
      stepSeconds += event.seconds
    }
  }
  const { model, report } = await finetune({
    data: join(data, train),
    test: join(data, 'test.csv'),
    ...(unlabelled === undefined ? {} : { unlabelled: join(data, unlabelled) }),
    base,
    output: join(output, 'model'),
    settings: { ...settings, seed },
    onEvent,
  })
  const result = {
    accuracy: report.test.accuracy,
    seconds: elapsed(),
    trainingSeconds,
    secondsTo90,
    epochs: report.training.bestEpoch,
    memoryMib: peakMemoryMib(),
    tokensPerSecond: tokens / stepSeconds,
  }
  await model.close()
  await rm(output, { recursive: true })
  return result
}

const given = process.env.CAPSTAN_BENCH_SEED
if (given && process.send) {
  process.send(await trainSeed(JSON.parse(given) as SeedOptions))
  process.disconnect()
}
