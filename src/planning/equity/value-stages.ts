import { InvalidInputError } from '../../base/index.ts'
import { checkNumbers } from '../check-numbers.ts'

/** Money that is only paid if the stage before went well: each outcome ends in a value, or in the next stage. */
export type Stage = {
  name: string
  cost: number
  outcomes: readonly { probability: number; next: Stage | number }[]
  /** What stopping here instead is worth. @default 0 */
  salvage?: number
  /** From this stage's cost to its outcomes, as one factor: 0.9 for a year at 11 %. @default 1 */
  discount?: number
}

export type StagedValue = {
  /** With every stage paid for, whatever happened before. */
  committed: number
  /** With the right to stop. */
  staged: number
  optionValue: number
  /** Stages that are not worth starting where they are reached. */
  abandoned: string[]
}

/** Backward induction over the tree. Throws InvalidInputError `plan.invalid-outcomes`, `plan.invalid-number`. */
export function valueStages(stage: Stage): StagedValue {
  const abandoned = new Set<string>()
  const walk = (node: Stage | number): { committed: number; staged: number } => {
    if (typeof node === 'number') return { committed: node, staged: node }
    checkStage(node)
    const { name, cost, outcomes, salvage = 0, discount = 1 } = node
    let [committed, going] = [-cost, -cost]
    for (const { probability, next } of outcomes) {
      const value = walk(next)
      committed += discount * probability * value.committed
      going += discount * probability * value.staged
    }
    if (going < salvage) abandoned.add(name)
    return { committed, staged: Math.max(salvage, going) }
  }
  const { committed, staged } = walk(stage)
  return { committed, staged, optionValue: staged - committed, abandoned: [...abandoned] }
}

function checkStage({ name, cost, outcomes, salvage = 0, discount = 1 }: Stage): void {
  checkNumbers(`stage ${name}`, {
    cost: [cost, 'finite'],
    salvage: [salvage, 'finite'],
    discount: [discount, 'from 0 to 1'],
  })
  const total = outcomes.reduce((sum, { probability }) => sum + probability, 0)
  if (outcomes.every(({ probability }) => probability >= 0) && Math.abs(total - 1) < 1e-9) return
  throw new InvalidInputError(
    'plan.invalid-outcomes',
    `The outcomes of stage ${name} have probabilities that add up to ${total}.`,
    {
      hint: 'Give every outcome, failure included, a probability of at least 0; together they are 1.',
    },
  )
}
