import { present } from '../../base/index.ts'
import { type GraphBuilder, int, int64s, positiveAxis, sizeOf, text, type Value } from '../../onnx/index.ts'
import { first, type GradientRule, type Operation, type RuleTable, refuseForm } from '../rule.ts'

/** Adds each row of dy to the row of the table that it was taken from. */
const gather: GradientRule = (g, dys, op) => {
  const axis = positiveAxis(op.int('axis', 0), op.input(0).dims.length)
  return [addRows(g, op.input(0), op.input(1), present(dys[0], 'dy'), axis), null]
}

/** Zeros like `data`, to whose slices along `axis` at `indices` those of `updates` are added. */
function addRows(g: GraphBuilder, data: Value, indices: Value, updates: Value, axis: number): Value {
  const count = sizeOf(indices.dims)
  const rows = g.reshape(updates, data.dims.with(axis, count))
  // The gathered axis comes first, its rows are scattered, and it goes back.
  const toFront = [axis, ...data.dims.map((_, i) => i).filter((i) => i !== axis)]
  const back = toFront.map((_, i) => toFront.indexOf(i))
  const front = g.transpose(rows, toFront)
  const empty = g.fill({ dtype: updates.dtype, dims: toFront.map((i) => data.dims[i] as number) }, 0)
  const positions = g.reshape(g.cast(indices, 'int64'), [count, 1])
  return g.transpose(scatterNd(g, empty, positions, front, 'add'), back)
}

const gatherElements: GradientRule = (g, dys, op) => {
  const data = op.input(0)
  const axis = positiveAxis(op.int('axis', 0), data.dims.length)
  return [scatterElements(g, g.fill(data, 0), op.input(1), present(dys[0], 'dy'), { axis, reduction: 'add' }), null]
}

const gatherNd: GradientRule = (g, dys, op) => {
  const [data, indices] = [op.input(0), op.input(1)]
  const full = withBatchIndices(g, indices, op.int('batch_dims', 0))
  return [scatterNd(g, g.fill(data, 0), full, present(dys[0], 'dy'), 'add'), null]
}

/** GatherND's indices within each element of its batch, with the element's own position before them. */
function withBatchIndices(g: GraphBuilder, indices: Value, batchRank: number): Value {
  const shape = indices.dims.slice(0, -1)
  const positions = shape.slice(0, batchRank).map((size, axis) => {
    const along = [...shape.map((_, i) => (i === axis ? size : 1)), 1]
    const counted = g.constant({ ...int64s([...Array(size).keys()]), dims: along }, 'batch_index')
    return g.expand(counted, [...shape, 1])
  })
  return g.concat([...positions, g.cast(indices, 'int64')], shape.length)
}

/** Where updates replaced elements, these have no gradient; where they were added, both have. */
const scatterNdRule: GradientRule = (g, dys, op) => {
  const [dy, indices, updates] = [present(dys[0], 'dy'), op.input(1), op.input(2)]
  const kept = isAdding(op) ? dy : scatterNd(g, dy, indices, g.fill(updates, 0), 'none')
  return [kept, null, g.op('GatherND', [dy, indices])]
}

const scatterElementsRule: GradientRule = (g, dys, op) => {
  const [dy, indices, updates] = [present(dys[0], 'dy'), op.input(1), op.input(2)]
  const axis = positiveAxis(op.int('axis', 0), dy.dims.length)
  const kept = isAdding(op) ? dy : scatterElements(g, dy, indices, g.fill(updates, 0), { axis, reduction: 'none' })
  return [kept, null, g.op('GatherElements', [dy, indices], { axis: int(axis) })]
}

function isAdding(op: Operation): boolean {
  const reduction = op.text('reduction', 'none')
  if (reduction === 'add' || reduction === 'none') return reduction === 'add'
  return refuseForm(op, `with reduction ${reduction}`, 'Use reduction none or add.')
}

function scatterNd(g: GraphBuilder, data: Value, indices: Value, updates: Value, reduction: 'add' | 'none'): Value {
  return g.op('ScatterND', [data, indices, updates], { reduction: text(reduction) })
}

function scatterElements(
  g: GraphBuilder,
  data: Value,
  indices: Value,
  updates: Value,
  { axis, reduction }: { axis: number; reduction: 'add' | 'none' },
): Value {
  return g.op('ScatterElements', [data, indices, updates], { axis: int(axis), reduction: text(reduction) })
}

/** The gradient of the values goes where they were found; indices have none. */
const topK: GradientRule = (g, dys, op) => {
  const x = op.input(0)
  const axis = positiveAxis(op.int('axis', -1), x.dims.length)
  const dx = scatterElements(g, g.fill(x, 0), op.output(1), present(dys[0], 'dy'), { axis, reduction: 'none' })
  return [dx, null]
}

/** Inference has asked for a constant condition, as the result's size depends on it. */
const compress = first((g, dy, x, op) => {
  const kept = present(op.constant(1), 'condition of Compress').flatMap((on, i) => (on ? [i] : []))
  const indices = g.constant(int64s(kept), 'kept')
  if (op.attributes.axis) return addRows(g, x, indices, dy, positiveAxis(op.int('axis', 0), x.dims.length))
  return g.reshape(addRows(g, g.reshape(x, [sizeOf(x.dims)]), indices, dy, 0), x.dims)
})

/** Values are [off, on]: each gets the sum over where it stands. */
const oneHot: GradientRule = (g, dys, op) => {
  const dy = present(dys[0], 'dy')
  const flags = g.constant(int64s([0, 1]), 'flags')
  const isOn = g.cast(g.op('OneHot', [op.input(0), op.input(1), flags], op.attributes), dy.dtype)
  const sums = [g.sub(1, isOn), isOn].map((mask) => g.reshape(g.reduceSum(g.mul(dy, mask), undefined, false), [1]))
  return [null, null, g.concat(sums, 0)]
}

export const indexing = {
  Compress: compress,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  OneHot: oneHot,
  ScatterElements: scatterElementsRule,
  ScatterND: scatterNdRule,
  TopK: topK,
} satisfies RuleTable
