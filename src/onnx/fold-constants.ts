/**
 * Evaluates the shape arithmetic of exported models (Shape, Gather, Concat, …) on constants, in plain numbers. Larger
 * work on constants is left to the runtime: an operator without an entry, or a large value, is simply not folded.
 */
import { broadcastDims, positiveAxis } from './dims.ts'
import { intOf } from './graph.ts'
import { inferTypes } from './infer-types.ts'
import { constantTensor, type NodeContext, shownDims, sliceRanges, type ValueType } from './node-settings.ts'
import { arrayTypes, type DataType, int64s, numericTypes, scalar, sizeOf, type Tensor, toNumbers } from './tensor.ts'

const int64Max = 2n ** 63n - 1n

/** Values with more elements than this are never folded. */
const foldedSizeMax = 65_536

type FoldContext = NodeContext & { tensor(index: number): Tensor }
type Fold = (context: FoldContext, output: ValueType) => number[] | null

const elementWise =
  (apply: (...values: number[]) => number): Fold =>
  (c, output) => {
    const readers = c.node.inputs.map((_, i) => broadcastReader(c.tensor(i), output.dims))
    return Array.from({ length: sizeOf(output.dims) }, (_, i) => apply(...readers.map((read) => read(i))))
  }

/** Shape arithmetic reduces a whole shape to one number; other reductions are left to the runtime. */
function reduceToOne(apply: (left: number, right: number) => number, start: number): Fold {
  return (c, output) => {
    const isWhole = sizeOf(output.dims) === 1 && hasSafeIntegers(c.tensor(0))
    return isWhole ? [toNumbers(c.tensor(0)).reduce(apply, start)] : null
  }
}

const copy: Fold = (c) => toNumbers(c.tensor(0))

/** Arithmetic in doubles is exact for the integers that they hold exactly; others are left to the runtime. */
const arithmetic =
  (apply: (...values: number[]) => number): Fold =>
  (c, output) => {
    const isExact = output.dtype.startsWith('float') || c.node.inputs.every((_, i) => hasSafeIntegers(c.tensor(i)))
    return isExact ? elementWise(apply)(c, output) : null
  }

const divide: Fold = (c, output) =>
  arithmetic(output.dtype.startsWith('float') ? (a, b) => a / b : (a, b) => Math.trunc(a / b))(c, output)

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

/** Operator → its value on constants, or null where that is left to the runtime. */
export const folds: Record<string, Fold> = {
  Add: arithmetic((a, b) => a + b),
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
  Mul: arithmetic((a, b) => a * b),
  Neg: arithmetic((a) => -a),
  Not: elementWise((a) => 1 - a),
  Or: elementWise((a, b) => a | b),
  Pow: arithmetic((a, b) => a ** b),
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
  Sub: arithmetic((a, b) => a - b),
  Unsqueeze: copy,
  Where: elementWise((condition, a, b) => (condition ? a : b)),
}

/** The value of a node all of whose inputs are constants, or null where it is not folded. Shape needs only the type. */
export function foldNode(context: FoldContext): Tensor | null {
  const { node } = context
  if (node.domain !== '') return null
  if (node.opType === 'Constant') return constantTensor(node)
  if (node.opType === 'Shape') return int64s(shownDims(context))
  if (node.opType === 'Size') return scalar('int64', sizeOf(context.input(0).dims))
  const fold = Object.hasOwn(folds, node.opType) ? folds[node.opType] : undefined
  if (!fold || !node.inputs.every((_, i) => isReadable(context.tensor(i)))) return null
  const [output] = inferTypes(context)
  if (!output || sizeOf(output.dims) > foldedSizeMax) return null
  const values = fold(context, output)
  return values && isWritable(output.dtype, values) ? fromNumbers(output, values) : null
}

/** Whether JavaScript's numbers hold the elements exactly; the largest int64 is an exception, see `fromNumbers`. */
function isReadable({ dtype, data }: Tensor): boolean {
  if (dtype !== 'int64') return numericTypes.has(dtype) && dtype !== 'uint64'
  return (data as BigInt64Array).every((value) => value === int64Max || Number.isSafeInteger(Number(value)))
}

function hasSafeIntegers(value: Tensor): boolean {
  return value.dtype !== 'int64' || (value.data as BigInt64Array).every((one) => Number.isSafeInteger(Number(one)))
}

/** Whether the results are values of their type: integer arithmetic may have left the range, or divided by zero. */
function isWritable(dtype: DataType, values: readonly number[]): boolean {
  if (dtype === 'int64') return values.every((value) => value === 2 ** 63 || Number.isSafeInteger(value))
  return dtype !== 'int32' || values.every((value) => value === (value | 0))
}

/** A tensor from numbers; int64 saturates, as the ends of slices are often the largest integer. */
export function fromNumbers({ dtype, dims }: ValueType, values: readonly number[]): Tensor | null {
  if (dtype === 'int64') {
    return { dtype, dims, data: BigInt64Array.from(values, (value) => (value >= 2 ** 63 ? int64Max : BigInt(value))) }
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
