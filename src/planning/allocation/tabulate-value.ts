/**
 * Engine B: the best value V*(B) of every budget on a grid, exact on that grid for curves of any shape, by dynamic
 * programming from the links to the root: two parts of a sum combine as max over t of u(b − t) + w(t), of a product with × for +.
 */
import { InvalidInputError } from '../../base/index.ts'
import { convolveMax } from './convolve-max.ts'
import {
  boundsOf,
  checkTree,
  isLink,
  type Link,
  listLinks,
  requireBudget,
  type Spend,
  type ValueNode,
} from './value-tree.ts'

export type ValueTable = {
  root: ValueNode
  /** Σ of the least spends: the budget of the first entry. */
  budgetMin: number
  /** Budget between entries. */
  step: number
  /** Entries up to the largest budget; those after them only serve the upper bound. */
  count: number
  /** V*(budgetMin + j · step). */
  values: Float64Array
  /** How the steps of an entry are divided; see `planAt`. */
  split: Split
}

type Split = (steps: number, spend: Record<string, number>) => void
type Part = { values: Float64Array; split: Split }

const stepsMax = 20_000

/** Throws `planning.bad-tree`, `planning.infeasible-budget` and, beyond 20,000 steps, `planning.bad-steps`. */
export function tabulateValue(
  root: ValueNode,
  { budgetMax, steps = 2000 }: { budgetMax: number; steps?: number },
): ValueTable {
  checkTree(root)
  if (!Number.isInteger(steps) || steps < 1 || steps > stepsMax) {
    throw new InvalidInputError('planning.bad-steps', `A table of ${steps} steps was asked for.`, {
      hint: `Ask for a whole number from 1 to ${stepsMax}; time grows with its square.`,
    })
  }
  const links = listLinks(root)
  const budgetMin = requireBudget(links, budgetMax)
  const range = Math.max(0, budgetMax - budgetMin)
  const step = chooseStep(links, range, steps)
  const count = step === 0 ? 1 : Math.floor(range / step + 1e-9) + 1
  const { values, split } = tabulate(root, step, count + links.length)
  return { root, budgetMin, step, count, values, split }
}

/** The best plan of entry `index` on the grid. */
export function planAt({ split }: ValueTable, index: number): Spend {
  const spend: Record<string, number> = {}
  split(index, spend)
  return spend
}

/** The last entry whose budget is within `budget`. */
export function indexOf({ budgetMin, step, count }: ValueTable, budget: number): number {
  return step === 0 ? 0 : Math.min(count - 1, Math.max(0, Math.floor((budget - budgetMin) / step + 1e-9)))
}

/** The whole curve: budgets, V* and its slope, the price of capital λ, by central differences. */
export function toValueCurve({ budgetMin, step, count, values }: ValueTable): {
  budgets: Float64Array
  values: Float64Array
  shadowPrices: Float64Array
} {
  const shadowPrices = Float64Array.from({ length: count }, (_, j) => {
    const below = Math.max(0, j - 1)
    const above = Math.min(count - 1, j + 1)
    return above === below ? 0 : ((values[above] as number) - (values[below] as number)) / ((above - below) * step)
  })
  const budgets = Float64Array.from({ length: count }, (_, j) => budgetMin + j * step)
  return { budgets, values: values.slice(0, count), shadowPrices }
}

function tabulate(node: ValueNode, step: number, length: number): Part {
  if (isLink(node)) return tabulateLink(node, step, length)
  const { combine, parts, scale = 1 } = node
  const tables = parts.map((part) => tabulate(part, step, length))
  const whole = tables.reduce((one, other) => convolve(one, other, combine))
  return scale === 1 ? whole : { ...whole, values: whole.values.map((value) => scale * value) }
}

function tabulateLink(link: Link, step: number, length: number): Part {
  const spendAt = (steps: number) => spendWithin(link, steps * step)
  return {
    values: Float64Array.from({ length }, (_, j) => link.curve.value(spendAt(j))),
    split: (steps, spend) => {
      spend[link.name] = spendAt(steps)
    },
  }
}

/** The most that a link can take of `extra` beyond its least spend. */
function spendWithin(link: Link, extra: number): number {
  const { min, max } = boundsOf(link)
  const { lump } = link
  if (lump === undefined) return Math.min(max, min + extra)
  const lumps = Math.min(Math.floor(extra / lump + 1e-9), Math.floor((max - min) / lump + 1e-9))
  return min + lumps * lump
}

/** All budgets of two parts at once. */
function convolve(one: Part, other: Part, combine: 'sum' | 'product'): Part {
  const { values, choice } = convolveMax(one.values, other.values, combine)
  return {
    values,
    split: (steps, spend) => {
      const taken = choice[steps] as number
      one.split(steps - taken, spend)
      other.split(taken, spend)
    },
  }
}

/** A step of which every lump is a whole multiple, where there is one near the step asked for; otherwise that step. */
function chooseStep(links: readonly Link[], range: number, steps: number): number {
  const wanted = range / steps
  const lumps = links.flatMap(({ lump }) => lump ?? [])
  if (lumps.length === 0 || wanted === 0) return wanted
  const divisor = lumps.reduce((one, other) => commonDivisor(one, other, wanted / 16))
  if (divisor < wanted / 4) return wanted
  return divisor / Math.max(1, Math.round(divisor / wanted))
}

/** Euclid's algorithm; a rest below `small` counts as none. */
function commonDivisor(one: number, other: number, small: number): number {
  let a = Math.max(one, other)
  let b = Math.min(one, other)
  while (b > small) {
    const rest = a - b * Math.floor(a / b + 1e-9)
    a = b
    b = rest
  }
  return a
}
