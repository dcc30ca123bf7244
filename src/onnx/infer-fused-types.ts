/**
 * Types of the outputs of com.microsoft's operators, and of those that the runtime's optimizer writes.
 * Source: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md.
 */
import { assert, present } from '../base/index.ts'
import { matMulDims, positiveAxis } from './dims.ts'
import { intOf, intsOf } from './graph.ts'
import { type Inference, type NodeContext, refuseInference, type ValueType } from './node-settings.ts'

const same: Inference = (c) => [c.input(0)]

const has = ({ node }: NodeContext, index: number) => Boolean(node.inputs[index])

/** The first outputs of a list, as many as the node has. */
const given = (c: NodeContext, outputs: readonly ValueType[]) => outputs.slice(0, c.node.outputs.length)

/** Of the standard and of com.microsoft alike. */
export const dequantizeLinear: Inference = (c) => [{ dtype: c.input(1).dtype, dims: c.input(0).dims }]

const fusedMatMul: Inference = (c) => {
  const turn = (dims: readonly number[], name: string) =>
    intOf(c.node, name, 0) ? [...dims.slice(0, -2), ...dims.slice(-2).reverse()] : dims
  return [
    { dtype: c.input(0).dtype, dims: matMulDims(turn(c.input(0).dims, 'transA'), turn(c.input(1).dims, 'transB')) },
  ]
}

/** The normalized sum, its mean and inverse deviation, and the sum. */
const skipNormalization: Inference = (c) => {
  const { dims } = c.input(0)
  const statistics: ValueType = { dtype: 'float32', dims: dims.with(-1, 1) }
  return given(c, [c.input(0), statistics, statistics, c.input(0)])
}

const simplifiedLayerNormalization: Inference = (c) => {
  const { dims } = c.input(0)
  const axis = positiveAxis(intOf(c.node, 'axis', -1), dims.length)
  return given(c, [c.input(0), { dtype: 'float32', dims: dims.map((d, i) => (i < axis ? d : 1)) }])
}

const embedLayerNormalization: Inference = (c) => {
  const [batch, length] = c.input(0).dims as [number, number]
  const { dtype, dims } = c.input(2)
  const embedded = { dtype, dims: [batch, length, dims[1] as number] }
  return given(c, [embedded, { dtype: 'int32', dims: [batch] }, embedded])
}

/** Keys and values of this node are one tensor, of which the first axis is the choice between the two. */
const attention: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const [batch, length] = dims as [number, number]
  const total = present(c.input(1).dims[1], 'columns of the weights')
  const sizes = intsOf(c.node, 'qkv_hidden_sizes') ?? [total / 3, total / 3, total / 3]
  const [, keys, values] = sizes as [number, number, number]
  const count = intOf(c.node, 'num_heads', 1)
  const past = has(c, 4) ? present(c.input(4).dims[3], 'length of the past') : 0
  assert(keys === values || c.node.outputs.length === 1, 'keys and values of one tensor have the same size')
  return given(c, [
    { dtype, dims: [batch, length, values] },
    { dtype, dims: [2, batch, count, past + length, keys / count] },
  ])
}

const multiHeadAttention: Inference = (c) => {
  if (!has(c, 1) || !has(c, 2) || c.input(0).dims.length > 3 || c.input(1).dims.length > 4) {
    refuseInference(c.node, 'with packed queries, keys or values', 'Export the model with the three apart, as for CPU.')
  }
  const { dtype, dims } = c.input(0)
  const [batch, length] = dims as [number, number]
  const count = intOf(c.node, 'num_heads', 1)
  const past = has(c, 6) ? present(c.input(6).dims[2], 'length of the past') : 0
  const heads = (index: number) => {
    const own = c.input(index).dims
    if (own.length === 4) return own
    return [batch, count, past + (own[1] as number), (own[2] as number) / count]
  }
  const [keys, values] = [heads(1), heads(2)]
  return given(c, [
    { dtype, dims: [batch, length, count * (values[3] as number)] },
    { dtype, dims: keys },
    { dtype, dims: values },
  ])
}

const groupQueryAttention: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const [batch, length, width] = dims as [number, number, number]
  const [count, shared] = [intOf(c.node, 'num_heads', 1), intOf(c.node, 'kv_num_heads', 1)]
  const size = width / (has(c, 1) ? count : count + 2 * shared)
  const past = has(c, 3) ? present(c.input(3).dims[2], 'length of the past') : 0
  const cache = { dtype, dims: [batch, shared, past + length, size] }
  return given(c, [{ dtype, dims: [batch, length, count * size] }, cache, cache])
}

/** Operator of com.microsoft, or a standard name that only the runtime knows → the types of its outputs. */
export const fusedInferences: Record<string, Inference> = {
  SimplifiedLayerNormalization: simplifiedLayerNormalization,
  'com.microsoft:Attention': attention,
  'com.microsoft:BiasGelu': same,
  'com.microsoft:DequantizeLinear': dequantizeLinear,
  'com.microsoft:EmbedLayerNormalization': embedLayerNormalization,
  'com.microsoft:FastGelu': same,
  'com.microsoft:FusedMatMul': fusedMatMul,
  'com.microsoft:Gelu': same,
  'com.microsoft:GroupQueryAttention': groupQueryAttention,
  'com.microsoft:MatMulNBits': (c) => [
    { dtype: c.input(0).dtype, dims: c.input(0).dims.with(-1, intOf(c.node, 'N', 0)) },
  ],
  'com.microsoft:MultiHeadAttention': multiHeadAttention,
  'com.microsoft:QuickGelu': same,
  'com.microsoft:RotaryEmbedding': same,
  'com.microsoft:SkipLayerNormalization': skipNormalization,
  'com.microsoft:SkipSimplifiedLayerNormalization': skipNormalization,
}
