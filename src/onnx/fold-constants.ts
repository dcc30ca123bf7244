/**
 * Evaluates the shape arithmetic of exported models (Shape, Gather, Concat, …) on constants, in plain numbers. Larger
 * work on constants is left to the runtime: an operator without an entry, or a large value, is simply not folded.
 */
import { intOf } from './graph.ts'
import {
  broadcastDims,
  type InferenceContext,
  inferTypes,
  positiveAxis,
  sliceRanges,
  type ValueType,
} from './infer-types.ts'
import { arrayTypes, sizeOf, type Tensor, toNumbers } from './tensor.ts'

/** Values with more elements than this are never folded. */
const foldedSizeMax = 65_536

type FoldContext = InferenceContext & { tensor(index: number): Tensor }
type Fold = (context: FoldContext, output: ValueType) => number[] | null

const elementWise =
  (apply: (...values: number[]) => number): Fold =>
  (c, output) => {
    const readers = c.node.inputs.map((_, i) => broadcastReader(c.tensor(i), output.dims))
    return Array.from({ length: sizeOf(output.dims) }, (_, i) => apply(...readers.map((read) => read(i))))
  }

/** Shape arithmetic reduces a whole shape to one number; other reductions are left to the runtime. */
function reduceToOne(apply: (left: number, right: number) => number, start: number): Fold {
  return (c, output) => (sizeOf(output.dims) === 1 ? [toNumbers(c.tensor(0)).reduce(apply, start)] : null)
}

const copy: Fold = (c) => toNumbers(c.tensor(0))

const divide: Fold = (c, output) =>
  elementWise(output.dtype.startsWith('float') ? (a, b) => a / b : (a, b) => Math.trunc(a / b))(c, output)

const gather: Fold = (c, output) => {
  const { dims } = c.input(0)
  const axis = positiveAxis(intOf(c.node, 'axis', 0), dims.length)
  const data = toNumbers(c.tensor(0))
  const indices = toNumbers(c.tensor(1))
  const inner = sizeOf(dims.slice(axis + 1))
  const size = dims[axis] as number
  return Array.from({ length: sizeOf(output.dims) }, (_, i) => {
    const outer = Math.floor(i / (inner * indices.length))
    const index = indices[Math.floor(i / inner) % indices.length] as number
    return data[(outer * size + (index < 0 ? index + size : index)) * inner + (i % inner)] as number
  })
}

const concat: Fold = (c) => {
  const axis = positiveAxis(intOf(c.node, 'axis', 0), c.input(0).dims.length)
  const parts = c.node.inputs.map((_, i) => ({
    values: toNumbers(c.tensor(i)),
    run: sizeOf(c.input(i).dims.slice(axis)),
  }))
  const outer = sizeOf(c.input(0).dims.slice(0, axis))
  return Array.from({ length: outer }, (_, o) =>
    parts.flatMap((p) => p.values.slice(o * p.run, (o + 1) * p.run)),
  ).flat()
}

const slice: Fold = (c, output) => {
  const { dims } = c.input(0)
  const ranges = new Map(sliceRanges(c).map((range) => [range.axis, range]))
  const data = toNumbers(c.tensor(0))
  return Array.from({ length: sizeOf(output.dims) }, (_, flat) => {
    let rest = flat
    let offset = 0
    let stride = 1
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const range = ranges.get(axis)
      const position = rest % (output.dims[axis] as number)
      rest = Math.floor(rest / (output.dims[axis] as number))
      offset += stride * (range ? range.start + position * range.step : position)
      stride *= dims[axis] as number
    }
    return data[offset] as number
  })
}

export const folds: Record<string, Fold> = {
  Add: elementWise((a, b) => a + b),
  And: elementWise((a, b) => a & b),
  Cast: (c, output) => {
    const values = toNumbers(c.tensor(0))
    if (output.dtype === 'bool') return values.map((value) => (value === 0 ? 0 : 1))
    return output.dtype.startsWith('float') ? values : values.map(Math.trunc)
  },
  Ceil: elementWise(Math.ceil),
  Concat: concat,
  ConstantOfShape: (c, output) => {
    const value = c.node.attributes.value
    const fill = value?.type === 'tensor' ? (toNumbers(value.value)[0] as number) : 0
    return new Array<number>(sizeOf(output.dims)).fill(fill)
  },
  Div: divide,
  Equal: elementWise((a, b) => (a === b ? 1 : 0)),
  Expand: (c, output) => {
    const read = broadcastReader(c.tensor(0), output.dims)
    return Array.from({ length: sizeOf(output.dims) }, (_, i) => read(i))
  },
  Floor: elementWise(Math.floor),
  Gather: gather,
  Greater: elementWise((a, b) => (a > b ? 1 : 0)),
  GreaterOrEqual: elementWise((a, b) => (a >= b ? 1 : 0)),
  Identity: copy,
  Less: elementWise((a, b) => (a < b ? 1 : 0)),
  LessOrEqual: elementWise((a, b) => (a <= b ? 1 : 0)),
  Max: elementWise(Math.max),
  Min: elementWise(Math.min),
  Mul: elementWise((a, b) => a * b),
  Neg: elementWise((a) => -a),
  Not: elementWise((a) => 1 - a),
  Or: elementWise((a, b) => a | b),
  Pow: elementWise((a, b) => a ** b),
  Range: (c, output) => {
    const start = toNumbers(c.tensor(0))[0] as number
    const delta = toNumbers(c.tensor(2))[0] as number
    return Array.from({ length: sizeOf(output.dims) }, (_, i) => start + i * delta)
  },
  ReduceProd: reduceToOne((product, value) => product * value, 1),
  ReduceSum: reduceToOne((sum, value) => sum + value, 0),
  Reshape: copy,
  Slice: slice,
  Sqrt: elementWise(Math.sqrt),
  Squeeze: copy,
  Sub: elementWise((a, b) => a - b),
  Unsqueeze: copy,
  Where: elementWise((condition, a, b) => (condition ? a : b)),
}

/** The value of a node all of whose inputs are constants, or null where it is not folded. Shape needs only the type. */
export function foldNode(context: FoldContext): Tensor | null {
  const { node } = context
  const constant = node.attributes.value
  if (node.opType === 'Constant') return constant?.type === 'tensor' ? constant.value : null
  const fold = folds[node.opType]
  if (node.domain !== '' || (!fold && node.opType !== 'Shape' && node.opType !== 'Size')) return null
  const [output] = inferTypes(context)
  if (!output || sizeOf(output.dims) > foldedSizeMax) return null
  const { dims } = context.input(0)
  const values =
    node.opType === 'Shape'
      ? dims.slice(intOf(node, 'start', 0), intOf(node, 'end', dims.length))
      : node.opType === 'Size'
        ? [sizeOf(dims)]
        : fold?.(context, output)
  return values ? fromNumbers(output, values) : null
}

/** A tensor from numbers; int64 saturates, as the ends of slices are often the largest integer. */
export function fromNumbers({ dtype, dims }: ValueType, values: readonly number[]): Tensor | null {
  if (dtype === 'int64') {
    return {
      dtype,
      dims,
      data: BigInt64Array.from(values, (value) => (value >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(value))),
    }
  }
  if (dtype !== 'float32' && dtype !== 'float64' && dtype !== 'int32' && dtype !== 'bool') return null
  const data = new arrayTypes[dtype](values.length)
  values.forEach((value, i) => {
    data[i] = value
  })
  return { dtype, dims, data }
}

/** Reads element `i` of the broadcast value. */
function broadcastReader(tensor: Tensor, dims: readonly number[]): (i: number) => number {
  const values = toNumbers(tensor)
  if (values.length === 1) return () => values[0] as number
  if (sizeOf(tensor.dims) === sizeOf(broadcastDims(tensor.dims, dims)) && values.length === sizeOf(dims)) {
    return (i) => values[i] as number
  }
  const offset = dims.length - tensor.dims.length
  return (i) => {
    let rest = i
    let index = 0
    let stride = 1
    for (let axis = dims.length - 1; axis >= offset; axis--) {
      const size = tensor.dims[axis - offset] as number
      if (size > 1) index += stride * (rest % (dims[axis] as number))
      stride *= size
      rest = Math.floor(rest / (dims[axis] as number))
    }
    return values[index] as number
  }
}
