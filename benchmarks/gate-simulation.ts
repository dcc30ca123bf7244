/** The promise of the gate on simulated tasks, a new set of 200 for each seed, and how much of the traffic it takes over. */
import { binomialLowerBound, binomialUpperBound } from '../src/base/index.ts'
import { type SimulatedTask, simulateGates } from '../src/flywheel/index.ts'
import { atMost, type Benchmark } from './benchmark.ts'

const promise = { target: 0.95, confidence: 0.95 }
const sizes = [100, 250, 600, 1500, 5000]

export const benchmark: Benchmark = {
  name: 'gate-simulation',
  description:
    '200 simulated tasks at the target for each seed: how often the gate breaks its promise, and what it takes over',
  async run({ seeds, log }) {
    const sets = Array.from({ length: seeds }, (_, seed) =>
      simulateGates({ ...promise, tasks: 200, sizes, seed: seed + 1 }),
    )
    const all = sets.flat()
    for (const shape of new Set(all.map((task) => task.shape))) {
      const tasks = all.filter((task) => task.shape === shape)
      const coverages = sizes.map((n) => meanCoverage(tasks.filter((task) => task.n === n)).toFixed(2))
      log(`${shape.padEnd(44)} broken ${countBroken(tasks)} of ${tasks.length}, coverage ${coverages.join(' ')}`)
    }
    const broken = countBroken(all)
    return {
      values: {
        tasks: all.length,
        broken,
        brokenLow: binomialLowerBound(broken, all.length, 0.025),
        brokenHigh: binomialUpperBound(broken, all.length, 0.025),
        open: all.filter(({ gate }) => gate.open).length,
        coverage: meanCoverage(all),
      },
      bars: sets.map((tasks, i) =>
        atMost(`share of 200 tasks with a broken promise, seed ${i + 1}`, '', 0.05, countBroken(tasks) / tasks.length),
      ),
    }
  },
}

function countBroken(tasks: readonly SimulatedTask[]): number {
  return tasks.filter(({ trueAgreement }) => trueAgreement < promise.target).length
}

function meanCoverage(tasks: readonly SimulatedTask[]): number {
  return tasks.reduce((sum, { trueCoverage }) => sum + trueCoverage, 0) / tasks.length
}
