/** What no plan can exceed: how far a plan of the grid may be from the best. Curves must not fall. */
import type { SpendCurve } from '../curves/spend-curve.ts'
import type { ValueTable } from './tabulate-value.ts'
import { boundsOf, isLink, type Link, type ValueNode } from './value-tree.ts'

/**
 * Rounded up to the grid, the best plan costs at most one step more for each link, so that V*(B) is at most the grid's
 * value that many steps further on. Holds for every tree.
 */
export function boundOnGrid(table: ValueTable, budget: number, links: number): number {
  if (table.step === 0) return table.values[0] as number
  const index = Math.floor((budget - table.budgetMin) / table.step + 1e-9) + links
  return table.values[Math.min(index, table.values.length - 1)] as number
}

/**
 * For one sum of links: the value if each curve were its concave hull, min over λ of Σ max(f − λx) + λB. Infinity for other
 * trees. `step` is how finely the curves are looked at, `range` how far: no plan puts more than the budget on one link.
 */
export function boundByHulls(
  root: ValueNode,
  budget: number,
  { step, range = budget }: { step: number; range?: number },
): number {
  if (isLink(root) || root.combine !== 'sum' || !root.parts.every(isLink) || step === 0) return Number.POSITIVE_INFINITY
  const { parts, scale = 1 } = root
  const hulls = parts.map((part) => hullOf(part, step, range))
  const segments = hulls
    .flatMap(segmentsOf)
    .sort((one, other) => (one.slope === other.slope ? 0 : other.slope - one.slope))
  let value = hulls.reduce((sum, hull) => sum + (hull[0] as Point).y, 0)
  let left = budget - parts.reduce((sum, part) => sum + boundsOf(part).min, 0)
  for (const { slope, width, rise } of segments) {
    if (left <= 0 || slope <= 0) break
    value += width <= left ? rise : (rise * left) / width
    left -= width
  }
  return scale * value
}

/** The first step is halved this often: a slope may have no end at 0. */
const halvings = 40

type Point = { x: number; y: number }

/** The corners of a concave line that is nowhere below the curve. */
function hullOf({ min = 0, max = Number.POSITIVE_INFINITY, curve }: Link, step: number, range: number): Point[] {
  const end = Math.max(min, Math.min(max, range))
  const hull: Point[] = []
  const add = (point: Point) => {
    while (hull.length >= 2 && slopeBetween(hull.at(-2), hull.at(-1)) <= slopeBetween(hull.at(-1), point)) hull.pop()
    hull.push(point)
  }
  let point = { x: min, y: curve.value(min) }
  add(point)
  for (let i = 1 - halvings; point.x < end; i++) {
    const x = Math.min(end, min + (i < 1 ? step * 2 ** (i - 1) : i * step))
    const next = { x, y: curve.value(x) }
    add(pointAbove(curve, point, next))
    add(next)
    point = next
  }
  return hull
}

/** A point such that the curve between two others is nowhere above the lines to it. */
function pointAbove({ slope, concaveFrom = Number.POSITIVE_INFINITY }: SpendCurve, one: Point, other: Point): Point {
  // Where the curve bends down, its tangents meet above it; otherwise all that is known is that it never falls.
  if (one.x < concaveFrom) return { x: one.x, y: other.y }
  const [s0, s1] = [slope(one.x), slope(other.x)]
  if (!Number.isFinite(s0)) return { x: one.x, y: other.y - s1 * (other.x - one.x) }
  if (!(s0 > s1)) return one
  const x = (other.y - one.y + s0 * one.x - s1 * other.x) / (s0 - s1)
  return { x, y: one.y + s0 * (x - one.x) }
}

function segmentsOf(hull: readonly Point[]): { slope: number; width: number; rise: number }[] {
  return hull.slice(1).map((point, i) => {
    const from = hull[i] as Point
    return { slope: slopeBetween(from, point), width: point.x - from.x, rise: point.y - from.y }
  })
}

function slopeBetween(one: Point | undefined, other: Point | undefined): number {
  const [from, to] = [one as Point, other as Point]
  if (to.x > from.x) return (to.y - from.y) / (to.x - from.x)
  return to.y > from.y ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
}
