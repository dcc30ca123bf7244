import { expect, it } from 'vitest'
import { gradient } from '../../src/autodiff/index.ts'
import { type Attribute, float, GraphBuilder, int, int64s, type Tensor, text, zeros } from '../../src/onnx/index.ts'

type Form = {
  operator: string
  inputs: (readonly number[] | Tensor | null)[]
  attributes?: Record<string, Attribute>
  message: string
}

const equation = (value: string) => ({ equation: text(value) })
const layer = (gates: number) => [
  [3, 2, 4],
  [1, gates * 3, 4],
  [1, gates * 3, 3],
]
const rows = { ...int64s([0, 1]), dims: [2, 1] }
const tokens = [2, 3, 8]
const past = [2, 2, 5, 4]

const forms: Form[] = [
  { operator: 'Einsum', inputs: [[2, 2]], attributes: equation('ii->i'), message: 'with the equation ii->i' },
  { operator: 'Einsum', inputs: [[2, 3]], attributes: equation('ij'), message: 'with the equation ij' },
  {
    operator: 'ScatterND',
    inputs: [[3, 2], rows, [2, 2]],
    attributes: { reduction: text('mul') },
    message: 'with reduction mul',
  },
  {
    operator: 'ScatterElements',
    inputs: [[3, 2], { ...rows, dims: [1, 2] }, [1, 2]],
    attributes: { reduction: text('max') },
    message: 'with reduction max',
  },
  {
    operator: 'LSTM',
    inputs: layer(4),
    attributes: { input_forget: int(1), clip: float(3) },
    message: 'with joined input and forget gates (input_forget) and clipped gates (clip)',
  },
  {
    operator: 'GRU',
    inputs: layer(3),
    attributes: { activations: { type: 'strings', value: ['Sigmoid', 'Elu'] } },
    message: 'with the activation Elu',
  },
  {
    operator: 'DequantizeLinear',
    inputs: [zeros('int8', [4, 4]), [2, 4]],
    attributes: { block_size: int(2), axis: int(0) },
    message: 'in blocks',
  },
  {
    operator: 'com.microsoft:MatMulNBits',
    inputs: [[2, 16], zeros('uint8', [3, 1, 16]), zeros('float32', [3])],
    attributes: { K: int(16), N: int(3), bits: int(8), block_size: int(16) },
    message: 'other than of 4 bits in order',
  },
  {
    operator: 'com.microsoft:Attention',
    inputs: [tokens, [8, 24], [24], null, [2, ...past]],
    attributes: { num_heads: int(2) },
    message: 'with keys and values of the past',
  },
  {
    operator: 'com.microsoft:Attention',
    inputs: [tokens, [8, 24], [24], zeros('int32', [4])],
    attributes: { num_heads: int(2) },
    message: 'with a mask of shape [4]',
  },
  {
    operator: 'com.microsoft:MultiHeadAttention',
    inputs: [tokens, tokens, tokens, null, null, null, past, past],
    attributes: { num_heads: int(2) },
    message: 'with keys and values of the past',
  },
  {
    operator: 'com.microsoft:GroupQueryAttention',
    inputs: [tokens, tokens, tokens, null, null, zeros('int32', [2]), zeros('int32', [])],
    attributes: { num_heads: int(2), kv_num_heads: int(2), smooth_softmax: int(1) },
    message: 'with smooth_softmax',
  },
  {
    operator: 'com.microsoft:RotaryEmbedding',
    inputs: [tokens, int64s([0]), [4, 4], [4, 4]],
    attributes: { is_packed_batching: int(1) },
    message: 'with packed batches or a scale',
  },
]

it.each(forms)('gradient refuses $operator $message, with the node and a way out', (form) => {
  const { operator, inputs, attributes = {}, message } = form
  const g = new GraphBuilder()
  const values = inputs.map(
    (input, i) => input && ('dtype' in input ? g.constant(input) : g.input(`x${i}`, 'float32', input)),
  )
  const [domain, opType] = operator.includes(':') ? (operator.split(':') as [string, string]) : ['', operator]
  const targets = values
    .filter((value) => value !== null && !g.constantOf(value))
    .map((value) => value as NonNullable<typeof value>)
  const y = g.op(opType, values, attributes, { domain, names: ['/a/node'] })
  expect(() => gradient(g, g.reduceSum(y, undefined, false), targets)).toThrow(
    expect.objectContaining({
      code: 'gradient.unsupported-form',
      message: `No gradient of ${operator} ${message} (node /a/node)`,
      hint: expect.stringMatching(/\.$/),
    }),
  )
})
