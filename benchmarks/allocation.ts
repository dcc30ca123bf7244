/** The grid engine on 12 channels and 2,000 steps, half of them S-curves, from the curves to a polished plan. */
import { allocate, hillCurve, tabulateValue, type ValueNode } from '../src/planning/index.ts'
import { atMost, type Benchmark, median } from './benchmark.ts'

const channels = 12
const steps = 2000
const budget = 400
const warmUps = 5
const repeats = 40

export const benchmark: Benchmark = {
  name: 'allocation',
  description: `${channels} channels × ${steps} steps: the grid of all budgets, the best plan, its polish and its certificate`,
  async run() {
    const root: ValueNode = {
      combine: 'sum',
      parts: Array.from({ length: channels }, (_, i) => ({
        name: `channel ${i}`,
        curve: hillCurve({ max: 40 + 7 * i, half: 15 + 4 * ((5 * i) % channels), shape: i % 2 === 0 ? 0.9 : 2.5 }),
      })),
    }
    for (let i = 0; i < warmUps; i++) allocate(root, budget, { steps })
    const grid = timeMany(() => tabulateValue(root, { budgetMax: budget, steps }))
    const whole = timeMany(() => allocate(root, budget, { steps }))
    const { value, gap, shadowPrice } = allocate(root, budget, { steps })
    return {
      values: {
        gridMsBest: Math.min(...grid),
        gridMsMedian: median(grid),
        wholeMsBest: Math.min(...whole),
        wholeMsMedian: median(whole),
        value,
        shadowPrice,
        gapPercent: (100 * gap) / value,
      },
      bars: [atMost('whole allocation, best of the calls', 'ms', 100, Math.min(...whole))],
    }
  },
}

function timeMany(call: () => unknown): number[] {
  return Array.from({ length: repeats }, () => {
    const started = performance.now()
    call()
    return performance.now() - started
  })
}
