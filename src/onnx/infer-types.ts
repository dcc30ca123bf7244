/**
 * Static type inference: the element type and the dimensions of each output, given those of the inputs and the values
 * of the inputs that are constants (shapes, axes, …). Dimensions are numbers: symbols are fixed before.
 * A test compares every entry with what the runtime returns. Source: https://onnx.ai/onnx/operators/.
 */
import { assert, present } from '../base/index.ts'
import { broadcastDims, matMulDims, positiveAxis, reduceDims } from './dims.ts'
import { intOf, intsOf, operatorOf, textOf } from './graph.ts'
import { dequantizeLinear, fusedInferences } from './infer-fused-types.ts'
import { windowInferences } from './infer-windows.ts'
import {
  castType,
  constantTensor,
  type Inference,
  type NodeContext,
  reductionAxes,
  refuseInference,
  shownDims,
  sliceRanges,
  splitSizes,
  type ValueType,
} from './node-settings.ts'
import { padWidths, resizedDims } from './resampling.ts'
import { type DataType, sizeOf } from './tensor.ts'

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

const matMulInteger: Inference = (c) => [{ dtype: 'int32', dims: matMulDims(c.input(0).dims, c.input(1).dims) }]

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

const gather: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const axis = positiveAxis(intOf(c.node, 'axis', 0), dims.length)
  return [{ dtype, dims: [...dims.slice(0, axis), ...c.input(1).dims, ...dims.slice(axis + 1)] }]
}

const unsqueeze: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const given = present(c.constant(1), 'axes of Unsqueeze')
  const rank = dims.length + given.length
  const axes = given.map((axis) => positiveAxis(axis, rank))
  const rest = [...dims]
  return [{ dtype, dims: Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : (rest.shift() as number))) }]
}

const squeeze: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const axes = c.constant(1)?.map((axis) => positiveAxis(axis, dims.length))
  return [{ dtype, dims: dims.filter((d, i) => (axes ? !axes.includes(i) : d !== 1)) }]
}

const transpose: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const permutation = intsOf(c.node, 'perm') ?? dims.map((_, i) => dims.length - 1 - i)
  return [{ dtype, dims: permutation.map((i) => dims[i] as number) }]
}

const cast: Inference = (c) => [{ dtype: castType(c.node), dims: c.input(0).dims }]

const layerNormalization: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const axis = positiveAxis(intOf(c.node, 'axis', -1), dims.length)
  const statistics: ValueType = { dtype: 'float32', dims: dims.map((d, i) => (i < axis ? d : 1)) }
  return [{ dtype, dims }, statistics, statistics].slice(0, c.node.outputs.length)
}

const dropout: Inference = (c) =>
  [c.input(0), { dtype: 'bool' as const, dims: c.input(0).dims }].slice(0, c.node.outputs.length)

const constantNode: Inference = (c) => {
  const { dtype, dims } = constantTensor(c.node)
  return [{ dtype, dims }]
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

const topK: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const axis = positiveAxis(intOf(c.node, 'axis', -1), dims.length)
  const found = dims.with(axis, present(c.constant(1), 'K of TopK')[0] as number)
  return [
    { dtype, dims: found },
    { dtype: 'int64', dims: found },
  ]
}

const gatherNd: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const indices = c.input(1).dims
  const batchRank = intOf(c.node, 'batch_dims', 0)
  return [{ dtype, dims: [...indices.slice(0, -1), ...dims.slice(batchRank + (indices.at(-1) as number))] }]
}

const compress: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const kept = present(c.constant(1), 'condition of Compress').filter((on) => on).length
  if (!c.node.attributes.axis) return [{ dtype, dims: [kept] }]
  return [{ dtype, dims: dims.with(positiveAxis(intOf(c.node, 'axis', 0), dims.length), kept) }]
}

const oneHot: Inference = (c) => {
  const { dims } = c.input(0)
  const axis = intOf(c.node, 'axis', -1)
  const depth = present(c.constant(1), 'depth of OneHot')[0] as number
  return [{ dtype: c.input(2).dtype, dims: dims.toSpliced(axis < 0 ? axis + dims.length + 1 : axis, 0, depth) }]
}

/** The size of each letter; a result that is not written has the letters that occur once, in their order. */
const einsum: Inference = (c) => {
  const equation = textOf(c.node, 'equation', '').replaceAll(' ', '')
  if (equation.includes('.')) refuseInference(c.node, `with the equation ${equation}`, 'Write every axis as a letter.')
  const [left, right] = equation.split('->') as [string, string?]
  const letters = [...left].filter((letter) => letter !== ',')
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter)).sort()
  const sizes = new Map<string, number>()
  left.split(',').forEach((labels, i) => {
    ;[...labels].forEach((label, axis) => {
      sizes.set(label, Math.max(sizes.get(label) ?? 1, c.input(i).dims[axis] as number))
    })
  })
  return [{ dtype: c.input(0).dtype, dims: [...(right ?? once)].map((label) => present(sizes.get(label), label)) }]
}

/** DepthToSpace makes the last two axes larger by a block, SpaceToDepth smaller. */
const blocks =
  (power: 1 | -1): Inference =>
  (c) => {
    const [n, depth, h, w] = c.input(0).dims as [number, number, number, number]
    const block = intOf(c.node, 'blocksize', 1) ** power
    return [{ dtype: c.input(0).dtype, dims: [n, depth / block ** 2, h * block, w * block] }]
  }

const loss: Inference = (c) => {
  const dims = textOf(c.node, 'reduction', 'mean') === 'none' ? c.input(1).dims : []
  return [{ dtype: c.input(0).dtype, dims }, c.input(0)].slice(0, c.node.outputs.length)
}

/** Y of all steps, and the last states. */
const recurrent: Inference = (c) => {
  if (intOf(c.node, 'layout', 0) === 1) refuseInference(c.node, 'with batches first', 'Export the layer with layout 0.')
  const { dtype, dims } = c.input(0)
  const [length, batch] = dims as [number, number]
  const [directions, , hidden] = c.input(2).dims as [number, number, number]
  const state = { dtype, dims: [directions, batch, hidden] }
  return [{ dtype, dims: [length, directions, batch, hidden] }, state, state].slice(0, c.node.outputs.length)
}

/** One entry per operator, '' domain without prefix. */
export const inferences: Record<string, Inference> = {
  ...windowInferences,
  ...fusedInferences,
  Abs: same,
  Acos: same,
  Acosh: same,
  Asin: same,
  Asinh: same,
  Atan: same,
  Atanh: same,
  Ceil: same,
  Celu: same,
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
  Hardmax: same,
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
  Shrink: same,
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
  MatMulInteger: matMulInteger,
  Gemm: gemm,
  Cast: cast,
  Compress: compress,
  Concat: concat,
  Constant: constantNode,
  ConstantOfShape: constantOfShape,
  CastLike: (c) => [{ dtype: c.input(1).dtype, dims: c.input(0).dims }],
  DepthToSpace: blocks(1),
  DequantizeLinear: dequantizeLinear,
  Dropout: dropout,
  Einsum: einsum,
  Expand: (c) => [
    { dtype: c.input(0).dtype, dims: broadcastDims(c.input(0).dims, present(c.constant(1), 'shape of Expand')) },
  ],
  Flatten: flatten,
  Gather: gather,
  GatherElements: (c) => [{ dtype: c.input(0).dtype, dims: c.input(1).dims }],
  GRU: recurrent,
  GatherND: gatherNd,
  LSTM: recurrent,
  LayerNormalization: layerNormalization,
  NegativeLogLikelihoodLoss: loss,
  OneHot: oneHot,
  Pad: (c) => {
    const widths = padWidths(c)
    return [
      {
        dtype: c.input(0).dtype,
        dims: c.input(0).dims.map((d, i) => d + (widths[i]?.before ?? 0) + (widths[i]?.after ?? 0)),
      },
    ]
  },
  RNN: recurrent,
  Range: range,
  Reshape: reshape,
  Resize: (c) => [{ dtype: c.input(0).dtype, dims: resizedDims(c) }],
  Shape: (c) => [{ dtype: 'int64', dims: [shownDims(c).length] }],
  Size: () => [{ dtype: 'int64', dims: [] }],
  Slice: slice,
  SoftmaxCrossEntropyLoss: loss,
  Split: split,
  SpaceToDepth: blocks(-1),
  Squeeze: squeeze,
  Tile: (c) => {
    const repeats = present(c.constant(1), 'repeats of Tile')
    return [{ dtype: c.input(0).dtype, dims: c.input(0).dims.map((d, i) => d * (repeats[i] as number)) }]
  },
  TopK: topK,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
  Where: (c) => [{ dtype: c.input(1).dtype, dims: broadcastDims(c.input(0).dims, c.input(1).dims, c.input(2).dims) }],
}

/** Types of a node's outputs. Throws UnsupportedError `onnx.no-inference` for an operator without an entry. */
export function inferTypes(context: NodeContext): ValueType[] {
  const operator = operatorOf(context.node)
  const inference = Object.hasOwn(inferences, operator) ? inferences[operator] : undefined
  if (!inference) return refuseInference(context.node, '', 'Add the operator to src/onnx/infer-types.ts.')
  return inference(context)
}
