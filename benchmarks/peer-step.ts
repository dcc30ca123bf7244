/** The same training step in Capstan and in PyTorch, turn by turn. */
import { atLeast, type Benchmark, bestOf } from './benchmark.ts'
import { openStep, shape } from './open-step.ts'
import { runPeer } from './run-peer.ts'

const rounds = 3
const repeats = 8
/** Without instructions for it, a step in bf16 takes PyTorch half a minute. */
const modes = { eager: [], compile: ['--compile'], bf16: ['--bf16', '--steps', '2'] }
const ours = {
  fp32: {},
  int8: { precision: 'int8' },
  int8All: { precision: 'int8-all' },
  lora: { method: 'lora' },
} as const

export const benchmark: Benchmark = {
  name: 'peer-step',
  description: `one step of ${shape.rows} × ${shape.length} tokens with its optimizer, against PyTorch (needs --python)`,
  async run({ base, peers, log }) {
    const best: Record<string, number> = {}
    const note = (name: string, ms: number) => {
      log(`${name}: ${ms.toFixed(0)} ms`)
      best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, ms)
    }
    let version: number | string = ''
    for (let round = 0; round < rounds; round++) {
      for (const [name, settings] of Object.entries(ours)) {
        const { step, release } = await openStep(base, settings)
        note(name, await bestOf(repeats, step))
        await release()
      }
      for (const [name, options] of Object.entries(modes)) {
        if (name === 'bf16' && round > 0) continue
        const [line] = await runPeer(peers, 'torch_step.py', options)
        note(`torch ${name}`, Number(line?.bestMs))
        version = line?.torch ?? ''
      }
    }
    const { fp32 = 0, int8 = 0, int8All = 0, lora = 0, 'torch eager': eager = 0, 'torch compile': compiled = 0 } = best
    const peer = Math.min(eager, compiled)
    return {
      values: { ...best, torch: version },
      bars: [
        atLeast('tokens/s in fp32, of PyTorch’s', '×', 1, peer / fp32),
        atLeast('tokens/s in int8, of PyTorch’s in fp32', '×', 1.6, peer / Math.min(int8, int8All)),
        atLeast('tokens/s of low-rank adapters, of all weights', '×', 1.25, fp32 / lora),
      ],
    }
  },
}
