/** Whole runs on Banking77, in turns of some seconds each: Capstan, its recipe in PyTorch, and Hugging Face Trainer. */

import { runSeed } from './banking77.ts'
import { atMost, type Benchmark, type BenchmarkOptions, hasIntegerProducts } from './benchmark.ts'
import { type PeerLine, runPeer } from './run-peer.ts'
import { createTurns } from './take-turns.ts'

const goal = 0.9

export const benchmark: Benchmark = {
  name: 'peer-training',
  description: 'two epochs, and the time from CSV to 90 %, against PyTorch and Hugging Face Trainer (needs --python)',
  async run(options) {
    const { peers, data, log } = options
    const turns = createTurns()
    const ours = async (settings: BenchmarkOptions['settings']) => {
      const result = await runSeed({ ...options, settings, seed: 1 }, turns.join)
      log(`capstan ${JSON.stringify({ ...settings, ...result })}`)
      return result
    }
    const theirs = (script: string, ...more: string[]) =>
      runPeer(peers, script, ['--data', data, ...more], log, turns.join)
    const canInt8 = hasIntegerProducts(new Date())
    const [fp32, recipe, int8] = await Promise.all([
      ours({ epochs: 2 }),
      theirs('torch_recipe.py', '--epochs', '2'),
      canInt8 ? ours({ epochs: 2, precision: 'int8-all' }) : null,
    ])
    const fastest = canInt8 ? { precision: 'int8-all' as const } : {}
    const [short, tuned] = await Promise.all([
      ours({ epochs: 1, ...fastest }),
      theirs('hf_trainer.py', '--epochs', '3', '--rate', '3e-4', '--group', '--until', String(goal)),
    ])
    const trainer = await theirs('hf_trainer.py', '--epochs', '5', '--until', String(goal))
    turns.end()
    const last = (lines: readonly PeerLine[], name: string) => Number(lines.at(-1)?.[name])
    return {
      values: {
        fp32Seconds: fp32.trainingSeconds,
        fp32Accuracy: fp32.accuracy,
        ...(int8 ? { int8Seconds: int8.trainingSeconds, int8Accuracy: int8.accuracy } : {}),
        recipeSeconds: last(recipe, 'seconds'),
        recipeAccuracy: last(recipe, 'accuracy'),
        secondsTo90: short.trainingSeconds,
        precisionTo90: canInt8 ? 'int8-all' : 'fp32',
        accuracyThen: short.accuracy,
        trainerSecondsTo90: secondsTo(trainer),
        tunedSecondsTo90: secondsTo(tuned),
        memoryMib: fp32.memoryMib,
        recipeMemoryMib: last(recipe, 'peakMib'),
        trainerMemoryMib: last(trainer, 'peakMib'),
      },
      bars: [
        atMost('two epochs in fp32, of PyTorch’s time', '×', 0.7, fp32.trainingSeconds / last(recipe, 'seconds')),
        ...(int8
          ? [atMost('two epochs in int8, of PyTorch’s time', '×', 0.5, int8.trainingSeconds / last(recipe, 'seconds'))]
          : []),
        atMost('from CSV to 90 %, of Trainer’s time', '×', 0.15, short.trainingSeconds / secondsTo(trainer)),
        atMost('from CSV to 90 %, of tuned Trainer’s time', '×', 0.4, short.trainingSeconds / secondsTo(tuned)),
        atMost('peak memory, of Trainer’s', '×', 0.6, fp32.memoryMib / last(tuned, 'peakMib')),
      ],
    }
  },
}

/** When an evaluation first found the goal reached; not at all is the end of the run, in the peer's favour. */
function secondsTo(lines: readonly PeerLine[]): number {
  return Number((lines.find(({ accuracy }) => Number(accuracy) >= goal) ?? lines.at(-1))?.seconds)
}
