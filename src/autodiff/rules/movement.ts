import { present } from '../../base/index.ts'
import {
  type GraphBuilder,
  int64s,
  intsOf,
  positiveAxis,
  sizeOf,
  sliceRanges,
  splitSizes,
  type Value,
  zeros,
} from '../../onnx/index.ts'
import { first, type GradientRule, notDifferentiable, type Operation, type RuleTable } from '../rule.ts'

const concat: GradientRule = (g, dys, op) => {
  const dy = present(dys[0], 'dy')
  const axis = positiveAxis(op.int('axis', 0), dy.dims.length)
  let start = 0
  return op.node.inputs.map((_, i) => {
    const size = op.input(i).dims[axis] as number
    start += size
    return g.slice(dy, axis, start - size, start)
  })
}

const split: GradientRule = (g, dys, op) => {
  const axis = positiveAxis(op.int('axis', 0), op.input(0).dims.length)
  const sizes = splitSizes(op)
  const parts = dys.filter((_, i) => sizes[i] !== 0)
  return [g.concat(parts, axis), ...Array(op.inputCount - 1).fill(null)]
}

/** The gradient put back in its place among zeros. */
const slice = first((g, dy, x, op) => {
  let placed = dy
  for (const { axis, start, step, count } of sliceRanges(op)) {
    if (count === x.dims[axis] && step === 1) continue
    placed =
      step === 1
        ? padAxis(g, placed, axis, start, x.dims[axis] as number)
        : scatterAxis(g, placed, axis, x, { start, step, count })
  }
  return placed
})

function padAxis(g: GraphBuilder, value: Value, axis: number, start: number, size: number): Value {
  const zerosOf = (length: number) =>
    g.constant(zeros(value.dtype as 'float32', value.dims.with(axis, length)), 'zeros')
  const end = size - start - (value.dims[axis] as number)
  return g.concat([...(start > 0 ? [zerosOf(start)] : []), value, ...(end > 0 ? [zerosOf(end)] : [])], axis)
}

function scatterAxis(
  g: GraphBuilder,
  value: Value,
  axis: number,
  x: Value,
  { start, step, count }: { start: number; step: number; count: number },
): Value {
  const positions = Array.from({ length: count }, (_, i) => start + i * step)
  const shaped = value.dims.map((_, i) => (i === axis ? count : 1))
  const indices = g.expand(g.constant({ ...int64s(positions), dims: shaped }, 'positions'), value.dims)
  const empty = g.fill({ dtype: value.dtype, dims: value.dims.with(axis, x.dims[axis] as number) }, 0)
  return g.op('ScatterElements', [empty, indices, value], { axis: { type: 'int', value: BigInt(axis) } })
}

const transpose = first((g, dy, x, op) => {
  const permutation = intsOf(op.node, 'perm') ?? x.dims.map((_, i) => x.dims.length - 1 - i)
  const inverse = permutation.map((_, i) => permutation.indexOf(i))
  return g.transpose(dy, inverse)
})

/** Each copy's gradient, summed: repeats become axes of their own. */
const tile = first((g, dy, x, op) => {
  const repeats = present(op.constant(1), 'repeats of Tile')
  const apart = g.reshape(
    dy,
    x.dims.flatMap((dim, i) => [repeats[i] as number, dim]),
  )
  return g.reshape(
    g.reduceSum(
      apart,
      x.dims.map((_, i) => 2 * i),
      false,
    ),
    x.dims,
  )
})

const toInputShape = first((g: GraphBuilder, dy: Value, x: Value, _op: Operation) => {
  return sizeOf(dy.dims) === sizeOf(x.dims) ? g.reshape(dy, x.dims) : dy
})

export const movement = {
  Concat: concat,
  ConstantOfShape: notDifferentiable,
  Expand: first((_, dy) => dy),
  Flatten: toInputShape,
  Range: notDifferentiable,
  Reshape: toInputShape,
  Shape: notDifferentiable,
  Size: notDifferentiable,
  Slice: slice,
  Split: split,
  Squeeze: toInputShape,
  Tile: tile,
  Transpose: transpose,
  Trilu: first((g, dy, _x, op) => g.op('Trilu', op.has(1) ? [dy, op.input(1)] : [dy], op.attributes)),
  Unsqueeze: toInputShape,
} satisfies RuleTable
