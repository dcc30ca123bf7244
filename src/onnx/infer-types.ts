/**
 * Static type inference: the element type and the dimensions of each output, given those of the inputs and the values
 * of the inputs that are constants (shapes, axes, …). Dimensions are numbers: symbols are fixed before.
 * A test compares every entry with what the runtime returns. Source: https://onnx.ai/onnx/operators/.
 */
import { assert, present, UnsupportedError } from '../base/index.ts'
import { intOf, intsOf, type Node, operatorOf } from './graph.ts'
import { type DataType, sizeOf } from './tensor.ts'

export type ValueType = { readonly dtype: DataType; readonly dims: readonly number[] }

/** What a rule of inference sees of its node. */
export type InferenceContext = {
  readonly node: Node
  readonly opset: number
  input(index: number): ValueType
  has(index: number): boolean
  /** The numbers of a constant input; undefined where it is absent; throws where it is not a constant. */
  constant(index: number): number[] | undefined
}

type Inference = (context: InferenceContext) => ValueType[]

/** NumPy broadcasting of several shapes. */
export function broadcastDims(...shapes: (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((dims) => dims.length))
  return Array.from({ length: rank }, (_, i) =>
    shapes.reduce((size, dims) => {
      const dim = dims[i - rank + dims.length] ?? 1
      assert(dim === 1 || size === 1 || dim === size, `cannot broadcast ${shapes.map((s) => `[${s}]`).join(' with ')}`)
      return dim === 1 ? size : dim
    }, 1),
  )
}

/** An axis counted from the front. */
export function positiveAxis(axis: number, rank: number): number {
  assert(axis >= -rank && axis < Math.max(rank, 1), `axis ${axis} of a value of rank ${rank}`)
  return axis < 0 ? axis + rank : axis
}

/** The dimensions of `dims` that remain after reducing `axes`. */
export function reduceDims(dims: readonly number[], axes: readonly number[], keepDims: boolean): number[] {
  return keepDims ? dims.map((d, i) => (axes.includes(i) ? 1 : d)) : dims.filter((_, i) => !axes.includes(i))
}

/** Axes of a reduction (attribute before opset 13 or 18, input after), counted from the front; all where absent. */
export function reductionAxes(context: Pick<InferenceContext, 'node' | 'input' | 'constant'>): number[] {
  const rank = context.input(0).dims.length
  const given = intsOf(context.node, 'axes') ?? context.constant(1)
  if (!given?.length) return intOf(context.node, 'noop_with_empty_axes', 0) ? [] : [...Array(rank).keys()]
  return given.map((axis) => positiveAxis(axis, rank))
}

const same: Inference = (c) => [c.input(0)]
const sameAs =
  (dtype: DataType): Inference =>
  (c) => [{ dtype, dims: c.input(0).dims }]
const broadcast: Inference = (c) => [
  { dtype: c.input(0).dtype, dims: broadcastDims(...c.node.inputs.map((_, i) => c.input(i).dims)) },
]
const compare: Inference = (c) => [{ dtype: 'bool', dims: broadcastDims(c.input(0).dims, c.input(1).dims) }]
const reduce: Inference = (c) => [
  {
    dtype: c.input(0).dtype,
    dims: reduceDims(c.input(0).dims, reductionAxes(c), intOf(c.node, 'keepdims', 1) === 1),
  },
]

const argReduce: Inference = (c) => {
  const axis = positiveAxis(intOf(c.node, 'axis', 0), c.input(0).dims.length)
  return [{ dtype: 'int64', dims: reduceDims(c.input(0).dims, [axis], intOf(c.node, 'keepdims', 1) === 1) }]
}

const matMul: Inference = (c) => [{ dtype: c.input(0).dtype, dims: matMulDims(c.input(0).dims, c.input(1).dims) }]

export function matMulDims(a: readonly number[], b: readonly number[]): number[] {
  const left = a.length === 1 ? [1, ...a] : a
  const right = b.length === 1 ? [...b, 1] : b
  const [rows, inner] = left.slice(-2) as [number, number]
  const [innerRight, columns] = right.slice(-2) as [number, number]
  assert(inner === innerRight, `cannot multiply [${a}] with [${b}]`)
  const dims = [...broadcastDims(left.slice(0, -2), right.slice(0, -2))]
  if (a.length > 1) dims.push(rows)
  if (b.length > 1) dims.push(columns)
  return dims
}

const fusedMatMul: Inference = (c) => {
  const turn = (dims: readonly number[], name: string) =>
    intOf(c.node, name, 0) ? [...dims.slice(0, -2), ...dims.slice(-2).reverse()] : dims
  return [
    { dtype: c.input(0).dtype, dims: matMulDims(turn(c.input(0).dims, 'transA'), turn(c.input(1).dims, 'transB')) },
  ]
}

const gemm: Inference = (c) => {
  const a = c.input(0).dims
  const b = c.input(1).dims
  const rows = present(a[intOf(c.node, 'transA', 0)], 'rows of Gemm')
  return [{ dtype: c.input(0).dtype, dims: [rows, present(b[1 - intOf(c.node, 'transB', 0)], 'columns of Gemm')] }]
}

const reshape: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const wanted = present(c.constant(1), 'shape of Reshape')
  const allowZero = intOf(c.node, 'allowzero', 0) === 1
  const filled = wanted.map((d, i) => (d === 0 && !allowZero ? present(dims[i], `dimension ${i} of Reshape`) : d))
  const known = filled.filter((d) => d >= 0).reduce((product, d) => product * d, 1)
  const result = filled.map((d) => (d < 0 ? sizeOf(dims) / known : d))
  assert(sizeOf(result) === sizeOf(dims), `cannot reshape [${dims}] to [${wanted}]`)
  return [{ dtype, dims: result }]
}

const slice: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const result = [...dims]
  for (const { axis, count } of sliceRanges(c)) result[axis] = count
  return [{ dtype, dims: result }]
}

export type SliceRange = { axis: number; start: number; end: number; step: number; count: number }

/** Slice's starts, ends, axes and steps (attributes before opset 10), clamped as the specification says. */
export function sliceRanges(c: Pick<InferenceContext, 'node' | 'input' | 'constant'>): SliceRange[] {
  const { dims } = c.input(0)
  const starts = present(intsOf(c.node, 'starts') ?? c.constant(1), 'starts of Slice')
  const ends = present(intsOf(c.node, 'ends') ?? c.constant(2), 'ends of Slice')
  const axes = intsOf(c.node, 'axes') ?? c.constant(3) ?? starts.map((_, i) => i)
  const steps = c.constant(4) ?? starts.map(() => 1)
  return starts.map((rawStart, i) => {
    const axis = positiveAxis(axes[i] as number, dims.length)
    const size = dims[axis] as number
    const step = steps[i] as number
    const clamp = (value: number, low: number, high: number) =>
      Math.min(Math.max(value < 0 ? value + size : value, low), high)
    const start = step > 0 ? clamp(rawStart, 0, size) : clamp(rawStart, 0, size - 1)
    const end = step > 0 ? clamp(ends[i] as number, 0, size) : clamp(ends[i] as number, -1, size - 1)
    return { axis, start, end, step, count: Math.max(0, Math.ceil((end - start) / step)) }
  })
}

const concat: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const axis = positiveAxis(intOf(c.node, 'axis', 0), dims.length)
  const total = c.node.inputs.reduce((sum, _, i) => sum + (c.input(i).dims[axis] as number), 0)
  return [{ dtype, dims: dims.with(axis, total) }]
}

const split: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const axis = positiveAxis(intOf(c.node, 'axis', 0), dims.length)
  return splitSizes(c).map((size) => ({ dtype, dims: dims.with(axis, size) }))
}

/** Sizes of Split's outputs: given, or equal parts of which the last may be smaller. */
export function splitSizes(c: Pick<InferenceContext, 'node' | 'input' | 'constant'>): number[] {
  const given = intsOf(c.node, 'split') ?? c.constant(1)
  if (given) return given
  const { dims } = c.input(0)
  const size = dims[positiveAxis(intOf(c.node, 'axis', 0), dims.length)] as number
  const part = Math.ceil(size / c.node.outputs.length)
  return c.node.outputs.map((_, i) => Math.min(part, size - i * part))
}

const gather: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const axis = positiveAxis(intOf(c.node, 'axis', 0), dims.length)
  return [{ dtype, dims: [...dims.slice(0, axis), ...c.input(1).dims, ...dims.slice(axis + 1)] }]
}

const unsqueeze: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const given = present(intsOf(c.node, 'axes') ?? c.constant(1), 'axes of Unsqueeze')
  const rank = dims.length + given.length
  const axes = given.map((axis) => positiveAxis(axis, rank))
  const rest = [...dims]
  return [{ dtype, dims: Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : (rest.shift() as number))) }]
}

const squeeze: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const given = intsOf(c.node, 'axes') ?? c.constant(1)
  const axes = given?.map((axis) => positiveAxis(axis, dims.length))
  return [{ dtype, dims: dims.filter((d, i) => (axes ? !axes.includes(i) : d !== 1)) }]
}

const transpose: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const permutation = intsOf(c.node, 'perm') ?? dims.map((_, i) => dims.length - 1 - i)
  return [{ dtype, dims: permutation.map((i) => dims[i] as number) }]
}

const cast: Inference = (c) => [{ dtype: castTypes[intOf(c.node, 'to', 0)] ?? unknownCast(c), dims: c.input(0).dims }]

const castTypes: Record<number, DataType> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  16: 'bfloat16',
}

/** TensorProto.DataType of a type that Cast can give. */
export function castCode(dtype: DataType): number {
  const entry = Object.entries(castTypes).find(([, name]) => name === dtype)
  return Number(present(entry, `code of ${dtype}`)[0])
}

const layerNormalization: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const axis = positiveAxis(intOf(c.node, 'axis', -1), dims.length)
  const statistics: ValueType = { dtype: 'float32', dims: dims.map((d, i) => (i < axis ? d : 1)) }
  return [{ dtype, dims }, statistics, statistics].slice(0, c.node.outputs.length)
}

const dropout: Inference = (c) =>
  [c.input(0), { dtype: 'bool' as const, dims: c.input(0).dims }].slice(0, c.node.outputs.length)

const constantNode: Inference = (c) => {
  const value = c.node.attributes.value
  assert(value?.type === 'tensor', 'Constant without a tensor')
  return [{ dtype: value.value.dtype, dims: value.value.dims }]
}

const constantOfShape: Inference = (c) => {
  const value = c.node.attributes.value
  return [
    {
      dtype: value?.type === 'tensor' ? value.value.dtype : 'float32',
      dims: present(c.constant(0), 'shape of ConstantOfShape'),
    },
  ]
}

const range: Inference = (c) => {
  const [start, limit, delta] = [0, 1, 2].map((i) => present(c.constant(i), 'bounds of Range')[0] as number) as [
    number,
    number,
    number,
  ]
  return [{ dtype: c.input(0).dtype, dims: [Math.max(0, Math.ceil((limit - start) / delta))] }]
}

const flatten: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const raw = intOf(c.node, 'axis', 1)
  const axis = raw < 0 ? raw + dims.length : raw
  return [{ dtype, dims: [sizeOf(dims.slice(0, axis)), sizeOf(dims.slice(axis))] }]
}

/** One entry per operator, '' domain without prefix. */
export const inferences: Record<string, Inference> = {
  Abs: same,
  Acos: same,
  Acosh: same,
  Asin: same,
  Asinh: same,
  Atan: same,
  Atanh: same,
  Ceil: same,
  Clip: same,
  Cos: same,
  Cosh: same,
  CumSum: same,
  Elu: same,
  Erf: same,
  Exp: same,
  Floor: same,
  Gelu: same,
  HardSigmoid: same,
  HardSwish: same,
  Identity: same,
  LeakyRelu: same,
  Log: same,
  LogSoftmax: same,
  LpNormalization: same,
  Mish: same,
  Neg: same,
  Not: same,
  Reciprocal: same,
  Relu: same,
  Round: same,
  Selu: same,
  Sigmoid: same,
  Sign: same,
  Sin: same,
  Sinh: same,
  Softmax: same,
  Softplus: same,
  Softsign: same,
  Sqrt: same,
  Tan: same,
  Tanh: same,
  ThresholdedRelu: same,
  Trilu: same,
  'com.microsoft:Gelu': same,
  'com.microsoft:FastGelu': same,
  'com.microsoft:QuickGelu': same,
  'com.microsoft:BiasGelu': same,
  ScatterElements: same,
  ScatterND: same,
  IsNaN: sameAs('bool'),
  IsInf: sameAs('bool'),
  Add: broadcast,
  BitShift: broadcast,
  Div: broadcast,
  Max: broadcast,
  Mean: broadcast,
  Min: broadcast,
  Mod: broadcast,
  Mul: broadcast,
  PRelu: broadcast,
  Pow: broadcast,
  Sub: broadcast,
  Sum: broadcast,
  And: compare,
  Equal: compare,
  Greater: compare,
  GreaterOrEqual: compare,
  Less: compare,
  LessOrEqual: compare,
  Or: compare,
  Xor: compare,
  ReduceL1: reduce,
  ReduceL2: reduce,
  ReduceLogSum: reduce,
  ReduceLogSumExp: reduce,
  ReduceMax: reduce,
  ReduceMean: reduce,
  ReduceMin: reduce,
  ReduceProd: reduce,
  ReduceSum: reduce,
  ReduceSumSquare: reduce,
  ArgMax: argReduce,
  ArgMin: argReduce,
  MatMul: matMul,
  'com.microsoft:FusedMatMul': fusedMatMul,
  Gemm: gemm,
  Cast: cast,
  Concat: concat,
  Constant: constantNode,
  ConstantOfShape: constantOfShape,
  CastLike: (c) => [{ dtype: c.input(1).dtype, dims: c.input(0).dims }],
  DequantizeLinear: (c) => [{ dtype: c.input(1).dtype, dims: c.input(0).dims }],
  Dropout: dropout,
  Expand: (c) => [
    { dtype: c.input(0).dtype, dims: broadcastDims(c.input(0).dims, present(c.constant(1), 'shape of Expand')) },
  ],
  Flatten: flatten,
  Gather: gather,
  GatherElements: (c) => [{ dtype: c.input(0).dtype, dims: c.input(1).dims }],
  LayerNormalization: layerNormalization,
  OneHot: (c) => {
    const axis = intOf(c.node, 'axis', -1)
    const { dims } = c.input(0)
    return [
      {
        dtype: c.input(2).dtype,
        dims: dims.toSpliced(
          axis < 0 ? axis + dims.length + 1 : axis,
          0,
          present(c.constant(1), 'depth of OneHot')[0] as number,
        ),
      },
    ]
  },
  Range: range,
  Reshape: reshape,
  Shape: (c) => {
    const { length } = c.input(0).dims
    const end = Math.min(intOf(c.node, 'end', length), length)
    return [{ dtype: 'int64', dims: [Math.max(0, (end < 0 ? end + length : end) - intOf(c.node, 'start', 0))] }]
  },
  Size: () => [{ dtype: 'int64', dims: [] }],
  Slice: slice,
  Split: split,
  Squeeze: squeeze,
  Tile: (c) => {
    const repeats = present(c.constant(1), 'repeats of Tile')
    return [{ dtype: c.input(0).dtype, dims: c.input(0).dims.map((d, i) => d * (repeats[i] as number)) }]
  },
  Transpose: transpose,
  Unsqueeze: unsqueeze,
  Where: (c) => [{ dtype: c.input(1).dtype, dims: broadcastDims(c.input(0).dims, c.input(1).dims, c.input(2).dims) }],
}

/** Types of a node's outputs. Throws UnsupportedError `onnx.no-inference` for an operator without an entry. */
export function inferTypes(context: InferenceContext): ValueType[] {
  const inference = inferences[operatorOf(context.node)]
  if (!inference) {
    throw new UnsupportedError(
      'onnx.no-inference',
      `Cannot tell the shape of ${operatorOf(context.node)} (node ${context.node.name})`,
      { hint: 'Add the operator to src/onnx/infer-types.ts.' },
    )
  }
  return inference(context)
}

function unknownCast(c: InferenceContext): never {
  throw new UnsupportedError(
    'onnx.unknown-cast',
    `Cast (node ${c.node.name}) to element type ${intOf(c.node, 'to', 0)}`,
    {
      hint: 'Capstan casts among floats, integers and bool.',
    },
  )
}
