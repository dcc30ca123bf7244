/**
 * How much to spend in all. V*(B) − B is not unimodal: λ = 1 also holds at its minimum, so the whole curve is scanned first,
 * and only then the root beside the best entry is bisected.
 */
import { type Allocation, allocate } from './allocate.ts'
import { tabulateValue, type ValueTable } from './tabulate-value.ts'
import type { ValueNode } from './value-tree.ts'

export type BudgetChoice = {
  budget: number
  /** value − budget. */
  profit: number
  allocation: Allocation
  /** True where the largest budget asked about is the best, so that a larger one may be better still. */
  atLargest: boolean
}

/** The budget up to `budgetMax` with the largest profit. */
export function chooseBudget(
  root: ValueNode,
  options: { budgetMax: number; steps?: number; table?: ValueTable },
): BudgetChoice {
  const table = options.table ?? tabulateValue(root, options)
  const { budgetMin, step, count, values } = table
  const budgetOf = (index: number) => budgetMin + index * step
  let best = 0
  for (let j = 1; j < count; j++) {
    if ((values[j] as number) - budgetOf(j) > (values[best] as number) - budgetOf(best)) best = j
  }
  let low = budgetOf(Math.max(0, best - 1))
  let high = budgetOf(Math.min(count - 1, best + 1))
  const at = (budget: number) => allocate(root, budget, { table })
  const candidates = [at(budgetOf(best))]
  if (at(low).shadowPrice > 1 && at(high).shadowPrice < 1) {
    for (let i = 0; i < 40; i++) {
      const middle = (low + high) / 2
      if (at(middle).shadowPrice > 1) low = middle
      else high = middle
    }
    candidates.push(at(low))
  }
  const allocation = candidates.reduce((one, other) => (profitOf(other) > profitOf(one) ? other : one))
  return { budget: allocation.budget, profit: profitOf(allocation), allocation, atLargest: best === count - 1 }
}

function profitOf({ value, budget }: Allocation): number {
  return value - budget
}
