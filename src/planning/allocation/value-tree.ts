/**
 * A value tree: links turn spend into value, and a series-parallel tree combines them. Links in a sum are parallel
 * (channels that add up), links in a product are a chain (quality × reach × price). Spend and the value at the root are in
 * units of currency; factors of a product may have any unit.
 */
import { InvalidInputError } from '../../base/index.ts'
import type { SpendCurve } from '../curves/spend-curve.ts'

export type Link = {
  /** Unique in the tree. */
  name: string
  curve: SpendCurve
  /** Least and most that may be spent; 0 and no limit by default. */
  min?: number
  max?: number
  /** Only `min` plus whole multiples of this can be bought: one hire, one machine. */
  lump?: number
  /** The largest spend at which the curve was measured. */
  measuredMax?: number
}

export type ValueNode = Link | { combine: 'sum' | 'product'; parts: readonly ValueNode[]; scale?: number }

/** Spend by the name of the link. */
export type Spend = Readonly<Record<string, number>>

export function isLink(node: ValueNode): node is Link {
  return 'curve' in node
}

export function listLinks(node: ValueNode): Link[] {
  return isLink(node) ? [node] : node.parts.flatMap(listLinks)
}

/** Lower and upper bound of a link's spend. */
export function boundsOf({ min = 0, max = Number.POSITIVE_INFINITY }: Link): { min: number; max: number } {
  return { min, max }
}

/** What a plan is worth. Links that the spend does not name get nothing. */
export function planValue(node: ValueNode, spend: Spend): number {
  if (isLink(node)) return node.curve.value(spend[node.name] ?? 0)
  const { combine, parts, scale = 1 } = node
  return (
    scale * parts.reduce((all, part) => combineValues(combine, all, planValue(part, spend)), combine === 'sum' ? 0 : 1)
  )
}

/** By how much value rises with the next unit spent on each link: its slope × what stands beside it on the path to the root. */
export function marginalValues(root: ValueNode, spend: Spend): Record<string, number> {
  const result: Record<string, number> = {}
  const walk = (node: ValueNode, factor: number): void => {
    if (isLink(node)) {
      result[node.name] = factor === 0 ? 0 : factor * node.curve.slope(spend[node.name] ?? 0)
      return
    }
    const { combine, parts, scale = 1 } = node
    const values = combine === 'sum' ? [] : parts.map((part) => planValue(part, spend))
    parts.forEach((part, i) => {
      walk(part, factor * scale * values.reduce((product, value, j) => (j === i ? product : product * value), 1))
    })
  }
  walk(root, 1)
  return result
}

function combineValues(combine: 'sum' | 'product', one: number, other: number): number {
  return combine === 'sum' ? one + other : one * other
}

/**
 * Throws `planning.bad-tree` with every problem: repeated names, empty branches, impossible bounds, values that are no
 * numbers, and factors of a product below 0, under which the best parts would not make the best whole.
 */
export function checkTree(root: ValueNode): void {
  const problems: string[] = []
  const names = new Set<string>()
  for (const link of listLinks(root)) {
    const { min, max } = boundsOf(link)
    const { name, lump, curve } = link
    if (names.has(name)) problems.push(`two links are named "${name}"`)
    names.add(name)
    if (!(min >= 0 && min < Number.POSITIVE_INFINITY && max >= min))
      problems.push(`"${name}" may spend from ${min} to ${max}`)
    else if (Number.isNaN(curve.value(min))) problems.push(`"${name}" has no value at ${min}`)
    if (lump !== undefined && !(lump > 0 && lump < Number.POSITIVE_INFINITY))
      problems.push(`"${name}" is bought in lumps of ${lump}`)
  }
  checkBranches(root, false, problems)
  if (problems.length === 0) return
  throw new InvalidInputError('planning.bad-tree', `The value tree cannot be used: ${problems.join('; ')}.`, {
    hint: 'Give each link a name of its own, a least spend from 0 to its most, and factors of at least 0.',
    details: problems,
  })
}

function checkBranches(node: ValueNode, isFactor: boolean, problems: string[]): void {
  if (isLink(node)) {
    const { min } = boundsOf(node)
    if (isFactor && node.curve.value(min) < 0)
      problems.push(`"${node.name}" is a factor and ${node.curve.value(min)} at ${min}`)
    return
  }
  if (node.parts.length === 0) problems.push(`a ${node.combine} has no parts`)
  if (node.scale !== undefined && !(node.scale > 0 && node.scale < Number.POSITIVE_INFINITY))
    problems.push(`a ${node.combine} is scaled by ${node.scale}`)
  for (const part of node.parts) checkBranches(part, isFactor || node.combine === 'product', problems)
}

/** Throws `planning.infeasible-budget`, naming the bounds, where the least spends exceed the budget. Returns their sum. */
export function requireBudget(links: readonly Link[], budget: number): number {
  const least = links.reduce((sum, link) => sum + boundsOf(link).min, 0)
  if (!(budget >= 0 && budget < Number.POSITIVE_INFINITY) || least > budget * (1 + 1e-12)) {
    const bounds = links.flatMap(({ name, min = 0 }) => (min > 0 ? [`${name} ≥ ${min}`] : []))
    throw new InvalidInputError(
      'planning.infeasible-budget',
      least > budget
        ? `The budget is ${budget}, and the least spends add up to ${least}: ${bounds.join(', ')}.`
        : `The budget is ${budget}.`,
      {
        hint: 'Lower a least spend, or raise the budget, to a finite number of at least 0.',
        details: { budget, least, bounds },
      },
    )
  }
  return least
}
