/**
 * From the grid to the point: each link may move a few small steps around where it stands, all of them together by the
 * same dynamic programme, and the step shrinks. Nothing is assumed of the curves, and value never falls.
 */
import { boundsOf, isLink, type Link, listLinks, planValue, type Spend, type ValueNode } from './value-tree.ts'

/** Steps to each side of the present spend. */
const reach = 4
const roundsPerStep = 60

/** The best plan near `start` within the budget. `step` is the grid's; lumps stay as they are. */
export function polishPlan(root: ValueNode, start: Spend, budget: number, step: number): Spend {
  const links = listLinks(root)
  let spend = start
  for (let width = step; width > 1e-11 * budget; width /= 4) {
    for (let round = 0; round < roundsPerStep; round++) {
      const left = budget - totalOf(links, spend)
      const moved = moveWithin(root, spend, width, Math.floor(left / width + 1e-9))
      if (!(planValue(root, moved) > planValue(root, spend))) break
      spend = moved
    }
  }
  return settleRest(root, links, spend, budget)
}

export function totalOf(links: readonly Link[], spend: Spend): number {
  return links.reduce((sum, { name }) => sum + (spend[name] ?? 0), 0)
}

/** What is smaller than any step goes to the link that makes most of it, within its bounds; rounding beyond the budget back. */
function settleRest(root: ValueNode, links: readonly Link[], spend: Spend, budget: number): Spend {
  const left = budget - totalOf(links, spend)
  if (left === 0) return spend
  let best = { spend, value: left > 0 ? planValue(root, spend) : Number.NEGATIVE_INFINITY }
  for (const link of links) {
    if (link.lump !== undefined) continue
    const { min, max } = boundsOf(link)
    const x = Math.min(max, Math.max(min, (spend[link.name] ?? 0) + left))
    const moved = { ...spend, [link.name]: x }
    const value = planValue(root, moved)
    if (value > best.value) best = { spend: moved, value }
  }
  return best.spend
}

/** Values by steps from the present spend: entry `i` is `i − zero` steps. */
type Window = { values: Float64Array; zero: number; split(steps: number, spend: Record<string, number>): void }

function moveWithin(root: ValueNode, spend: Spend, width: number, extra: number): Spend {
  const window = windowOf(root, spend, width)
  let best = 0
  const last = Math.min(window.values.length - 1, window.zero + extra)
  for (let i = 0; i <= last; i++) {
    if ((window.values[i] as number) > (window.values[best] as number)) best = i
  }
  const moved: Record<string, number> = {}
  window.split(best - window.zero, moved)
  return moved
}

function windowOf(node: ValueNode, spend: Spend, width: number): Window {
  if (isLink(node)) return windowOfLink(node, spend, width)
  const { combine, parts, scale = 1 } = node
  const whole = parts
    .map((part) => windowOf(part, spend, width))
    .reduce((one, other) => combineWindows(one, other, combine))
  return { ...whole, values: whole.values.map((value) => scale * value) }
}

function windowOfLink(link: Link, spend: Spend, width: number): Window {
  const { min, max } = boundsOf(link)
  const zero = link.lump === undefined ? reach : 0
  const present = spend[link.name] ?? 0
  return {
    zero,
    values: Float64Array.from({ length: 2 * zero + 1 }, (_, i) => {
      const x = present + (i - zero) * width
      return i === zero || (x >= min && x <= max) ? link.curve.value(x) : Number.NEGATIVE_INFINITY
    }),
    split: (steps, into) => {
      into[link.name] = present + steps * width
    },
  }
}

function combineWindows(one: Window, other: Window, combine: 'sum' | 'product'): Window {
  const length = one.values.length + other.values.length - 1
  const values = new Float64Array(length).fill(Number.NEGATIVE_INFINITY)
  const choice = new Int32Array(length)
  one.values.forEach((u, i) => {
    if (u === Number.NEGATIVE_INFINITY) return
    other.values.forEach((w, j) => {
      if (w === Number.NEGATIVE_INFINITY) return
      const value = combine === 'sum' ? u + w : u * w
      if (value > (values[i + j] as number)) {
        values[i + j] = value
        choice[i + j] = j - other.zero
      }
    })
  })
  const zero = one.zero + other.zero
  return {
    zero,
    values,
    split: (steps, into) => {
      const taken = choice[steps + zero] as number
      one.split(steps - taken, into)
      other.split(taken, into)
    },
  }
}
