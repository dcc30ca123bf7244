import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openSession } from '../runtime/index.ts'
import { encodeModel } from './codec.ts'
import { type Attribute, int, ints, type Model, type Node, text } from './graph.ts'
import { GraphBuilder, type Value } from './graph-builder.ts'
import { inferences, inferTypes } from './infer-types.ts'
import type { ValueType } from './node-settings.ts'
import { int64s, scalar, sizeOf, type Tensor, tensor, toNumbers, zeros } from './tensor.ts'

/** An input: dimensions of a float32 value, or a tensor; a constant where shapes depend on its values; null: absent. */
type Input = readonly number[] | Tensor | { constant: Tensor } | null
type Case = { inputs: Input[]; attributes?: Record<string, Attribute>; outputCount?: number }

const x = [2, 3, 4]
const one = (operators: string, ...list: Case[]) =>
  Object.fromEntries(operators.split(' ').map((operator) => [operator, list]))
const constant = (values: number[]): Input => ({ constant: int64s(values) })
const int32s = (dims: number[], value = 0): Tensor => tensor('int32', dims, new Int32Array(sizeOf(dims)).fill(value))
const bools = zeros('bool', [2, 3])
const indices = (dims: number[], values: number[]): Tensor => ({ ...int64s(values), dims })

/** Both directions of a layer of 3 steps, 2 texts, 5 inputs and 4 units. */
const recurrent = (gates: number, outputCount: number): Case => ({
  inputs: [
    [3, 2, 5],
    [2, gates * 4, 5],
    [2, gates * 4, 4],
  ],
  attributes: { hidden_size: int(4), direction: text('bidirectional') },
  outputCount,
})

const cases: Record<string, Case[]> = {
  ...one(
    'Abs Acos Acosh Asin Asinh Atan Atanh Ceil Celu Clip Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid HardSwish Hardmax Identity LeakyRelu Log LogSoftmax LpNormalization Mish Neg Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Tan Tanh ThresholdedRelu Trilu com.microsoft:Gelu com.microsoft:FastGelu com.microsoft:QuickGelu IsNaN IsInf',
    { inputs: [x] },
  ),
  Not: [{ inputs: [bools] }],
  CumSum: [{ inputs: [x, scalar('int64', 1)] }],
  'com.microsoft:BiasGelu': [{ inputs: [x, [4]] }],
  ScatterElements: [{ inputs: [x, zeros('int64', [1, 2, 2]), [1, 2, 2]] }],
  ScatterND: [{ inputs: [x, zeros('int64', [5, 1]), [5, 3, 4]] }],
  ...one(
    'Add Div Max Mean Min Mul PRelu Pow Sub Sum',
    { inputs: [x, [4]] },
    { inputs: [x, [2, 1, 4]] },
    { inputs: [x, []] },
  ),
  BitShift: [
    {
      inputs: [zeros('uint32', [2, 1]), zeros('uint32', [3])],
      attributes: { direction: { type: 'string', value: 'LEFT' } },
    },
  ],
  Mod: [{ inputs: [int64s([5, 3]), int64s([2, 2])] }],
  ...one('And Or Xor', { inputs: [bools, zeros('bool', [3])] }),
  ...one('Equal Greater GreaterOrEqual Less LessOrEqual', { inputs: [x, [3, 1]] }),
  ...one(
    'ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare',
    { inputs: [x, constant([1])] },
    { inputs: [x, constant([-1, 0])], attributes: { keepdims: int(0) } },
    { inputs: [x] },
    { inputs: [x], attributes: { noop_with_empty_axes: int(1) } },
  ),
  ...one(
    'ArgMax ArgMin',
    { inputs: [x], attributes: { axis: int(-1) } },
    { inputs: [x], attributes: { axis: int(1), keepdims: int(0) } },
  ),
  MatMul: [
    {
      inputs: [
        [2, 3],
        [3, 4],
      ],
    },
    {
      inputs: [
        [5, 1, 2, 3],
        [4, 3, 2],
      ],
    },
    { inputs: [[3], [3, 4]] },
    { inputs: [x, [4]] },
    { inputs: [[4], [4]] },
  ],
  MatMulInteger: [{ inputs: [zeros('uint8', [2, 3]), zeros('int8', [3, 4])] }],
  'com.microsoft:FusedMatMul': [
    {
      inputs: [
        [2, 3, 4],
        [2, 5, 4],
      ],
      attributes: { transB: int(1) },
    },
    {
      inputs: [
        [2, 4, 3],
        [2, 4, 5],
      ],
      attributes: { transA: int(1) },
    },
  ],
  Gemm: [
    { inputs: [[2, 3], [3, 4], [4]] },
    {
      inputs: [
        [3, 2],
        [4, 3],
      ],
      attributes: { transA: int(1), transB: int(1) },
    },
  ],
  Cast: [
    { inputs: [x], attributes: { to: int(7) } },
    { inputs: [x], attributes: { to: int(9) } },
  ],
  CastLike: [{ inputs: [x, int64s([1])] }],
  Compress: [
    { inputs: [x, { constant: tensor('bool', [2], Uint8Array.of(1, 0)) }], attributes: { axis: int(-2) } },
    { inputs: [x, { constant: tensor('bool', [5], Uint8Array.of(1, 0, 1, 1, 0)) }] },
  ],
  Concat: [
    {
      inputs: [
        [2, 3],
        [2, 5],
      ],
      attributes: { axis: int(-1) },
    },
  ],
  Constant: [
    { inputs: [], attributes: { value: { type: 'tensor', value: int64s([1, 2]) } } },
    { inputs: [], attributes: { value_float: { type: 'float', value: 0.5 } } },
    { inputs: [], attributes: { value_floats: { type: 'floats', value: [0.5, 2] } } },
    { inputs: [], attributes: { value_int: int(3) } },
    { inputs: [], attributes: { value_ints: ints([3, 4, 5]) } },
    { inputs: [], attributes: { value_string: { type: 'string', value: 'word' } } },
    { inputs: [], attributes: { value_strings: { type: 'strings', value: ['two', 'words'] } } },
  ],
  ConstantOfShape: [
    { inputs: [constant([2, 3])] },
    { inputs: [constant([2])], attributes: { value: { type: 'tensor', value: int64s([7]) } } },
  ],
  DequantizeLinear: [{ inputs: [zeros('int8', [3, 4]), [4]], attributes: { axis: int(1) } }],
  'com.microsoft:DequantizeLinear': [{ inputs: [zeros('int8', [3, 4]), [4]], attributes: { axis: int(1) } }],
  Dropout: [{ inputs: [x], outputCount: 2 }],
  Einsum: [
    {
      inputs: [
        [2, 3, 4],
        [2, 4, 5],
      ],
      attributes: { equation: text('bij, bjk -> kbi') },
    },
    { inputs: [[2, 3], [3]], attributes: { equation: text('zb,b') } },
    {
      inputs: [
        [2, 3],
        [1, 3],
      ],
      attributes: { equation: text('ij,ij->ji') },
    },
    { inputs: [[3, 3]], attributes: { equation: text('ii') } },
  ],
  Expand: [{ inputs: [[3, 1], constant([2, 1, 4])] }],
  Flatten: [
    { inputs: [x], attributes: { axis: int(2) } },
    { inputs: [x], attributes: { axis: int(-3) } },
  ],
  Gather: [{ inputs: [x, zeros('int64', [5, 6])], attributes: { axis: int(1) } }, { inputs: [x, scalar('int64', 0)] }],
  GatherElements: [{ inputs: [x, zeros('int64', [2, 2, 4])], attributes: { axis: int(1) } }],
  GRU: [recurrent(3, 2)],
  LSTM: [recurrent(4, 3)],
  RNN: [recurrent(1, 2)],
  GatherND: [
    { inputs: [x, zeros('int64', [5, 6, 2])] },
    { inputs: [x, zeros('int64', [2, 1])], attributes: { batch_dims: int(1) } },
  ],
  Conv: [
    {
      inputs: [[1, 4, 7, 8], [6, 2, 3, 2], [6]],
      attributes: { group: int(2), strides: ints([2, 1]), dilations: ints([1, 2]), pads: ints([1, 0, 2, 1]) },
    },
    {
      inputs: [
        [2, 3, 6],
        [4, 3, 3],
      ],
      attributes: { auto_pad: text('SAME_UPPER'), strides: ints([2]) },
    },
    {
      inputs: [
        [2, 3, 6],
        [4, 3, 3],
      ],
      attributes: { auto_pad: text('VALID') },
    },
  ],
  ConvTranspose: [
    {
      inputs: [
        [1, 4, 3, 4],
        [4, 2, 3, 2],
      ],
      attributes: { group: int(2), strides: ints([2, 3]), pads: ints([1, 0, 0, 1]) },
    },
    {
      inputs: [
        [1, 2, 3],
        [2, 2, 2],
      ],
      attributes: { strides: ints([3]), output_padding: ints([2]) },
    },
    {
      inputs: [
        [1, 2, 3],
        [2, 2, 2],
      ],
      attributes: { strides: ints([2]), auto_pad: text('SAME_LOWER') },
    },
  ],
  ...one(
    'AveragePool LpPool',
    { inputs: [[1, 2, 5, 6]], attributes: { kernel_shape: ints([3, 2]), strides: ints([2, 2]), ceil_mode: int(1) } },
    { inputs: [[1, 2, 5]], attributes: { kernel_shape: ints([2]), pads: ints([1, 0]) } },
  ),
  MaxPool: [
    { inputs: [[1, 2, 5, 6]], attributes: { kernel_shape: ints([3, 2]), dilations: ints([1, 2]) }, outputCount: 2 },
    { inputs: [[1, 2, 5]], attributes: { kernel_shape: ints([2]), auto_pad: text('SAME_UPPER'), strides: ints([2]) } },
  ],
  ...one('GlobalAveragePool GlobalLpPool GlobalMaxPool', { inputs: [[1, 2, 3, 4]] }),
  BatchNormalization: [{ inputs: [[2, 3, 4], [3], [3], [3], [3]] }],
  InstanceNormalization: [{ inputs: [[2, 3, 4], [3], [3]] }],
  GroupNormalization: [{ inputs: [[2, 4, 3], [2], [2]], attributes: { num_groups: int(2) } }],
  LRN: [{ inputs: [[1, 4, 2, 2]], attributes: { size: int(3) } }],
  MeanVarianceNormalization: [{ inputs: [[1, 2, 3, 4]] }],
  Pad: [
    { inputs: [[2, 3], constant([1, 0, 0, 2])] },
    { inputs: [x, constant([-1, 2]), scalar('float32', 1), constant([-1])] },
  ],
  Resize: [
    {
      inputs: [
        [1, 2, 3, 4],
        zeros('float32', [0]),
        { constant: tensor('float32', [4], Float32Array.of(1, 1, 2, 1.3)) },
      ],
    },
  ],
  DepthToSpace: [{ inputs: [[1, 8, 2, 3]], attributes: { blocksize: int(2) } }],
  SpaceToDepth: [{ inputs: [[1, 2, 4, 6]], attributes: { blocksize: int(2) } }],
  LayerNormalization: [
    { inputs: [x, [4], [4]], outputCount: 3 },
    { inputs: [x, [3, 4]], attributes: { axis: int(1) } },
    { inputs: [zeros('float64', x), zeros('float64', [4])], outputCount: 3 },
  ],
  NegativeLogLikelihoodLoss: [
    { inputs: [x, zeros('int64', [2, 4])] },
    { inputs: [x, zeros('int64', [2, 4]), [3]], attributes: { reduction: text('none') } },
  ],
  OneHot: [
    { inputs: [indices([2, 2], [0, 1, 2, 0]), { constant: scalar('int64', 3) }, [2]] },
    { inputs: [int64s([0, 1]), { constant: scalar('int64', 3) }, [2]], attributes: { axis: int(0) } },
  ],
  Range: [{ inputs: [0, 7, 2].map((value) => ({ constant: scalar('int64', value) })) }],
  Reshape: [
    { inputs: [x, constant([0, -1])] },
    { inputs: [x, constant([4, 6])] },
    { inputs: [[0, 3], constant([3, 0])], attributes: { allowzero: int(1) } },
  ],
  Shape: [{ inputs: [x] }, { inputs: [x], attributes: { start: int(1), end: int(-1) } }],
  Size: [{ inputs: [x] }],
  Slice: [
    { inputs: [x, constant([1, -3]), constant([2, 9]), constant([1, 2])] },
    { inputs: [x, constant([-1]), constant([-9]), constant([2]), constant([-2])] },
  ],
  SoftmaxCrossEntropyLoss: [
    { inputs: [x, zeros('int64', [2, 4])], outputCount: 2 },
    { inputs: [x, zeros('int64', [2, 4])], attributes: { reduction: text('none') } },
  ],
  Split: [
    { inputs: [[2, 7], constant([3, 4])], attributes: { axis: int(1) }, outputCount: 2 },
    { inputs: [[7, 2]], attributes: { num_outputs: int(3) }, outputCount: 3 },
  ],
  Squeeze: [{ inputs: [[1, 3, 1], constant([0])] }, { inputs: [[1, 3, 1]] }],
  Tile: [{ inputs: [[2, 3], constant([2, 3])] }],
  TopK: [
    { inputs: [x, constant([2])], outputCount: 2 },
    { inputs: [x, constant([1])], attributes: { axis: int(1) }, outputCount: 2 },
  ],
  Transpose: [{ inputs: [x], attributes: { perm: ints([2, 0, 1]) } }, { inputs: [x] }],
  Unsqueeze: [{ inputs: [x, constant([0, -1])] }],
  SimplifiedLayerNormalization: [
    { inputs: [x, [4]], outputCount: 2 },
    { inputs: [x, [3, 4]], attributes: { axis: int(1) } },
  ],
  'com.microsoft:Attention': [
    { inputs: [[2, 3, 8], [8, 24], [24]], attributes: { num_heads: int(2) }, outputCount: 2 },
    {
      inputs: [[2, 3, 8], [8, 20], [20]],
      attributes: { num_heads: int(2), qkv_hidden_sizes: ints([8, 8, 4]) },
    },
    { inputs: [[2, 3, 8], [8, 24], [24], null, [2, 2, 2, 5, 4]], attributes: { num_heads: int(2) }, outputCount: 2 },
  ],
  'com.microsoft:EmbedLayerNormalization': [
    {
      inputs: [int32s([2, 3]), int32s([2, 3]), [5, 8], [4, 8], [2, 8], [8], [8]],
      outputCount: 3,
    },
  ],
  'com.microsoft:GroupQueryAttention': [
    {
      inputs: [[2, 3, 32], [2, 3, 16], [2, 3, 16], null, null, int32s([2], 2), int32s([], 3)],
      attributes: { num_heads: int(2), kv_num_heads: int(1) },
      outputCount: 3,
    },
    {
      inputs: [[2, 1, 64], null, null, [2, 1, 4, 16], [2, 1, 4, 16], int32s([2], 4), int32s([], 5)],
      attributes: { num_heads: int(2), kv_num_heads: int(1) },
      outputCount: 3,
    },
  ],
  'com.microsoft:MatMulNBits': [
    {
      inputs: [[2, 3, 32], zeros('uint8', [4, 2, 8]), [8]],
      attributes: { K: int(32), N: int(4), bits: int(4), block_size: int(16) },
    },
  ],
  'com.microsoft:MultiHeadAttention': [
    {
      inputs: [
        [2, 3, 8],
        [2, 5, 8],
        [2, 5, 4],
      ],
      attributes: { num_heads: int(2) },
      outputCount: 3,
    },
    {
      inputs: [
        [2, 3, 8],
        [2, 2, 5, 4],
        [2, 2, 5, 4],
      ],
      attributes: { num_heads: int(2) },
    },
    {
      inputs: [[2, 1, 8], [2, 1, 8], [2, 1, 8], null, null, null, [2, 2, 3, 4], [2, 2, 3, 4]],
      attributes: { num_heads: int(2) },
      outputCount: 3,
    },
  ],
  'com.microsoft:RotaryEmbedding': [{ inputs: [x, int64s([0]), [5, 2], [5, 2]] }],
  'com.microsoft:SkipLayerNormalization': [{ inputs: [x, x, [4], [4]], outputCount: 4 }],
  'com.microsoft:SkipSimplifiedLayerNormalization': [{ inputs: [x, x, [4]], outputCount: 4 }],
  Where: [{ inputs: [bools, [3], [2, 1]] }],
}

describe('type inference', () => {
  it('has a case here for each of its entries', () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(inferences).sort())
  })

  it.each(Object.keys(cases))('of %s gives what the runtime returns', async (operator) => {
    for (const one of cases[operator] as Case[]) await compareWithRuntime(operator, one)
  })

  it('refuses an operator without an entry, also one with the name of a property that all objects have', () => {
    for (const opType of ['Nope', 'constructor']) {
      expect(() => new GraphBuilder().node(opType, [])).toThrow(expect.objectContaining({ code: 'onnx.no-inference' }))
    }
  })

  it('refuses forms of an operator whose shape it cannot tell, with the node', () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float32', [2, 3, 4])
    const refuse = (opType: string, inputs: Value[], attributes: Record<string, Attribute>, message: string) =>
      expect(() =>
        g.op(opType, inputs, attributes, opType === 'MultiHeadAttention' ? { domain: 'com.microsoft' } : {}),
      ).toThrow(expect.objectContaining({ code: 'onnx.no-inference', message }))
    const equation = { equation: text('...i->...') }
    refuse('Einsum', [x], equation, 'Cannot tell the shape of Einsum with the equation ...i->... (node Einsum)')
    const layer = [x, g.input('w', 'float32', [1, 5, 4]), g.input('r', 'float32', [1, 5, 5])]
    refuse('RNN', layer, { layout: int(1) }, 'Cannot tell the shape of RNN with batches first (node RNN)')
    const packed = [g.input('packed', 'float32', [2, 3, 2, 3, 4])]
    const what = 'com.microsoft:MultiHeadAttention with packed queries, keys or values (node MultiHeadAttention)'
    refuse('MultiHeadAttention', packed, { num_heads: int(2) }, `Cannot tell the shape of ${what}`)
  })

  it.each(['float32', 'float64', 'bfloat16', 'int8', 'bool'] as const)('of Cast knows the code of %s', (dtype) => {
    const g = new GraphBuilder()
    expect(g.cast(g.input('x', 'int64', [2]), dtype).dtype).toBe(dtype)
  })

  it('of Cast refuses a type that the runtime does not compute with', () => {
    const g = new GraphBuilder()
    const castToString = () => g.op('Cast', [g.input('x', 'int64', [2])], { to: int(8) })
    expect(castToString).toThrow(expect.objectContaining({ code: 'onnx.unknown-cast' }))
  })
})

const size = fc.integer({ min: 1, max: 4 })
const shape = (minLength: number, maxLength: number) => fc.array(size, { minLength, maxLength })
/** A shape and one of its axes, counted from either end. */
const shapeWithAxis = shape(1, 4).chain((dims) =>
  fc.record({ dims: fc.constant(dims), axis: fc.integer({ min: -dims.length, max: dims.length - 1 }) }),
)
/** A shape that broadcasts to `dims`. */
const narrower = (dims: readonly number[]) =>
  fc
    .tuple(fc.array(fc.boolean(), { minLength: dims.length, maxLength: dims.length }), fc.nat(dims.length))
    .map(([ones, cut]) => dims.map((dim, i) => (ones[i] ? 1 : dim)).slice(cut))

const laws: Record<string, fc.Arbitrary<[string, Case]>> = {
  'broadcasting of Add and Where': shape(0, 4).chain((dims) =>
    fc
      .tuple(fc.constantFrom('Add', 'Where'), narrower(dims), narrower(dims), narrower(dims))
      .map(([operator, a, b, c]) => [operator, { inputs: operator === 'Add' ? [a, b] : [zeros('bool', c), a, b] }]),
  ),
  'broadcasting of MatMul': fc.tuple(shape(0, 2), size, size, size).chain(([batch, rows, inner, columns]) =>
    fc.tuple(narrower(batch), narrower(batch)).map(([a, b]) => [
      'MatMul',
      {
        inputs: [
          [...a, rows, inner],
          [...b, inner, columns],
        ],
      },
    ]),
  ),
  'Reshape with 0 and -1': fc
    .tuple(shape(1, 4), fc.nat(), fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), fc.option(fc.nat()))
    .map(([dims, cut, kept, free]) => {
      // The axes after the cut are joined to one.
      const at = cut % dims.length
      const wanted = [...dims.slice(0, at), sizeOf(dims.slice(at))]
      const written = wanted.map((dim, i) => (kept[i] && dims[i] === dim ? 0 : dim))
      const target = free === null ? written : written.with(free % written.length, -1)
      return ['Reshape', { inputs: [dims, constant(target)] }]
    }),
  'Slice with random starts, ends and steps': fc.array(fc.nat(5), { minLength: 1, maxLength: 3 }).chain((dims) => {
    const bound = fc.integer({ min: -8, max: 8 })
    const range = fc.record({ start: bound, end: bound, step: fc.constantFrom(-3, -2, -1, 1, 2, 3) })
    return fc
      .tuple(fc.shuffledSubarray([...dims.keys()], { minLength: 1 }), fc.array(range, { minLength: 3, maxLength: 3 }))
      .map(([axes, ranges]): [string, Case] => {
        const list = (pick: (range: { start: number; end: number; step: number }) => number) =>
          constant(axes.map((_, i) => pick(ranges[i] as { start: number; end: number; step: number })))
        const signed = constant(axes.map((axis) => (axis % 2 ? axis : axis - dims.length)))
        return ['Slice', { inputs: [dims, list((r) => r.start), list((r) => r.end), signed, list((r) => r.step)] }]
      })
  }),
  Concat: fc
    .tuple(shapeWithAxis, shape(1, 4))
    .map(([{ dims, axis }, sizes]) => [
      'Concat',
      { inputs: sizes.map((one) => dims.with(axis, one)), attributes: { axis: int(axis) } },
    ]),
  'Split by sizes': fc.tuple(shapeWithAxis, shape(1, 3)).map(([{ dims, axis }, sizes]) => [
    'Split',
    {
      inputs: [
        dims.with(
          axis,
          sizes.reduce((sum, one) => sum + one),
        ),
        constant(sizes),
      ],
      attributes: { axis: int(axis) },
      outputCount: sizes.length,
    },
  ]),
  'Split in equal parts, the last of which may be smaller': fc
    .tuple(shapeWithAxis, size, size, fc.nat())
    .map(([{ dims, axis }, part, count, short]) => [
      'Split',
      {
        inputs: [dims.with(axis, part * count - (count === 1 ? 0 : short % Math.min(part, count)))],
        attributes: { axis: int(axis), num_outputs: int(count) },
        outputCount: count,
      },
    ]),
  Transpose: shape(1, 4).chain((dims) =>
    fc
      .shuffledSubarray([...dims.keys()], { minLength: dims.length })
      .map((permutation) => ['Transpose', { inputs: [dims], attributes: { perm: ints(permutation) } }]),
  ),
  Gather: fc
    .tuple(shapeWithAxis, shape(0, 3))
    .map(([{ dims, axis }, indices]) => [
      'Gather',
      { inputs: [dims, zeros('int64', indices)], attributes: { axis: int(axis) } },
    ]),
  'Shape of a part': fc
    .tuple(shape(0, 4), fc.integer({ min: -6, max: 6 }), fc.integer({ min: -6, max: 6 }))
    .map(([dims, start, end]) => ['Shape', { inputs: [dims], attributes: { start: int(start), end: int(end) } }]),
}

describe('type inference agrees with the runtime on', () => {
  it.each(Object.keys(laws))('%s', async (law) => {
    await fc.assert(
      fc.asyncProperty(laws[law] as fc.Arbitrary<[string, Case]>, ([operator, one]) =>
        compareWithRuntime(operator, one),
      ),
      { numRuns: 40 },
    )
  })
})

/** Runs the one node, and compares type and dimensions of every output with what is inferred. */
async function compareWithRuntime(operator: string, { inputs, attributes = {}, outputCount = 1 }: Case): Promise<void> {
  const tensors = inputs.map((input) => {
    if (input === null) return undefined
    return 'constant' in input ? input.constant : 'dtype' in input ? input : ones(input)
  })
  const names = tensors.map((one, i) => (one ? `x${i}` : ''))
  const tensorsWhere = (isConstant: boolean) =>
    tensors.flatMap((one, i) => {
      const input = inputs[i]
      return one && input && 'constant' in input === isConstant ? [[`x${i}`, one] as const] : []
    })
  const [domain, opType] = operator.includes(':') ? (operator.split(':') as [string, string]) : ['', operator]
  const outputs = Array.from({ length: outputCount }, (_, i) => `y${i}`)
  const node: Node = { name: 'node', opType, domain, inputs: names, outputs, attributes }
  const fed = new Map(tensorsWhere(false))
  const model: Model = {
    ...new GraphBuilder().build(),
    graph: {
      name: 'one node',
      inputs: [...fed].map(([name, { dtype, dims }]) => ({ name, dtype, dims })),
      outputs: outputs.map((name) => ({ name, dtype: null, dims: null })),
      nodes: [node],
      initializers: new Map(tensorsWhere(true)),
      valueInfo: new Map(),
    },
  }
  const session = await openSession(encodeModel(model), { optimization: 'off' })
  const results = await session.run(Object.fromEntries(fed))
  await session.release()
  const inferred = inferTypes({
    node,
    input: (i) => tensors[i] as Tensor,
    constant: (i) => (tensors[i] === undefined ? undefined : toNumbers(tensors[i] as Tensor)),
  })
  expect(outputs.map((name) => typeOf(results[name] as Tensor))).toEqual(inferred.map(typeOf))
}

function typeOf({ dtype, dims }: ValueType): ValueType {
  return { dtype, dims: [...dims] }
}

function ones(dims: readonly number[]): Tensor {
  return tensor('float32', dims, new Float32Array(sizeOf(dims)).fill(1))
}
