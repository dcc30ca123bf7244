import { describe, expect, it } from 'vitest'
import { openSession } from '../runtime/index.ts'
import { encodeModel } from './codec.ts'
import { folds } from './fold-constants.ts'
import { type Attribute, int } from './graph.ts'
import { GraphBuilder } from './graph-builder.ts'
import { int64s, scalar, type Tensor, tensor } from './tensor.ts'

type Case = { inputs: Tensor[]; attributes?: Record<string, Attribute> }
const integers = (dims: number[], values: number[]): Tensor => ({ ...int64s(values), dims })
const floats = (...values: number[]) => tensor('float32', [values.length], Float32Array.from(values))
const bools = (...values: number[]) => tensor('bool', [values.length], Uint8Array.from(values))
const pair: Case[] = [
  { inputs: [integers([2, 2], [7, -7, 3, 9]), integers([2], [2, 3])] },
  { inputs: [floats(7, -7, 2.5), scalar('float32', 2)] },
]

const cases: Record<string, Case[]> = {
  Add: pair,
  And: [{ inputs: [bools(1, 0, 1), bools(1, 1, 0)] }],
  Cast: [
    { inputs: [floats(1.9, -1.9)], attributes: { to: int(7) } },
    { inputs: [int64s([0, 5])], attributes: { to: int(9) } },
    { inputs: [int64s([3])], attributes: { to: int(1) } },
  ],
  Ceil: [{ inputs: [floats(1.2, -1.2)] }],
  Concat: [{ inputs: [integers([2, 1], [1, 2]), integers([2, 2], [3, 4, 5, 6])], attributes: { axis: int(1) } }],
  ConstantOfShape: [{ inputs: [int64s([2, 2])], attributes: { value: { type: 'tensor', value: int64s([7]) } } }],
  Div: pair,
  Equal: pair,
  Expand: [{ inputs: [integers([2, 1], [1, 2]), int64s([2, 3])] }],
  Floor: [{ inputs: [floats(1.2, -1.2)] }],
  Gather: [
    { inputs: [integers([2, 3], [1, 2, 3, 4, 5, 6]), int64s([2, -3])], attributes: { axis: int(1) } },
    { inputs: [int64s([5, 6]), scalar('int64', 1)] },
  ],
  Greater: pair,
  GreaterOrEqual: pair,
  Identity: [{ inputs: [int64s([1])] }],
  Less: pair,
  LessOrEqual: pair,
  Max: pair,
  Min: pair,
  Mul: pair,
  Neg: [{ inputs: [int64s([3, -4])] }],
  Not: [{ inputs: [bools(1, 0)] }],
  Or: [{ inputs: [bools(1, 0, 0), bools(1, 1, 0)] }],
  Pow: [{ inputs: [floats(2, 3), floats(2, 0.5)] }],
  Range: [{ inputs: [scalar('int64', 2), scalar('int64', 9), scalar('int64', 3)] }],
  ReduceProd: [{ inputs: [int64s([2, 3, 4])] }],
  ReduceSum: [{ inputs: [int64s([2, 3, 4])], attributes: { keepdims: int(0) } }],
  Reshape: [{ inputs: [int64s([1, 2, 3, 4]), int64s([2, -1])] }],
  Slice: [
    { inputs: [integers([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]), int64s([-1]), int64s([-9]), int64s([1]), int64s([-2])] },
  ],
  Sqrt: [{ inputs: [floats(2, 9)] }],
  Squeeze: [{ inputs: [integers([1, 2], [1, 2]), int64s([0])] }],
  Sub: pair,
  Unsqueeze: [{ inputs: [int64s([1, 2]), int64s([1])] }],
  Where: [{ inputs: [bools(1, 0), int64s([1, 2]), scalar('int64', 9)] }],
}

describe('folding', () => {
  it('has a case here for each operator that it knows', () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(folds).sort())
  })

  it.each(Object.keys(cases))('%s gives the values that the runtime computes', async (operator) => {
    for (const { inputs, attributes = {} } of cases[operator] as Case[]) {
      const folding = new GraphBuilder()
      const folded = folding.constantOf(
        folding.op(
          operator,
          inputs.map((input) => folding.constant(input)),
          attributes,
        ),
      )
      expect(await compute(operator, inputs, attributes)).toEqual(folded)
    }
  })

  it('saturates int64, as the ends of slices are often the largest integer', () => {
    const g = new GraphBuilder()
    const largest: Tensor = { dtype: 'int64', dims: [1], data: BigInt64Array.of(2n ** 63n - 1n) }
    expect(g.constantOf(g.op('Identity', [g.constant(largest)]))).toEqual(largest)
  })
})

/** By the runtime, on inputs that it cannot fold. */
async function compute(
  operator: string,
  inputs: readonly Tensor[],
  attributes: Record<string, Attribute>,
): Promise<Tensor | undefined> {
  const names = inputs.map((_, i) => `x${i}`)
  const model = {
    ...new GraphBuilder().build(),
    graph: {
      name: 'fold',
      inputs: inputs.map(({ dtype, dims }, i) => ({ name: names[i] as string, dtype, dims })),
      outputs: [{ name: 'y', dtype: null, dims: null }],
      nodes: [{ name: 'node', opType: operator, domain: '', inputs: names, outputs: ['y'], attributes }],
      initializers: new Map(),
      valueInfo: new Map(),
    },
  }
  const session = await openSession(encodeModel(model), { optimization: 'off' })
  const { y } = await session.run(Object.fromEntries(inputs.map((input, i) => [names[i] as string, input])))
  await session.release()
  return y && { dtype: y.dtype, dims: [...y.dims], data: y.data }
}
