/**
 * The best split of a budget over a value tree. Concave sums and log-concave products have one best split, found by
 * bisection (engine A); everything else goes through the grid and is polished (engine B). Which and why: docs/planning.md.
 */
import type { SpendCurve } from '../curves/spend-curve.ts'
import { boundByHulls, boundOnGrid } from './bound-value.ts'
import { polishPlan, totalOf } from './polish-plan.ts'
import { indexOf, planAt, tabulateValue, type ValueTable } from './tabulate-value.ts'
import {
  boundsOf,
  checkTree,
  isLink,
  type Link,
  listLinks,
  marginalValues,
  planValue,
  requireBudget,
  type Spend,
  type ValueNode,
} from './value-tree.ts'
import { waterFill } from './water-fill.ts'

export type LinkPlan = {
  name: string
  spend: number
  /** What the next unit on this link adds to the value. */
  marginal: number
  /** The bound that keeps it from moving, if any. */
  binds: 'min' | 'max' | undefined
  /** What one unit of room at that bound is worth, the budget staying the same: |marginal − shadow price|; else 0. */
  boundPrice: number
  /** More than 1.5 × the largest spend at which its curve was measured: believe the curve less. */
  extrapolates: boolean
}

export type Allocation = {
  engine: 'concave' | 'log-concave' | 'grid'
  budget: number
  spend: Spend
  value: number
  /** λ: by how much one more unit of budget raises the value. */
  shadowPrice: number
  /** Budget that brings nothing within the bounds. */
  slack: number
  /** No plan of this budget is worth more than this. */
  upperBound: number
  /** upperBound − value. */
  gap: number
  links: readonly LinkPlan[]
}

const extrapolationLimit = 1.5

/**
 * Throws `planning.bad-tree`, `planning.infeasible-budget` and `planning.bad-steps`. A `table` of the same tree saves the
 * grid's time; its largest budget must be at least this one.
 */
export function allocate(
  root: ValueNode,
  budget: number,
  { table, steps = 2000 }: { table?: ValueTable; steps?: number } = {},
): Allocation {
  checkTree(root)
  const links = listLinks(root)
  requireBudget(links, budget)
  const bySum = allocateBySlopes(root, links, budget, 'sum')
  if (bySum) return bySum
  const byProduct = allocateBySlopes(root, links, budget, 'product')
  if (byProduct) return byProduct
  const grid = table ?? tabulateValue(root, { budgetMax: budget, steps })
  const spend = polishPlan(root, planAt(grid, indexOf(grid, budget)), budget, grid.step)
  const bounds = [boundOnGrid(grid, budget, links.length), boundByHulls(root, budget, { step: grid.step })]
  return describe(root, { engine: 'grid', budget, spend, upperBound: Math.min(...bounds) })
}

/** Engine A, where the tree is one sum or product of curves whose (logarithms') slopes only fall. */
function allocateBySlopes(
  root: ValueNode,
  links: readonly Link[],
  budget: number,
  combine: 'sum' | 'product',
): Allocation | undefined {
  const isFlat = isLink(root) || (root.combine === combine && root.parts.every(isLink))
  const fits = combine === 'sum' ? isConcave : isLogConcave
  if (!isFlat || !links.every((link) => link.lump === undefined && fits(link))) return undefined
  const slopeOf = combine === 'sum' ? (curve: SpendCurve) => curve.slope : logSlopeOf
  const { spend } = waterFill(
    links.map((link) => ({ ...boundsOf(link), slope: slopeOf(link.curve) })),
    budget,
  )
  const named = Object.fromEntries(links.map(({ name }, i) => [name, spend[i] as number]))
  return describe(root, {
    engine: combine === 'sum' ? 'concave' : 'log-concave',
    budget,
    spend: withinBudget(named, budget),
  })
}

function isConcave(link: Link): boolean {
  const { concaveFrom } = link.curve
  return concaveFrom !== undefined && concaveFrom <= boundsOf(link).min
}

function isLogConcave({ curve }: Link): boolean {
  return curve.logConcave === true
}

/** d ln f/dx; without end where the value is still 0. */
function logSlopeOf(curve: SpendCurve): (x: number) => number {
  return (x) => {
    const value = curve.value(x)
    return value > 0 ? curve.slope(x) / value : Number.POSITIVE_INFINITY
  }
}

/** Takes what rounding spent beyond the budget from the largest spend. */
function withinBudget(spend: Record<string, number>, budget: number): Spend {
  const entries = Object.entries(spend)
  const excess = entries.reduce((sum, [, x]) => sum + x, 0) - budget
  if (excess <= 0) return spend
  const [name, x] = entries.reduce((one, other) => (other[1] > one[1] ? other : one))
  return { ...spend, [name]: x - excess }
}

function describe(
  root: ValueNode,
  found: { engine: Allocation['engine']; budget: number; spend: Spend; upperBound?: number },
): Allocation {
  const { budget, spend } = found
  const links = listLinks(root)
  const value = planValue(root, spend)
  const marginals = marginalValues(root, spend)
  const slack = Math.max(0, budget - totalOf(links, spend))
  const shadowPrice = slack > 1e-9 * budget ? 0 : priceOf(links, spend, marginals, budget)
  const upperBound = Math.max(value, found.upperBound ?? value)
  return {
    engine: found.engine,
    budget,
    spend,
    value,
    shadowPrice,
    slack: slack > 1e-9 * budget ? slack : 0,
    upperBound,
    gap: upperBound - value,
    links: links.map((link) => planOf(link, spend[link.name] as number, marginals[link.name] as number, shadowPrice)),
  }
}

/**
 * The slope that all links between their bounds share. Where none is, the best slope of those that can still grow; whole
 * lumps cannot, and have no price for one more unit.
 */
function priceOf(links: readonly Link[], spend: Spend, marginals: Record<string, number>, budget: number): number {
  const growing = links.filter((link) => link.lump === undefined && (spend[link.name] as number) < boundsOf(link).max)
  const free = growing.filter((link) => (spend[link.name] as number) > boundsOf(link).min + 1e-9 * budget)
  if (free.length > 0) return free.reduce((sum, { name }) => sum + (marginals[name] as number), 0) / free.length
  return Math.max(0, ...growing.map(({ name }) => marginals[name] as number))
}

function planOf(link: Link, spend: number, marginal: number, shadowPrice: number): LinkPlan {
  const { min, max } = boundsOf(link)
  const tolerance = 1e-9 * Math.max(shadowPrice, Math.abs(marginal))
  let binds: LinkPlan['binds']
  if (link.lump === undefined && spend >= max && marginal > shadowPrice + tolerance) binds = 'max'
  if (link.lump === undefined && spend <= min && marginal < shadowPrice - tolerance) binds = 'min'
  return {
    name: link.name,
    spend,
    marginal,
    binds,
    boundPrice: binds === undefined ? 0 : Math.abs(marginal - shadowPrice),
    extrapolates: link.measuredMax !== undefined && spend > extrapolationLimit * link.measuredMax,
  }
}
