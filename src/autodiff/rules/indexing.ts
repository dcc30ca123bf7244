import { present } from '../../base/index.ts'
import { type GraphBuilder, int, positiveAxis, sizeOf, text, type Value } from '../../onnx/index.ts'
import type { GradientRule, RuleTable } from '../rule.ts'

/** Adds each row of dy to the row of the table that it was taken from. */
const gather: GradientRule = (g, dys, op) => {
  const [dy, data, indices] = [present(dys[0], 'dy'), op.input(0), op.input(1)]
  const rank = data.dims.length
  const axis = positiveAxis(op.int('axis', 0), rank)
  const count = sizeOf(indices.dims)
  const rows = g.reshape(dy, [...data.dims.slice(0, axis), count, ...data.dims.slice(axis + 1)])
  // The gathered axis comes first, its rows are scattered, and it goes back.
  const toFront = [axis, ...data.dims.map((_, i) => i).filter((i) => i !== axis)]
  const back = toFront.map((_, i) => toFront.indexOf(i))
  const front = g.transpose(rows, toFront)
  const empty = g.fill({ dtype: dy.dtype, dims: toFront.map((i) => data.dims[i] as number) }, 0)
  const positions = g.reshape(indices, [count, 1])
  const sums = g.op('ScatterND', [empty, positions, front], { reduction: text('add') })
  return [g.transpose(sums, back), null]
}

const gatherElements: GradientRule = (g, dys, op) => {
  const data = op.input(0)
  const axis = positiveAxis(op.int('axis', 0), data.dims.length)
  return [scatterAdd(g, data, op.input(1), present(dys[0], 'dy'), axis), null]
}

function scatterAdd(g: GraphBuilder, like: Value, indices: Value, updates: Value, axis: number): Value {
  const attributes = { axis: int(axis), reduction: text('add') }
  return g.op('ScatterElements', [g.fill(like, 0), indices, updates], attributes)
}

export const indexing = { Gather: gather, GatherElements: gatherElements } satisfies RuleTable
