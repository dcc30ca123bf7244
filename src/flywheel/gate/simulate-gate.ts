import { createRandom } from '../../base/index.ts'
import type { CalibrationPair } from './calibration-pair.ts'
import { type ChooseThresholdOptions, chooseThreshold } from './choose-threshold.ts'
import { acceptsScore, type Gate } from './gate.ts'

/** Scores and their true agreement. `rank` is uniform in (0, 1): 0 for what the model is surest of. */
export type TaskShape = { scoreAt(rank: number): number; agreementAt(rank: number): number }

const confident = (rank: number) => 1 - 0.7 * rank ** 4

/** What models look like to a gate with target 0.95, and what would deceive a careless one. */
export const taskShapes: Readonly<Record<string, TaskShape>> = {
  calibrated: { scoreAt: confident, agreementAt: confident },
  overconfident: { scoreAt: confident, agreementAt: (rank) => confident(rank) ** 2 },
  underconfident: { scoreAt: confident, agreementAt: (rank) => Math.sqrt(confident(rank)) },
  'weak model': { scoreAt: (rank) => 1 - rank, agreementAt: (rank) => 0.985 - 0.75 * rank ** 1.2 },
  'noisy teacher': { scoreAt: confident, agreementAt: (rank) => 0.965 - 0.4 * rank ** 3 },
  'score says nothing, just under the target': { scoreAt: (rank) => 1 - rank, agreementAt: () => 0.949 },
  'score says nothing, at the target': { scoreAt: (rank) => 1 - rank, agreementAt: () => 0.95 },
  'cliff at half': { scoreAt: (rank) => 1 - rank, agreementAt: (rank) => (rank < 0.5 ? 0.97 : 0.9) },
  'surest answers are worst': { scoreAt: (rank) => 1 - rank, agreementAt: (rank) => (rank < 0.1 ? 0.8 : 0.965) },
  'two decimals': { scoreAt: (rank) => Math.round(100 * confident(rank)) / 100, agreementAt: confident },
}

export type SimulatedTask = { shape: string; n: number; gate: Gate; trueAgreement: number; trueCoverage: number }

/** Gates chosen on simulated calibration sets, with what is true of them; shapes and sizes take turns. */
export function simulateGates(
  options: ChooseThresholdOptions & { tasks: number; sizes: readonly number[]; seed: number },
): SimulatedTask[] {
  const names = Object.keys(taskShapes)
  return Array.from({ length: options.tasks }, (_, task) => {
    const shape = names[task % names.length] as string
    const n = options.sizes[Math.floor(task / names.length) % options.sizes.length] as number
    const { scoreAt, agreementAt } = taskShapes[shape] as TaskShape
    const random = createRandom(options.seed, 'simulated-task', task)
    const pairs: CalibrationPair[] = Array.from({ length: n }, () => {
      const rank = random.float()
      return { score: scoreAt(rank), agrees: random.float() < agreementAt(rank) }
    })
    const gate = chooseThreshold(pairs, options)
    return { shape, n, gate, ...measureTruth(taskShapes[shape] as TaskShape, gate) }
  })
}

/** True coverage and agreement of what the gate accepts, by midpoints over the ranks; 1 where it accepts nothing. */
function measureTruth(
  { scoreAt, agreementAt }: TaskShape,
  gate: Gate,
): Pick<SimulatedTask, 'trueAgreement' | 'trueCoverage'> {
  const points = 20_000
  let [accepted, agreed] = [0, 0]
  for (let i = 0; i < points; i++) {
    const rank = (i + 0.5) / points
    if (!acceptsScore(gate, scoreAt(rank))) continue
    accepted++
    agreed += agreementAt(rank)
  }
  return { trueCoverage: accepted / points, trueAgreement: accepted === 0 ? 1 : agreed / accepted }
}
