/** Rotary position embedding. Source: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md. */
import { type GraphBuilder, int64s, type Value } from '../../onnx/index.ts'
import { type Operation, type RuleTable, refuseForm } from '../rule.ts'

export type Rotation = {
  /** Rows of angles by position: [positions, D/2]. */
  readonly cos: Value
  readonly sin: Value
  /** [B, S], or [S] where all texts have the same. */
  readonly positions: Value
  /** Pairs are neighbours, not halves. */
  readonly isInterleaved: boolean
}

/** Turns each pair (a, b) of a head by its position's angle; `heads` is [B, S, N, D], of which the first elements turn. */
export function rotate(g: GraphBuilder, heads: Value, { cos, sin, positions, isInterleaved }: Rotation): Value {
  const [batch, length, count, size] = heads.dims as [number, number, number, number]
  const half = cos.dims[1] as number
  const turned = g.slice(heads, 3, 0, 2 * half)
  const rest = 2 * half < size ? [g.slice(heads, 3, 2 * half, size)] : []
  const pairs = g.reshape(turned, [batch, length, count, ...(isInterleaved ? [half, 2] : [2, half])])
  const axis = isInterleaved ? 4 : 3
  const flat = [batch, length, count, half]
  const [a, b] = [g.reshape(g.slice(pairs, axis, 0, 1), flat), g.reshape(g.slice(pairs, axis, 1, 2), flat)]
  const anglesOf = (table: Value) =>
    g.reshape(g.gather(table, positions), [positions.dims.length > 1 ? batch : 1, length, 1, half])
  const [c, s] = [anglesOf(cos), anglesOf(sin)]
  const ends = [g.sub(g.mul(a, c), g.mul(b, s)), g.add(g.mul(b, c), g.mul(a, s))]
  const placed = ends.map((end) => g.reshape(end, pairs.dims.with(axis, 1)))
  return g.concat([g.reshape(g.concat(placed, axis), turned.dims), ...rest], 3)
}

function rotaryEmbedding(g: GraphBuilder, op: Operation): Value[] {
  const [x, cos, sin] = [op.input(0), op.input(2), op.input(3)]
  if (op.int('is_packed_batching', 0) === 1 || op.float('scale', 1) !== 1) {
    refuseForm(op, 'with packed batches or a scale', 'Export the model with padded batches and without a scale.')
  }
  const isSplit = x.dims.length === 4
  const [batch, length] = (isSplit ? [x.dims[0], x.dims[2]] : x.dims) as [number, number]
  const width = (isSplit ? x.dims[3] : x.dims[2]) as number
  const size = isSplit
    ? width
    : op.int('rotary_embedding_dim', 0) > 0
      ? width / op.int('num_heads', 1)
      : 2 * (cos.dims[1] as number)
  const heads = isSplit ? g.transpose(x, [0, 2, 1, 3]) : g.reshape(x, [batch, length, width / size, size])
  const given = op.input(1)
  // One position is that of the first element of every text.
  const positions = given.dims.length === 1 ? g.add(given, g.constant(int64s([...Array(length).keys()]))) : given
  const turned = rotate(g, heads, { cos, sin, positions, isInterleaved: op.int('interleaved', 0) === 1 })
  return [isSplit ? g.transpose(turned, [0, 2, 1, 3]) : g.reshape(turned, x.dims)]
}

export const rotary = { 'com.microsoft:RotaryEmbedding': { expand: rotaryEmbedding } } satisfies RuleTable
