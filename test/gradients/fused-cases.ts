import { type Attribute, float, int, int64s, type Tensor, tensor } from '../../src/onnx/index.ts'
import { type GradientCase, shaped } from './gradient-case.ts'

const float32 = true as const
const int32 = (dims: number[], values: number[]): Tensor => tensor('int32', dims, Int32Array.from(values))
/** Two texts of three tokens of eight numbers. */
const tokens = [2, 3, 8]
const heads = { num_heads: int(2) }

const activation: GradientCase[] = [{ inputs: [[3, 4]], float32 }]
const withBias: GradientCase[] = [{ name: 'with bias', inputs: [tokens, [8]], float32 }]

const attention: GradientCase[] = [
  { inputs: [tokens, [8, 24], [24]], attributes: heads, float32 },
  { name: 'causal', inputs: [tokens, [8, 24], [24]], attributes: { ...heads, unidirectional: int(1) }, float32 },
  { name: 'with lengths', inputs: [tokens, [8, 24], [24], int32([2], [3, 2])], attributes: heads, float32 },
  {
    name: 'with flags, scaled',
    inputs: [tokens, [8, 24], [24], int32([2, 3], [1, 1, 1, 0, 1, 1])],
    attributes: { ...heads, scale: float(0.3) },
    float32,
  },
  {
    name: 'with flags for each query and a bias on scores',
    inputs: [
      tokens,
      [8, 24],
      [24],
      int32([2, 3, 3], [1, 0, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 1]),
      null,
      [2, 2, 3, 3],
    ],
    attributes: heads,
    float32,
  },
  {
    name: 'with values of another size',
    inputs: [tokens, [8, 20], [20]],
    attributes: { ...heads, qkv_hidden_sizes: { type: 'ints', value: [8n, 8n, 4n] } },
    float32,
  },
]

const multiHeadAttention: GradientCase[] = [
  { inputs: [tokens, tokens, tokens], attributes: heads, float32 },
  { name: 'with bias', inputs: [tokens, tokens, tokens, [24]], attributes: heads, outputCount: 3, float32 },
  {
    name: 'causal, with a bias on scores',
    inputs: [tokens, tokens, tokens, null, null, [1, 2, 3, 3]],
    attributes: { ...heads, unidirectional: int(1), scale: float(0.4) },
    float32,
  },
  {
    name: 'over another sequence, with flags and values of another size',
    inputs: [tokens, [2, 5, 8], [2, 5, 4], null, int32([2, 5], [1, 1, 1, 1, 0, 1, 1, 0, 0, 0])],
    attributes: heads,
    float32,
  },
  {
    name: 'over heads of another sequence',
    inputs: [tokens, [2, 2, 5, 4], [2, 2, 5, 4]],
    attributes: heads,
    float32,
  },
]

/** Two heads of queries over one of keys and values, each of sixteen numbers, as the kernel asks for. */
const grouped = { num_heads: int(2), kv_num_heads: int(1) }
const ends = [int32([2], [2, 2]), int32([], [3])]
const [queries, shared] = [
  [2, 3, 32],
  [2, 3, 16],
]
const angles = (...dims: [number, number]): { cos: Tensor; sin: Tensor } => {
  const values = Array.from({ length: dims[0] * dims[1] }, (_, i) => Math.floor(i / dims[1]) * 0.5 ** (i % dims[1]))
  const table = (apply: (angle: number) => number) => tensor('float32', dims, Float32Array.from(values, apply))
  return { cos: table(Math.cos), sin: table(Math.sin) }
}
const rotary = angles(6, 2)
const wide = angles(6, 8)
const groupQueryAttention: GradientCase[] = [
  { inputs: [queries, shared, shared, null, null, ...ends], attributes: grouped, outputCount: 3, float32 },
  {
    name: 'packed, soft cap, window',
    inputs: [[2, 3, 64], null, null, null, null, ...ends],
    attributes: { ...grouped, softcap: float(1.5), local_window_size: int(2) },
    outputCount: 3,
    float32,
  },
  ...[0, 1].map((interleaved) => ({
    name: interleaved ? 'rotated, interleaved' : 'rotated',
    inputs: [queries, shared, shared, null, null, ...ends, wide.cos, wide.sin],
    attributes: { ...grouped, do_rotary: int(1), rotary_interleaved: int(interleaved) },
    outputCount: 3,
    float32,
  })),
  {
    name: 'with a past of length 0 and a bias on scores',
    inputs: [queries, shared, shared, [2, 1, 0, 16], [2, 1, 0, 16], ...ends, null, null, null, [2, 2, 3, 3]],
    attributes: { ...grouped, scale: float(0.3) },
    outputCount: 3,
    float32,
  },
]

const rotaryEmbedding: GradientCase[] = [
  { inputs: [[2, 3, 8], int64s([1]), rotary.cos, rotary.sin], float32 },
  {
    name: 'positions of each text, interleaved',
    inputs: [[2, 3, 8], shaped([2, 3], [0, 1, 2, 3, 4, 5]), rotary.cos, rotary.sin],
    attributes: { interleaved: int(1) },
    float32,
  },
  { name: 'of heads', inputs: [[2, 2, 3, 4], shaped([2, 3], [0, 1, 2, 1, 2, 3]), rotary.cos, rotary.sin], float32 },
  {
    name: 'of a part of each head',
    inputs: [[2, 3, 12], int64s([0]), rotary.cos, rotary.sin],
    attributes: { num_heads: int(2), rotary_embedding_dim: int(4) },
    float32,
  },
]

const epsilon: Record<string, Attribute> = { epsilon: float(1e-3) }
const skips = (...rest: number[][]): GradientCase[] => [
  { inputs: [tokens, tokens, [8], ...rest.slice(0, -1)], attributes: epsilon, float32 },
  { name: 'with bias', inputs: [tokens, tokens, [8], ...rest], attributes: epsilon, float32 },
  {
    name: 'and the sum',
    inputs: [tokens, tokens, [8], ...rest],
    attributes: epsilon,
    outputCount: 4,
    compared: [0, 3],
    float32,
  },
]

const words = int32([2, 3], [1, 4, 2, 0, 4, 4])
const kinds = int32([2, 3], [0, 0, 1, 0, 1, 1])
const tables = [
  [5, 8],
  [4, 8],
]
const embedding: GradientCase[] = [
  { inputs: [words, kinds, ...tables, [2, 8], [8], [8]], attributes: epsilon, outputCount: 2, float32 },
  {
    name: 'with a mask, positions and the sum',
    inputs: [
      words,
      kinds,
      ...tables,
      [2, 8],
      [8],
      [8],
      int32([2, 3], [1, 1, 1, 1, 1, 0]),
      int32([2, 3], [0, 1, 2, 1, 2, 3]),
    ],
    attributes: epsilon,
    outputCount: 3,
    float32,
  },
  {
    name: 'without kinds',
    inputs: [words, null, ...tables, null, [8], [8]],
    attributes: epsilon,
    outputCount: 2,
    float32,
  },
]

/** 3 rows of 40 numbers in blocks of 16, of which the last is cut off. */
const bytes = (dims: number[]): Tensor => {
  const size = dims.reduce((product, dim) => product * dim, 1)
  return tensor(
    'uint8',
    dims,
    Uint8Array.from({ length: size }, (_, i) => (i * 73 + 29) % 256),
  )
}
const scales = tensor(
  'float32',
  [9],
  Float32Array.from({ length: 9 }, (_, i) => 0.1 + 0.05 * i),
)
const fourBits = { K: int(40), N: int(3), bits: int(4), block_size: int(16) }
const matMulNBits: GradientCase[] = [
  { inputs: [[2, 2, 40], bytes([3, 3, 8]), scales], attributes: fourBits, float32 },
  {
    name: 'with zero points and a bias',
    inputs: [[4, 40], bytes([3, 3, 8]), scales, bytes([6]), null, [3]],
    attributes: fourBits,
    float32,
  },
]

const int8 = tensor('int8', [3, 4], Int8Array.of(1, -5, 20, 7, 3, -2, -9, 4, 100, -128, 5, 6))
const dequantizeLinear: GradientCase[] = [
  { name: 'scale', inputs: [int8, []], float32 },
  {
    name: 'scale of each row, with zero points',
    inputs: [int8, [3], tensor('int8', [3], Int8Array.of(1, -2, 3))],
    attributes: { axis: int(0) },
    float32,
  },
]

export const fusedCases = {
  DequantizeLinear: dequantizeLinear,
  SimplifiedLayerNormalization: [
    { inputs: [tokens, [8]], attributes: epsilon, float32 },
    { name: 'two axes', inputs: [tokens, [3, 8]], attributes: { ...epsilon, axis: int(1) }, float32 },
  ],
  'com.microsoft:Attention': attention,
  'com.microsoft:BiasGelu': withBias,
  'com.microsoft:DequantizeLinear': dequantizeLinear,
  'com.microsoft:EmbedLayerNormalization': embedding,
  'com.microsoft:FastGelu': [...activation, ...withBias],
  'com.microsoft:Gelu': activation,
  'com.microsoft:GroupQueryAttention': groupQueryAttention,
  'com.microsoft:MatMulNBits': matMulNBits,
  'com.microsoft:MultiHeadAttention': multiHeadAttention,
  'com.microsoft:QuickGelu': [
    ...activation,
    { name: 'sharper', inputs: [[3, 4]], float32, attributes: { alpha: float(3) } },
  ],
  'com.microsoft:RotaryEmbedding': rotaryEmbedding,
  'com.microsoft:SkipLayerNormalization': skips([8], [8]),
  'com.microsoft:SkipSimplifiedLayerNormalization': skips([8]),
} satisfies Record<string, readonly GradientCase[]>
