/** What recomputation of activations saves and costs: one step in fresh processes, whose largest memory is the system's figure. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { atLeast, type Benchmark } from './benchmark.ts'

const shape = { rows: 32, length: 128 }

type Measured = { openMs: number; stepMs: number; peakMemoryMib: number }

export const benchmark: Benchmark = {
  name: 'recompute',
  description: `peak memory and time of a step of ${shape.rows} × ${shape.length} tokens with activations kept and computed again`,
  async run({ base, settings, log }) {
    // One text of eight tokens: the memory of everything but activations.
    const idle = await measureStep(base, settings, { rows: 1, length: 8 })
    const kept = await measureStep(base, settings)
    const again = await measureStep(base, { ...settings, recompute: 'layers' })
    for (const [name, measured] of Object.entries({ idle, kept, again })) log(`${name} ${JSON.stringify(measured)}`)
    const saved = 1 - again.peakMemoryMib / kept.peakMemoryMib
    return {
      values: {
        idleMib: idle.peakMemoryMib,
        keptMib: kept.peakMemoryMib,
        recomputedMib: again.peakMemoryMib,
        keptMs: kept.stepMs,
        recomputedMs: again.stepMs,
        slowdown: again.stepMs / kept.stepMs,
      },
      bars: [atLeast('share of the peak that recomputation saves', '', 0.25, saved)],
    }
  },
}

async function measureStep(base: string | undefined, settings: object, { rows, length } = shape): Promise<Measured> {
  const script = join(import.meta.dirname, 'measure-step.ts')
  const step = [JSON.stringify(settings), String(rows), String(length), ...(base === undefined ? [] : [base])]
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, ...step])
  return JSON.parse(stdout) as Measured
}
