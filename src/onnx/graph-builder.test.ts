import { describe, expect, it } from 'vitest'
import { openSession } from '../runtime/index.ts'
import { findProblems } from './check-model.ts'
import { encodeModel } from './codec.ts'
import { GraphBuilder } from './graph-builder.ts'
import { printModel } from './print-model.ts'
import { int64s, scalar, type Tensor, tensor } from './tensor.ts'

describe('GraphBuilder', () => {
  it('builds equal nodes once, and leaves out what no output needs', () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float32', [2, 3])
    g.output('y', g.add(g.mul(x, 2), g.mul(x, 2)))
    g.exp(x)
    expect(printModel(g.build('doubled'))).toMatchInlineSnapshot(`
      "IR version 9, opsets ai.onnx 20, com.microsoft 1
      graph doubled(%x: float32[2, 3]) -> %y: float32[2, 3] {
        %constant = float32[] (2)
        %Mul: float32[2, 3] = Mul(%x, %constant)  # Mul
        %y: float32[2, 3] = Add(%Mul, %Mul)  # Add
      }
      "
    `)
  })

  it('leaves out reshapes and transposes that change nothing, and joins reshapes', () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float32', [2, 3])
    expect(g.reshape(x, [2, 3])).toBe(x)
    expect(g.transpose(x, [0, 1])).toBe(x)
    expect(g.reshape(g.reshape(x, [6]), [2, 3])).toBe(x)
    g.output('y', g.reshape(g.reshape(x, [6]), [3, 2]))
    expect(g.build().graph.nodes.map(({ opType }) => opType)).toEqual(['Reshape'])
  })

  it('gives outputs their names without copies, but for inputs and doubles', () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float32', [1])
    const y = g.neg(x)
    g.output('once', y)
    g.output('twice', y)
    g.output('same', x)
    const { nodes } = g.build().graph
    expect(nodes.map(({ opType, inputs, outputs }) => [opType, ...inputs, ...outputs])).toEqual([
      ['Neg', 'x', 'once'],
      ['Identity', 'once', 'twice'],
      ['Identity', 'x', 'same'],
    ])
  })

  it('takes the name of an input or an output once', () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float32', [1])
    expect(() => g.input('x', 'float32', [1])).toThrow('internal: the graph has a x already')
    g.output('y', x)
    expect(() => g.output('y', x)).toThrow('internal: the graph has an output y already')
    g.output('x', g.neg(x))
    expect(() => g.build()).toThrow('internal: the graph has an input and an output x')
  })

  it('gives way where an output has the name of another value', async () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float32', [1])
    const w = g.constant(tensor('float32', [1], Float32Array.of(5)), 'w')
    g.output('w', g.mul(g.neg(x), w))
    g.output('Neg', g.add(g.neg(x), 1))
    const model = g.build()
    expect(findProblems(model)).toEqual([])
    const session = await openSession(encodeModel(model))
    const results = await session.run({ x: tensor('float32', [1], Float32Array.of(2)) })
    expect(results.w?.data).toEqual(Float32Array.of(-10))
    expect(results.Neg?.data).toEqual(Float32Array.of(-1))
    await session.release()
  })

  it('tells constants apart that are equal only as JavaScript numbers', () => {
    const g = new GraphBuilder()
    const int64 = (value: bigint) => g.constant({ dtype: 'int64', dims: [], data: BigInt64Array.of(value) })
    expect(int64(2n ** 63n - 1n)).not.toBe(int64(2n ** 63n - 2n))
    expect(g.constant(scalar('float32', 0))).not.toBe(g.constant(scalar('float32', -0)))
    expect(g.constant(scalar('float32', 1))).not.toBe(g.constant(scalar('float64', 1)))
    expect(g.constant(scalar('float32', 1))).toBe(g.constant(scalar('float32', 1)))
  })

  it('tells nodes apart by their attributes, and never compares tensors in them', () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float32', [2, 2])
    expect(g.transpose(x, [1, 0])).toBe(g.transpose(x, [1, 0]))
    expect(g.reduceSum(x, [0])).not.toBe(g.reduceSum(x, [0], false))
    const withTensor = () => g.op('Abs', [x], { note: { type: 'tensor', value: int64s([1]) } })
    expect(withTensor()).not.toBe(withTensor())
  })

  it('refuses a number as a constant of a type that has none', () => {
    const g = new GraphBuilder()
    expect(() => g.mul(g.input('x', 'float16', [1]), 2)).toThrow('internal: 2 as a constant of float16')
  })

  it('builds what the runtime computes', async () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float32', [2, 3])
    const w = g.constant(tensor('float32', [3, 2], Float32Array.of(1, 0, 0, 1, 1, 1)))
    g.output('y', g.gemm(x, w, g.constant(tensor('float32', [2], Float32Array.of(10, 20)))))
    const session = await openSession(encodeModel(g.build()))
    const { y } = await session.run({ x: tensor('float32', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)) })
    expect(y?.data).toEqual(Float32Array.of(14, 25, 20, 31))
    await session.release()
  })

  it('updates state in place: the same tensor in and out', async () => {
    const g = new GraphBuilder()
    const state = g.input('state', 'float32', [2])
    g.output('next', g.add(state, g.input('change', 'float32', [])))
    const session = await openSession(encodeModel(g.build()))
    const tensorInPlace: Tensor = tensor('float32', [2], Float32Array.of(1, 2))
    for (let i = 0; i < 3; i++)
      await session.run({ state: tensorInPlace, change: scalar('float32', 10) }, { next: tensorInPlace })
    expect(tensorInPlace.data).toEqual(Float32Array.of(31, 32))
    await session.release()
  })

  it('evaluates constants while building', () => {
    const g = new GraphBuilder()
    const shape = g.op('Shape', [g.input('x', 'float32', [4, 5])])
    const half = g.div(g.gather(shape, g.constant(int64s([1]))), g.constant(int64s([2])))
    expect(g.constantOf(half)).toEqual(int64s([2]))
  })
})
