/**
 * The attention operators of com.microsoft, without a past: training sees whole sequences.
 * Source: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md.
 */
import { present } from '../../base/index.ts'
import { type GraphBuilder, int64s, type Value } from '../../onnx/index.ts'
import { type Operation, type RuleTable, refuseForm } from '../rule.ts'
import { attend, causalKeep, splitHeads } from './attend.ts'
import { type Rotation, rotate } from './rotary.ts'

/** Projects input [B, S, H] to queries, keys and values by one matrix. */
function attention(g: GraphBuilder, op: Operation): Value[] {
  refusePast(op, 4)
  if (op.int('do_rotary', 0) === 1) refuseForm(op, 'with rotary embedding', 'Export the model for CPU.')
  const [input, weights] = [op.input(0), op.input(1)]
  const [batch, length, width] = input.dims as [number, number, number]
  const total = weights.dims[1] as number
  const product = g.gemm(g.reshape(input, [batch * length, width]), weights, null)
  const projected = g.reshape(op.has(2) ? g.add(product, op.input(2)) : product, [batch, length, total])
  const sizes = op.ints('qkv_hidden_sizes') ?? [total / 3, total / 3, total / 3]
  const [q, k, v] = cut(g, projected, sizes).map((part) => splitHeads(g, part, op.int('num_heads', 1)))
  return attendWithMask(g, op, { q, k, v, mask: 3, bias: 5 })
}

/** Queries, keys and values have been projected; `bias` is theirs, side by side. */
function multiHeadAttention(g: GraphBuilder, op: Operation): Value[] {
  refusePast(op, 6, 7)
  const sources = [op.input(0), op.input(1), op.input(2)]
  const sizes = sources.map(({ dims }) =>
    dims.length === 4 ? (dims[1] as number) * (dims[3] as number) : (dims[2] as number),
  )
  const biases = op.has(3) ? cut(g, op.input(3), sizes) : []
  const [q, k, v] = sources.map((source, i) => {
    // Keys of another sequence may come as heads already.
    if (source.dims.length === 4) return source
    const bias = biases[i]
    return splitHeads(g, bias ? g.add(source, bias) : source, op.int('num_heads', 1))
  })
  return attendWithMask(g, op, { q, k, v, mask: 4, bias: 5 })
}

type Heads = { q: Value | undefined; k: Value | undefined; v: Value | undefined; mask: number; bias: number }

function attendWithMask(g: GraphBuilder, op: Operation, heads: Heads): Value[] {
  const [q, k, v] = [present(heads.q, 'q'), present(heads.k, 'k'), present(heads.v, 'v')]
  const [queryCount, keyCount] = [q.dims[2] as number, k.dims[2] as number]
  const mask = op.has(heads.mask) ? [maskBias(g, op, op.input(heads.mask), keyCount)] : []
  const given = op.has(heads.bias) ? [op.input(heads.bias)] : []
  const keep = op.int('unidirectional', 0) === 1 ? causalKeep(g, queryCount, keyCount) : null
  const output = attend(g, { q, k, v, keep, scale: scaleOf(op, q), biases: [...mask, ...given] })
  if (op.node.opType === 'MultiHeadAttention') return [output, k, v]
  return [
    output,
    g.concat(
      [k, v].map((one) => g.unsqueeze(one, [0])),
      0,
    ),
  ]
}

/** The score that masked keys get, 0 for others: of lengths [B], or flags [B, T] or [B, S, T]. */
function maskBias(g: GraphBuilder, op: Operation, mask: Value, keyCount: number): Value {
  const [batch] = op.input(0).dims as [number]
  const filter = g.fill({ dtype: op.input(0).dtype, dims: [] }, op.float('mask_filter_value', -10_000))
  const bias = (keep: Value) => g.where(keep, g.fill(filter, 0), filter)
  if (mask.dims.length === 1 && mask.dims[0] === batch) {
    const positions = g.constant({ ...int64s([...Array(keyCount).keys()]), dims: [1, keyCount] })
    const keep = g.less(positions, g.reshape(g.cast(mask, 'int64'), [batch, 1]))
    return bias(g.reshape(keep, [batch, 1, 1, keyCount]))
  }
  if (mask.dims.length === 2) return bias(g.reshape(g.greater(mask, 0), [batch, 1, 1, keyCount]))
  if (mask.dims.length === 3) return bias(g.unsqueeze(g.greater(mask, 0), [1]))
  return refuseForm(op, `with a mask of shape [${mask.dims}]`, 'Give one length or one row of flags for each text.')
}

/** Causal; several heads of queries share one of keys and values; rotates queries and keys itself where asked to. */
function groupQueryAttention(g: GraphBuilder, op: Operation): Value[] {
  refusePast(op, 3, 4)
  refuseVariants(op)
  const [count, sharedCount] = [op.int('num_heads', 1), op.int('kv_num_heads', 1)]
  const [batch, length, width] = op.input(0).dims as [number, number, number]
  const size = width / (op.has(1) ? count : count + 2 * sharedCount)
  const shared = sharedCount * size
  const sources = op.has(1)
    ? [op.input(0), op.input(1), op.input(2)]
    : cut(g, op.input(0), [count * size, shared, shared])
  const rotation = op.int('do_rotary', 0) === 1 ? rotationOf(g, op, length) : null
  const [q, k, v] = sources.map((source, i) => {
    const heads = g.reshape(source, [batch, length, i === 0 ? count : sharedCount, size])
    return g.transpose(rotation && i < 2 ? rotate(g, heads, rotation) : heads, [0, 2, 1, 3])
  }) as [Value, Value, Value]
  const repeated = (heads: Value) => {
    const apart = g.unsqueeze(heads, [2])
    const spread = g.expand(apart, apart.dims.with(2, count / sharedCount))
    return g.reshape(spread, [batch, count, length, size])
  }
  const window = op.int('local_window_size', -1)
  const keep = causalKeep(g, length, length, window > 0 ? window : length)
  const biases = op.has(10) ? [op.input(10)] : []
  const softcap = op.float('softcap', 0)
  return [attend(g, { q, k: repeated(k), v: repeated(v), keep, biases, softcap, scale: scaleOf(op, q) }), k, v]
}

function rotationOf(g: GraphBuilder, op: Operation, length: number): Rotation {
  const positions = op.has(9) ? op.input(9) : g.constant(int64s([...Array(length).keys()]), 'positions')
  const isInterleaved = op.int('rotary_interleaved', 0) === 1
  return { cos: op.input(7), sin: op.input(8), positions, isInterleaved }
}

function cut(g: GraphBuilder, x: Value, sizes: readonly number[]): readonly Value[] {
  let start = 0
  return sizes.map((size) => {
    start += size
    return g.slice(x, x.dims.length - 1, start - size, start)
  })
}

function scaleOf(op: Operation, q: Value): number {
  return op.float('scale', 0) || 1 / Math.sqrt(q.dims[3] as number)
}

/** Some exporters always give a past, which has no elements where there is none. */
function refusePast(op: Operation, ...indices: number[]): void {
  if (indices.every((index) => !op.has(index) || op.input(index).dims.includes(0))) return
  refuseForm(op, 'with keys and values of the past', 'Bind the past to values of length 0: training sees whole texts.')
}

function refuseVariants(op: Operation): void {
  const variants = [
    ...(op.has(11) ? ['head_sink'] : []),
    ...(op.int('smooth_softmax', 0) === 1 ? ['smooth_softmax'] : []),
    ...(op.text('k_quant_type', 'NONE') === 'NONE' ? [] : ['quantized keys']),
  ]
  if (variants.length > 0) refuseForm(op, `with ${variants.join(' and ')}`, 'Export the model without these settings.')
}

export const attentions = {
  'com.microsoft:Attention': { expand: attention },
  'com.microsoft:GroupQueryAttention': { expand: groupQueryAttention },
  'com.microsoft:MultiHeadAttention': { expand: multiHeadAttention },
} satisfies RuleTable
