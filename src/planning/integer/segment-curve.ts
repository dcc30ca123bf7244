/** A curve as straight pieces, so that a linear model can hold it. */
import type { SpendCurve } from '../curves/spend-curve.ts'
import type { LinearModel, Term } from './linear-model.ts'

export type Segments = Pick<LinearModel, 'variables' | 'constraints'> & {
  /** Adds up to the spend. */
  spend: Term[]
  /** Adds up to the curve's value above `start`. */
  value: Term[]
  /** Value at no spend. */
  start: number
}

const segmentCount = 20

/**
 * Secants over [0, max] that meet the curve at their ends and, where it bends down, stay below it. Falling slopes fill in
 * order by themselves; as far as slopes rise, a piece opens only when the one before is full, which takes 0-1 variables.
 */
export function segmentCurve(name: string, curve: SpendCurve, max: number, count = segmentCount): Segments {
  const pieces = secantsOf(curve, max, count)
  // The piece up to which the order has to be enforced.
  const lastRising = pieces.findLastIndex(({ slope }, k) => k > 0 && slope > (pieces[k - 1] as Piece).slope)
  const piece = (k: number) => `${name}:${k}`
  const full = (k: number) => `${name}:full${k}`
  const variables: Record<string, { max: number; integer?: boolean }> = {}
  const constraints: Record<string, LinearModel['constraints'][string]> = {}
  pieces.forEach(({ width }, k) => {
    variables[piece(k)] = { max: width }
    if (k < lastRising) {
      variables[full(k)] = { max: 1, integer: true }
      constraints[`${full(k)}:before`] = {
        terms: [
          [piece(k), 1],
          [full(k), -width],
        ],
        relation: '>=',
        limit: 0,
      }
    }
    const gate = Math.min(k, lastRising) - 1
    if (gate >= 0) {
      constraints[`${full(gate)}:opens${k}`] = {
        terms: [
          [piece(k), 1],
          [full(gate), -width],
        ],
        relation: '<=',
        limit: 0,
      }
    }
  })
  return {
    variables,
    constraints,
    spend: pieces.map((_, k) => [piece(k), 1]),
    value: pieces.map(({ slope }, k) => [piece(k), slope]),
    start: curve.value(0),
  }
}

type Piece = { width: number; slope: number }

/** Secants over equal widths; neighbours of one slope are one piece, so that a straight line costs nothing. */
function secantsOf(curve: SpendCurve, max: number, count: number): Piece[] {
  const width = max / count
  const pieces: Piece[] = []
  for (let k = 0; k < count; k++) {
    const slope = (curve.value((k + 1) * width) - curve.value(k * width)) / width
    const last = pieces.at(-1)
    if (last && Math.abs(slope - last.slope) <= 1e-9 * Math.abs(last.slope)) last.width += width
    else pieces.push({ width, slope })
  }
  return pieces
}
