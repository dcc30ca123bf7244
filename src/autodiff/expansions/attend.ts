/** What the attention operators have in common. Letters: B batch, N heads, S queries, T keys, D size of a head. */
import { float, type GraphBuilder, int, type Tensor, type Value } from '../../onnx/index.ts'

export type Attended = {
  /** [B, N, S, D], [B, N, T, D] and [B, N, T, Dv]. */
  readonly q: Value
  readonly k: Value
  readonly v: Value
  readonly scale: number
  /** Scores become c·tanh(scores / c). */
  readonly softcap?: number
  /** Added to the scores; each broadcasts to [B, N, S, T]. */
  readonly biases?: readonly Value[]
  /** Where the scores count at all. */
  readonly keep?: Value | null
}

/** softmax(scale·q·kᵀ + biases)·v with its heads side by side: [B, S, N·Dv]. */
export function attend(g: GraphBuilder, { q, k, v, scale, softcap = 0, biases = [], keep = null }: Attended): Value {
  const attributes = { alpha: float(scale), transB: int(1) }
  const products = g.op('FusedMatMul', [q, k], attributes, { domain: 'com.microsoft' })
  const capped = softcap > 0 ? g.mul(g.tanh(g.mul(products, 1 / softcap)), softcap) : products
  const biased = biases.reduce((scores, bias) => g.add(scores, bias), capped)
  const lowest = g.fill({ dtype: biased.dtype, dims: [] }, -3.4e38)
  const scores = keep ? g.where(keep, biased, lowest) : biased
  return joinHeads(g, g.matMul(g.op('Softmax', [scores]), v))
}

/** [B, S, N·D] → [B, N, S, D]. */
export function splitHeads(g: GraphBuilder, x: Value, count: number): Value {
  const [batch, length, width] = x.dims as [number, number, number]
  return g.transpose(g.reshape(x, [batch, length, count, width / count]), [0, 2, 1, 3])
}

/** [B, N, S, D] → [B, S, N·D]. */
export function joinHeads(g: GraphBuilder, x: Value): Value {
  const [batch, count, length, size] = x.dims as [number, number, number, number]
  return g.reshape(g.transpose(x, [0, 2, 1, 3]), [batch, length, count * size])
}

/** Which keys each query sees: those up to its own position, and of these the last `window` ones where that is given. */
export function causalKeep(g: GraphBuilder, queryCount: number, keyCount: number, window = keyCount): Value {
  const data = new Uint8Array(queryCount * keyCount)
  for (let query = 0; query < queryCount; query++) {
    const position = keyCount - queryCount + query
    data.fill(1, query * keyCount + Math.max(0, position + 1 - window), query * keyCount + position + 1)
  }
  const keep: Tensor = { dtype: 'bool', dims: [queryCount, keyCount], data }
  return g.constant(keep, 'causal')
}
