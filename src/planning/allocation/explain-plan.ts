/** What a plan means: what to buy next, how sharp its optimum is, and why it differs, or does not, from what is spent today. */
import { InvalidInputError } from '../../base/index.ts'
import { type Allocation, allocate } from './allocate.ts'
import { totalOf } from './polish-plan.ts'
import { boundsOf, isLink, type Link, listLinks, planValue, type Spend, type ValueNode } from './value-tree.ts'

export type Purchase = { name: string; cost: number; gain: number; gainPerUnit: number }

/**
 * What the next `size` of money brings on each link, the best first: by how much the value rises, not by its slope, because
 * an S-curve may be flat at first. Links are bought in their lumps, and up to their bounds; full ones are left out.
 */
export function rankPurchases(root: ValueNode, spend: Spend, size: number): Purchase[] {
  if (!(size > 0)) {
    throw new InvalidInputError('planning.bad-purchase', `A purchase of ${size} was asked for.`, {
      hint: 'Give an amount above 0.',
    })
  }
  const before = planValue(root, spend)
  return listLinks(root)
    .flatMap((link) => {
      const { name, lump } = link
      const room = boundsOf(link).max - (spend[name] ?? 0)
      const wanted = Math.min(size, room)
      const cost = lump === undefined ? wanted : Math.floor(wanted / lump + 1e-9) * lump
      if (!(cost > 0)) return []
      const gain = planValue(root, { ...spend, [name]: (spend[name] ?? 0) + cost }) - before
      return [{ name, cost, gain, gainPerUnit: gain / cost }]
    })
    .sort((one, other) => other.gain - one.gain)
}

export type FlatRange = { name: string; from: number; to: number }

/** A plan worth at least this share of the best is as good as the best, given what is known of the curves. */
const goodEnough = 0.995
const flatWidth = 0.2

/**
 * Links whose spend can be moved by 20 % down and up at a loss below 0.5 % of the value, with the range in which that holds. The
 * others share what is left in proportion, so the true range is at least as wide.
 */
export function findFlatRanges(root: ValueNode, { spend, value }: Pick<Allocation, 'spend' | 'value'>): FlatRange[] {
  const links = listLinks(root)
  return links.flatMap((link) => {
    const x = spend[link.name] ?? 0
    if (x === 0 || link.lump !== undefined) return []
    const isGood = (moved: number) => {
      const plan = shareRest(links, spend, link, moved)
      return plan !== undefined && planValue(root, plan) >= goodEnough * value
    }
    if (!isGood(x * (1 - flatWidth)) || !isGood(x * (1 + flatWidth))) return []
    const total = totalOf(links, spend)
    return [{ name: link.name, from: lastGood(isGood, x, 0), to: lastGood(isGood, x, total) }]
  })
}

/** The plan with one link at `moved` and the others scaled to the same total; undefined where a bound or lump forbids it. */
function shareRest(links: readonly Link[], spend: Spend, moving: Link, moved: number): Spend | undefined {
  const total = totalOf(links, spend)
  const others = total - (spend[moving.name] ?? 0)
  if (moved > total || (others === 0 && moved !== total)) return undefined
  const factor = others === 0 ? 1 : (total - moved) / others
  const plan = links.map((link): [string, number] => [
    link.name,
    link === moving ? moved : factor * (spend[link.name] ?? 0),
  ])
  const allowed = links.every((link, i) => {
    const x = plan[i]?.[1] as number
    const { min, max } = boundsOf(link)
    return x >= min && x <= max && (link.lump === undefined || x === spend[link.name])
  })
  return allowed ? Object.fromEntries(plan) : undefined
}

/** The farthest place towards `end` that is still good, when goodness ends once. */
function lastGood(isGood: (x: number) => boolean, start: number, end: number): number {
  if (isGood(end)) return end
  let good = start
  let bad = end
  for (let i = 0; i < 40; i++) {
    const middle = (good + bad) / 2
    if (isGood(middle)) good = middle
    else bad = middle
  }
  return good
}

export type Review = {
  /** Whether the best plan within the bounds is what is spent today, within a thousandth of the budget. */
  unchanged: boolean
  /** Value above that of today's spend, the budget being the same. */
  gain: number
  /** Names of the links whose bounds keep the plan from moving. */
  binding: readonly string[]
  /** The largest single move that the bounds forbid, and what the best plan without bounds would add. */
  beyondBounds: { from: string; to: string; amount: number; gain: number } | undefined
}

/** Compares the best plan with what is spent today; solves once more without bounds, so that the answer is exact. */
export function reviewPlan(root: ValueNode, plan: Allocation, today: Spend): Review {
  const links = listLinks(root)
  const moves = links.map(({ name }) => Math.abs((plan.spend[name] ?? 0) - (today[name] ?? 0)))
  const free = allocate(withoutBounds(root), plan.budget)
  const gain = free.value - plan.value
  const changes = links
    .map(({ name }) => ({ name, amount: (free.spend[name] ?? 0) - (plan.spend[name] ?? 0) }))
    .sort((one, other) => one.amount - other.amount)
  const [from, to] = [changes[0], changes.at(-1)]
  const amount = from && to ? Math.min(to.amount, Math.max(-from.amount, plan.slack)) : 0
  const isMove = from && to && gain > 1e-9 * Math.abs(plan.value) && amount > 0
  return {
    unchanged: moves.every((move) => move <= 1e-3 * plan.budget),
    gain: plan.value - planValue(root, today),
    binding: plan.links.filter(({ binds }) => binds !== undefined).map(({ name }) => name),
    beyondBounds: isMove
      ? { from: -from.amount >= amount ? from.name : 'the unspent budget', to: to.name, amount, gain }
      : undefined,
  }
}

function withoutBounds(node: ValueNode): ValueNode {
  if (!isLink(node)) return { ...node, parts: node.parts.map(withoutBounds) }
  const { min: _min, max: _max, ...free } = node
  return free
}
