import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openSession } from '../runtime/index.ts'
import { encodeModel } from './codec.ts'
import { folds } from './fold-constants.ts'
import { type Attribute, int, type Model } from './graph.ts'
import { GraphBuilder, type Value } from './graph-builder.ts'
import { arrayTypes, type DataType, int64s, scalar, sizeOf, type Tensor, zeros } from './tensor.ts'

type Case = { inputs: Tensor[]; attributes?: Record<string, Attribute> }
type NumberType = Exclude<DataType, 'string'>

const dimsOf = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 })
const integer = fc.integer({ min: -9, max: 9 })
const quarter = fc.integer({ min: -40, max: 40 }).map((value) => value / 4)
const types: Record<string, fc.Arbitrary<number>> = {
  int64: integer,
  int32: integer,
  float32: quarter,
  float64: quarter,
  bool: fc.nat(1),
}

function constant(dtype: NumberType, dims: readonly number[], element = types[dtype] as fc.Arbitrary<number>) {
  const length = sizeOf(dims)
  return fc.array(element, { minLength: length, maxLength: length }).map((values): Tensor => {
    const elements = values.map((value) => (dtype === 'int64' ? BigInt(value) : value))
    return { dtype, dims, data: Object.assign(new arrayTypes[dtype](length), elements) }
  })
}
/** Constants of one type that broadcast with each other; `last` are the elements of the last one. */
function operands(dtypes: readonly NumberType[], count: number, last?: fc.Arbitrary<number>): fc.Arbitrary<Case> {
  return fc
    .tuple(fc.constantFrom(...dtypes), dimsOf, fc.array(fc.tuple(fc.nat(3), fc.nat(7)), { minLength: 3, maxLength: 3 }))
    .chain(([dtype, dims, narrowings]) => {
      const shapes = narrowings.map(([cut, ones]) => dims.map((dim, i) => ((ones >> i) & 1 ? 1 : dim)).slice(cut))
      const inputs = shapes
        .slice(0, count)
        .map((shape, i) => constant(dtype, shape, i === count - 1 ? last : undefined))
      return fc.tuple(...inputs).map((list) => ({ inputs: list }))
    })
}
/** A constant and one of its axes, counted from either end, where `build` makes a case of them. */
function alongAxis(build: (data: Tensor, axis: number) => fc.Arbitrary<Case>): fc.Arbitrary<Case> {
  return fc
    .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 })
    .chain((dims) => fc.tuple(constant('int64', dims), fc.integer({ min: -dims.length, max: dims.length - 1 })))
    .chain(([data, axis]) => build(data, axis))
}

const arithmeticTypes = ['int64', 'int32', 'float32', 'float64'] as const
const floatTypes = ['float32', 'float64'] as const
const pair = operands(arithmeticTypes, 2)
const logical = operands(['bool'], 2)
const rounding = operands(floatTypes, 1)
const nonZero = fc.integer({ min: 1, max: 5 })
const whole = fc
  .tuple(fc.array(integer, { minLength: 1, maxLength: 4 }), fc.nat(1))
  .map(([values, keep]): Case => ({ inputs: [int64s(values)], attributes: { keepdims: int(keep) } }))
const reshaped = dimsOf.chain((dims) => constant('int64', dims))

/** Operator → random small constants and attributes. */
const cases: Record<string, fc.Arbitrary<Case>> = {
  Add: pair,
  And: logical,
  Cast: fc
    .tuple(operands(['int64', 'int32', 'float32', 'bool'], 1), fc.constantFrom(1, 6, 7, 9, 11))
    .map(([one, to]) => ({ ...one, attributes: { to: int(to) } })),
  Ceil: rounding,
  Concat: alongAxis((data, axis) =>
    constant('int64', data.dims.with(axis, 2)).map((other) => ({
      inputs: [data, other, data],
      attributes: { axis: int(axis) },
    })),
  ),
  ConstantOfShape: fc.tuple(dimsOf, fc.option(constant('int64', [1]))).map(([dims, fill]) => ({
    inputs: [int64s(dims)],
    attributes: fill ? { value: { type: 'tensor', value: fill } } : {},
  })),
  Div: operands(arithmeticTypes, 2, nonZero),
  Equal: operands([...arithmeticTypes, 'bool'], 2),
  Expand: operands(['int64', 'float32'], 2).map(({ inputs: [a, b] }) => ({
    inputs: [a as Tensor, int64s((b as Tensor).dims)],
  })),
  Floor: rounding,
  Gather: alongAxis((data, axis) => {
    const size = data.dims.at(axis) as number
    return dimsOf
      .chain((dims) => constant('int64', dims, fc.integer({ min: -size, max: size - 1 })))
      .map((indices) => ({ inputs: [data, indices], attributes: { axis: int(axis) } }))
  }),
  Greater: pair,
  GreaterOrEqual: pair,
  Identity: operands([...arithmeticTypes, 'bool'], 1),
  Less: pair,
  LessOrEqual: pair,
  Max: operands(arithmeticTypes, 3),
  Min: operands(arithmeticTypes, 3),
  Mul: pair,
  Neg: operands(arithmeticTypes, 1),
  Not: operands(['bool'], 1),
  Or: logical,
  Pow: operands(['int64', 'float32'], 2, fc.nat(3)),
  Range: fc.tuple(integer, integer, fc.constantFrom(-3, -1, 1, 2)).map((values) => ({
    inputs: values.map((value) => scalar('int64', value)),
  })),
  ReduceProd: whole,
  ReduceSum: whole,
  Reshape: reshaped.map((data) => ({ inputs: [data, int64s([...data.dims.slice(0, 1), -1])] })),
  Slice: alongAxis((data, axis) =>
    fc.tuple(integer, integer, fc.constantFrom(-2, -1, 1, 2)).map(([start, end, step]) => ({
      inputs: [data, ...[start, end, axis, step].map((value) => int64s([value]))],
    })),
  ),
  Sqrt: operands(floatTypes, 1, fc.nat(99)),
  Squeeze: reshaped.map((data) => ({ inputs: [{ ...data, dims: [1, ...data.dims] }, int64s([0])] })),
  Sub: pair,
  Unsqueeze: reshaped.map((data) => ({ inputs: [data, int64s([-1])] })),
  Where: fc
    .tuple(operands(['int64', 'float32'], 2), fc.nat(1))
    .map(([{ inputs }, condition]) => ({ inputs: [scalar('bool', condition), ...inputs] })),
}

describe('folding', () => {
  it('has a case here for each operator that it knows', () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(folds).sort())
  })

  it.each(Object.keys(cases))('%s gives the values that the runtime computes', async (operator) => {
    await fc.assert(
      fc.asyncProperty(cases[operator] as fc.Arbitrary<Case>, async ({ inputs, attributes = {} }) => {
        const expected = await compute(operator, inputs, attributes)
        expect(fold(operator, inputs, attributes)).toEqual(expected)
      }),
      { numRuns: 25 },
    )
  })

  it('keeps the largest int64, which exporters write as the end of a slice', () => {
    expect(fold('Concat', [big(2n ** 63n - 1n), int64s([3])], { axis: int(0) })).toEqual({
      dtype: 'int64',
      dims: [2],
      data: BigInt64Array.of(2n ** 63n - 1n, 3n),
    })
  })

  it.each<[string, string, Tensor[]]>([
    ['integers that numbers cannot hold', 'Identity', [big(2n ** 53n + 1n)]],
    ['arithmetic with the largest int64', 'Sub', [big(2n ** 63n - 1n), int64s([1])]],
    ['results that numbers cannot hold', 'Mul', [big(2n ** 40n), big(2n ** 40n)]],
    ['int32 results out of range', 'Add', [int32(2 ** 31 - 1), int32(1)]],
    ['integer division by zero', 'Div', [int64s([1]), int64s([0])]],
    ['negative powers of integers', 'Pow', [int64s([2]), int64s([-1])]],
    ['half floats, of which only the bits are at hand', 'Cast', [zeros('float16', [1])]],
    ['text', 'Identity', [{ dtype: 'string', dims: [1], data: ['a'] }]],
    ['reductions of single axes', 'ReduceSum', [{ ...int64s([1, 2, 3, 4]), dims: [2, 2] }, int64s([0])]],
    ['large values', 'Expand', [int64s([1]), int64s([100_000])]],
  ])('leaves %s to the runtime', (_, operator, inputs) => {
    expect(fold(operator, inputs, operator === 'Cast' ? { to: int(1) } : {})).toBeUndefined()
  })

  it('reads the value of a Constant in each of its forms', () => {
    const ofConstant = (attributes: Record<string, Attribute>) => fold('Constant', [], attributes)
    expect(ofConstant({ value: { type: 'tensor', value: int64s([1, 2]) } })).toEqual(int64s([1, 2]))
    expect(ofConstant({ value_int: int(3) })).toEqual(scalar('int64', 3))
    expect(ofConstant({ value_ints: { type: 'ints', value: [4n, 5n] } })).toEqual(int64s([4, 5]))
    expect(ofConstant({ value_float: { type: 'float', value: 0.5 } })).toEqual(scalar('float32', 0.5))
    expect(ofConstant({ value_floats: { type: 'floats', value: [0.5] } })?.data).toEqual(Float32Array.of(0.5))
    expect(ofConstant({ value_string: { type: 'string', value: 'a' } })?.data).toEqual(['a'])
    expect(() => ofConstant({})).toThrow(expect.objectContaining({ code: 'onnx.no-inference' }))
  })
})

function big(value: bigint): Tensor {
  return { dtype: 'int64', dims: [1], data: BigInt64Array.of(value) }
}

function int32(value: number): Tensor {
  return { dtype: 'int32', dims: [1], data: Int32Array.of(value) }
}

/** By the builder; undefined where it leaves the node to the runtime. */
function fold(operator: string, inputs: readonly Tensor[], attributes: Record<string, Attribute>): Tensor | undefined {
  const g = new GraphBuilder()
  const values: Value[] = inputs.map((input) => g.constant(input))
  return g.constantOf(g.op(operator, values, attributes))
}

/** By the runtime, on inputs that it cannot fold. */
async function compute(
  operator: string,
  inputs: readonly Tensor[],
  attributes: Record<string, Attribute>,
): Promise<Tensor> {
  const names = inputs.map((_, i) => `x${i}`)
  const model: Model = {
    ...new GraphBuilder().build(),
    graph: {
      name: 'one node',
      inputs: inputs.map(({ dtype, dims }, i) => ({ name: `x${i}`, dtype, dims })),
      outputs: [{ name: 'y', dtype: null, dims: null }],
      nodes: [{ name: 'node', opType: operator, domain: '', inputs: names, outputs: ['y'], attributes }],
      initializers: new Map(),
      valueInfo: new Map(),
    },
  }
  const session = await openSession(encodeModel(model), { optimization: 'off' })
  const { y } = await session.run(Object.fromEntries(inputs.map((input, i) => [`x${i}`, input])))
  await session.release()
  const { dtype, dims, data } = y as Tensor
  return { dtype, dims: [...dims], data }
}
