import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openSession } from '../runtime/index.ts'
import { encodeModel } from './codec.ts'
import { type Attribute, int, ints } from './graph.ts'
import { GraphBuilder } from './graph-builder.ts'
import { broadcastDims, inferences } from './infer-types.ts'
import { type DataType, int64s, scalar, sizeOf, type Tensor, tensor, zeros } from './tensor.ts'

/** An input: dimensions of a float32 value, or a tensor; a constant where shapes depend on its values. */
type Input = readonly number[] | Tensor | { constant: Tensor }
type Case = { inputs: Input[]; attributes?: Record<string, Attribute>; outputCount?: number }

const x = [2, 3, 4]
const one = (operators: string, ...list: Case[]) =>
  Object.fromEntries(operators.split(' ').map((operator) => [operator, list]))
const constant = (values: number[]): Input => ({ constant: int64s(values) })
const bools = zeros('bool', [2, 3])
const indices = (dims: number[], values: number[]): Tensor => ({ ...int64s(values), dims })

const cases: Record<string, Case[]> = {
  ...one(
    'Abs Acos Acosh Asin Asinh Atan Atanh Ceil Clip Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid HardSwish Identity LeakyRelu Log LogSoftmax LpNormalization Mish Neg Reciprocal Relu Round Selu Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Tan Tanh ThresholdedRelu Trilu com.microsoft:Gelu com.microsoft:FastGelu com.microsoft:QuickGelu IsNaN IsInf',
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
  Concat: [
    {
      inputs: [
        [2, 3],
        [2, 5],
      ],
      attributes: { axis: int(-1) },
    },
  ],
  Constant: [{ inputs: [], attributes: { value: { type: 'tensor', value: int64s([1, 2]) } } }],
  ConstantOfShape: [
    { inputs: [constant([2, 3])] },
    { inputs: [constant([2])], attributes: { value: { type: 'tensor', value: int64s([7]) } } },
  ],
  DequantizeLinear: [{ inputs: [zeros('int8', [3, 4]), [4]], attributes: { axis: int(1) } }],
  Dropout: [{ inputs: [x], outputCount: 2 }],
  Expand: [{ inputs: [[3, 1], constant([2, 1, 4])] }],
  Flatten: [
    { inputs: [x], attributes: { axis: int(2) } },
    { inputs: [x], attributes: { axis: int(-3) } },
  ],
  Gather: [{ inputs: [x, zeros('int64', [5, 6])], attributes: { axis: int(1) } }, { inputs: [x, scalar('int64', 0)] }],
  GatherElements: [{ inputs: [x, zeros('int64', [2, 2, 4])], attributes: { axis: int(1) } }],
  LayerNormalization: [
    { inputs: [x, [4], [4]], outputCount: 3 },
    { inputs: [x, [3, 4]], attributes: { axis: int(1) } },
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
  Split: [
    { inputs: [[2, 7], constant([3, 4])], attributes: { axis: int(1) }, outputCount: 2 },
    { inputs: [[7, 2]], attributes: { num_outputs: int(3) }, outputCount: 3 },
  ],
  Squeeze: [{ inputs: [[1, 3, 1], constant([0])] }, { inputs: [[1, 3, 1]] }],
  Tile: [{ inputs: [[2, 3], constant([2, 3])] }],
  Transpose: [{ inputs: [x], attributes: { perm: ints([2, 0, 1]) } }, { inputs: [x] }],
  Unsqueeze: [{ inputs: [x, constant([0, -1])] }],
  Where: [{ inputs: [bools, [3], [2, 1]] }],
}

describe('type inference', () => {
  it('has a case here for each of its entries', () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(inferences).sort())
  })

  it.each(Object.keys(cases))('of %s gives what the runtime returns', async (operator) => {
    for (const one of cases[operator] as Case[]) await compareWithRuntime(operator, one)
  })

  it('broadcasts as the runtime does', async () => {
    const dims = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(
        dims,
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
        fc.nat(4),
        async (a, ones, cut) => {
          const b = a.map((dim, i) => (ones[i] ? 1 : dim)).slice(Math.min(cut, a.length))
          expect(broadcastDims(a, b)).toEqual(a)
          await compareWithRuntime('Add', { inputs: [a, b] })
        },
      ),
      { numRuns: 30 },
    )
  })

  it('slices as the runtime does', async () => {
    const bound = fc.integer({ min: -9, max: 9 })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        bound,
        bound,
        fc.constantFrom(-3, -2, -1, 1, 2, 3),
        async (size, start, end, step) => {
          await compareWithRuntime('Slice', {
            inputs: [[2, size], constant([start]), constant([end]), constant([1]), constant([step])],
          })
        },
      ),
      { numRuns: 60 },
    )
  })
})

/** Builds the node, runs it, and compares type and dimensions of every output. */
async function compareWithRuntime(operator: string, { inputs, attributes = {}, outputCount = 1 }: Case): Promise<void> {
  const g = new GraphBuilder()
  const feeds: Record<string, Tensor> = {}
  const values = inputs.map((input, i) => {
    if ('constant' in input) return g.constant(input.constant)
    const value = 'dtype' in input ? input : ones(input)
    feeds[`x${i}`] = value
    return g.input(`x${i}`, value.dtype, value.dims)
  })
  const [domain, opType] = operator.includes(':') ? (operator.split(':') as [string, string]) : ['', operator]
  const outputs = g.node(opType, values, attributes, { domain, outputCount })
  outputs.forEach((output, i) => {
    g.output(`y${i}`, output)
  })
  const session = await openSession(encodeModel(g.build()), { optimization: 'off' })
  const results = await session.run(feeds)
  await session.release()
  const found = Object.values(results).map(({ dtype, dims }): { dtype: DataType; dims: number[] } => ({
    dtype,
    dims: [...dims],
  }))
  expect(found, operator).toEqual(outputs.map(({ dtype, dims }) => ({ dtype, dims: [...dims] })))
}

function ones(dims: readonly number[]): Tensor {
  return tensor('float32', dims, new Float32Array(sizeOf(dims)).fill(1))
}
