import { describe, expect, it } from 'vitest'
import { openSession } from '../runtime/index.ts'
import { encodeModel } from './codec.ts'
import { graftGraph } from './graft-graph.ts'
import { type Attribute, int, ints, type Model, type Node } from './graph.ts'
import { GraphBuilder } from './graph-builder.ts'
import { int64s, scalar, type Tensor, tensor } from './tensor.ts'

const node = (opType: string, inputs: string[], output: string, attributes: Record<string, Attribute> = {}): Node => ({
  name: `/${output}`,
  opType,
  domain: '',
  inputs,
  outputs: [output],
  attributes,
})

function model(nodes: Node[], initializers: Record<string, Tensor>, opset = 17): Model {
  return {
    irVersion: 8,
    opsets: new Map([['', opset]]),
    producerName: '',
    producerVersion: '',
    metadata: new Map(),
    functions: [],
    graph: {
      name: 'g',
      inputs: [{ name: 'x', dtype: 'float32', dims: ['batch', 'length', 4] }],
      outputs: [{ name: 'y', dtype: 'float32', dims: null }],
      nodes,
      initializers: new Map(Object.entries(initializers)),
      valueInfo: new Map(),
    },
  }
}

/** Operators of the specialised graph, and whether it computes what the original does. */
async function graft(original: Model, dims = [2, 3, 4]) {
  const x: Tensor = tensor(
    'float32',
    dims,
    Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
  )
  const g = new GraphBuilder()
  const [y] = graftGraph(g, original, { bindings: new Map([['x', g.input('x', 'float32', dims)]]), outputs: ['y'] })
  g.output('y', y as NonNullable<typeof y>)
  const specialised = g.build()
  const results = []
  for (const one of [original, specialised]) {
    const session = await openSession(encodeModel(one), { optimization: 'off' })
    results.push((await session.run({ x })).y as Tensor)
    await session.release()
  }
  expect(results[1]?.dims).toEqual(results[0]?.dims)
  expect(results[1]?.data as Float32Array).toBeClose(results[0]?.data as Float32Array, { absolute: 1e-5 })
  return specialised.graph.nodes.map(({ opType }) => opType)
}

const w = tensor(
  'float32',
  [4, 4],
  Float32Array.from({ length: 16 }, (_, i) => Math.cos(i)),
)
const bias = tensor('float32', [4], Float32Array.of(1, 2, 3, 4))
const erf = [node('Erf', ['scaled'], 'erf'), node('Add', ['erf', 'one'], 'shifted')]
const numbers = {
  one: scalar('float32', 1),
  half: scalar('float32', 0.5),
  root: scalar('float32', Math.SQRT2),
  inverse: scalar('float32', Math.SQRT1_2),
}

describe('grafting a graph', () => {
  it('makes one product of a linear layer, its bias added after', async () => {
    const layer = model([node('MatMul', ['x', 'w'], 'p'), node('Add', ['bias', 'p'], 'y')], { w, bias })
    expect(await graft(layer)).toEqual(['Reshape', 'Gemm', 'Add', 'Reshape'])
  })

  it.each([
    ['(x · (1 + erf)) · ½', [node('Mul', ['x', 'shifted'], 't'), node('Mul', ['t', 'half'], 'y')]],
    ['x · (½ · (1 + erf))', [node('Mul', ['half', 'shifted'], 't'), node('Mul', ['x', 't'], 'y')]],
    ['(x · ½) · (1 + erf)', [node('Mul', ['x', 'half'], 't'), node('Mul', ['t', 'shifted'], 'y')]],
  ])('finds Gelu written as %s, by Div and by Mul', async (_, rest) => {
    expect(await graft(model([node('Div', ['x', 'root'], 'scaled'), ...erf, ...rest], numbers))).toEqual(['Gelu'])
    expect(await graft(model([node('Mul', ['x', 'inverse'], 'scaled'), ...erf, ...rest], numbers))).toEqual(['Gelu'])
  })

  it('folds shape arithmetic away', async () => {
    const nodes = [
      node('Shape', ['x'], 'shape'),
      node('Gather', ['shape', 'zero'], 'batch', { axis: int(0) }),
      node('Gather', ['shape', 'first'], 'length', { axis: int(0) }),
      node('Unsqueeze', ['batch', 'axis'], 'batch_1d'),
      node('Unsqueeze', ['length', 'axis'], 'length_1d'),
      node('Concat', ['batch_1d', 'length_1d', 'heads', 'size'], 'heads_shape', { axis: int(0) }),
      node('Reshape', ['x', 'heads_shape'], 'split'),
      node('Transpose', ['split'], 'y', { perm: ints([0, 2, 1, 3]) }),
    ]
    const constants = {
      zero: scalar('int64', 0),
      first: scalar('int64', 1),
      axis: int64s([0]),
      heads: int64s([2]),
      size: int64s([2]),
    }
    expect(await graft(model(nodes, constants))).toEqual(['Reshape', 'Transpose'])
  })

  it.each([
    ['Unsqueeze', 11, [node('Unsqueeze', ['x'], 'y', { axes: ints([0, -1]) })]],
    [
      'Squeeze',
      11,
      [node('Unsqueeze', ['x'], 't', { axes: ints([0]) }), node('Squeeze', ['t'], 'y', { axes: ints([0]) })],
    ],
    ['ReduceSum', 11, [node('ReduceSum', ['x'], 'y', { axes: ints([1]), keepdims: int(0) })]],
    ['ReduceMean', 17, [node('ReduceMean', ['x'], 'y', { axes: ints([-1]) })]],
    ['Split', 11, [{ ...node('Split', ['x'], 'y', { axis: int(2), split: ints([1, 3]) }), outputs: ['y', 'rest'] }]],
    ['Split in equal parts', 17, [{ ...node('Split', ['x'], 'y', { axis: int(2) }), outputs: ['y', 'rest'] }]],
    ['Slice', 9, [node('Slice', ['x'], 'y', { starts: ints([1]), ends: ints([3]), axes: ints([2]) })]],
    [
      'Clip',
      7,
      [node('Clip', ['x'], 'y', { min: { type: 'float', value: -0.5 }, max: { type: 'float', value: 0.5 } })],
    ],
    ['Softmax', 11, [node('Softmax', ['x'], 'y', { axis: int(2) })]],
    ['Dropout', 11, [node('Dropout', ['x'], 'y', { ratio: { type: 'float', value: 0.5 } })]],
  ])('brings %s of opset %i up to date', async (_, opset, nodes) => {
    await graft(model(nodes, {}, opset))
  })

  it('gives Dropout to the one who asks for it', () => {
    const g = new GraphBuilder()
    const bindings = new Map([['x', g.input('x', 'float32', [2, 3, 4])]])
    const [y] = graftGraph(g, model([node('Dropout', ['x'], 'y')], {}), {
      bindings,
      outputs: ['y'],
      dropout: (value) => g.mul(value, 2),
    })
    expect(g.producerOf(y as NonNullable<typeof y>)?.node.opType).toBe('Mul')
  })

  it('refuses subgraphs and values that nothing defines', () => {
    const specialise = (original: Model) => () => {
      const g = new GraphBuilder()
      graftGraph(g, original, { bindings: new Map([['x', g.input('x', 'float32', [2, 3, 4])]]), outputs: ['y'] })
    }
    const branch = node('If', ['x'], 'y', { then_branch: { type: 'graph', value: model([], {}).graph } })
    expect(specialise(model([branch], {}))).toThrow(expect.objectContaining({ code: 'onnx.subgraph' }))
    expect(specialise(model([node('Add', ['x', 'lost'], 'y')], {}))).toThrow(
      expect.objectContaining({ code: 'onnx.unbound-value' }),
    )
  })
})
