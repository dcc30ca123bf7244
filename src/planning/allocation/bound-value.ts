/** What no plan can exceed: how far a plan of the grid may be from the best. Curves must not fall. */
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
 * trees. `step` is how finely the curves are looked at.
 */
export function boundByHulls(root: ValueNode, budget: number, step: number): number {
  if (isLink(root) || root.combine !== 'sum' || !root.parts.every(isLink) || step === 0) return Number.POSITIVE_INFINITY
  const { parts, scale = 1 } = root
  const least = parts.reduce((sum, part) => sum + boundsOf(part).min, 0)
  const hulls = parts.map((part) => hullOf(part, budget - least, step))
  const segments = hulls.flatMap(({ segments }) => segments).sort((one, other) => other.slope - one.slope)
  let value = hulls.reduce((sum, { start }) => sum + start, 0)
  let left = budget - least
  for (const { slope, width } of segments) {
    if (left <= 0 || slope <= 0) break
    value += slope * Math.min(width, left)
    left -= width
  }
  return scale * value
}

type Hull = { start: number; segments: { slope: number; width: number }[] }

/** The upper concave hull of a link's curve over `range` above its least spend. */
function hullOf(link: Link, range: number, step: number): Hull {
  const { min, max } = boundsOf(link)
  const end = Math.min(max, min + range)
  const points: [number, number][] = []
  for (let i = 0; ; i++) {
    const x = Math.min(end, min + i * step)
    const point: [number, number] = [x, link.curve.value(x)]
    while (points.length >= 2 && slopeBetween(points.at(-2), points.at(-1)) <= slopeBetween(points.at(-1), point)) points.pop()
    points.push(point)
    if (x >= end) break
  }
  const segments = points.slice(1).map((point, i) => ({
    slope: slopeBetween(points[i], point),
    width: point[0] - (points[i]?.[0] as number),
  }))
  return { start: points[0]?.[1] as number, segments }
}

function slopeBetween(one: [number, number] | undefined, other: [number, number] | undefined): number {
  const [x0, y0] = one as [number, number]
  const [x1, y1] = other as [number, number]
  return x1 > x0 ? (y1 - y0) / (x1 - x0) : Number.NEGATIVE_INFINITY
}
