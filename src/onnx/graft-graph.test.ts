import { describe, expect, it } from 'vitest'
import { openSession } from '../runtime/index.ts'
import { encodeModel } from './codec.ts'
import { graftGraph } from './graft-graph.ts'
import { type Attribute, int, ints, type Model, type Node } from './graph.ts'
import { GraphBuilder, type Value } from './graph-builder.ts'
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
  g.output('y', y as Value)
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

const weight = (phase: number) =>
  tensor(
    'float32',
    [4, 4],
    Float32Array.from({ length: 16 }, (_, i) => Math.cos(i + phase)),
  )
const w = weight(0)
const bias = tensor('float32', [4], Float32Array.of(1, 2, 3, 4))
const erf = [node('Erf', ['scaled'], 'erf'), node('Add', ['erf', 'one'], 'shifted')]
const numbers = {
  one: scalar('float32', 1),
  half: scalar('float32', 0.5),
  // In float32: 1.4142135 and 0.70710677, as exporters write them.
  root: scalar('float32', Math.SQRT2),
  inverse: scalar('float32', Math.SQRT1_2),
}

/** Self-attention of two heads as PyTorch's exporter writes it, its mask made of x by the long way of `expand`. */
function attentionBlock() {
  const dim = (of: string, axis: number) => [
    node('Shape', [of], `${of}_shape_${axis}`),
    node('Gather', [`${of}_shape_${axis}`, `index_${axis}`], `${of}_${axis}`, { axis: int(0) }),
    node('Unsqueeze', [`${of}_${axis}`, 'index_0_1d'], `${of}_dim_${axis}`),
  ]
  const linear = (of: string, to: string) => [
    node('MatMul', [of, `${to}_weight`], `${to}_product`),
    node('Add', ['bias', `${to}_product`], to),
  ]
  const heads = (of: string, perm: number[]) => [
    ...dim(of, 0),
    ...dim(of, 1),
    node('Concat', [`${of}_dim_0`, `${of}_dim_1`, 'two', 'two'], `${of}_split`, { axis: int(0) }),
    node('Reshape', [of, `${of}_split`], `${of}_heads_flat`),
    node('Transpose', [`${of}_heads_flat`], `${of}_heads`, { perm: ints(perm) }),
  ]
  const nodes = [
    ...linear('x', 'query'),
    ...linear('x', 'key'),
    ...linear('x', 'value'),
    ...heads('query', [0, 2, 1, 3]),
    ...heads('key', [0, 2, 3, 1]),
    ...heads('value', [0, 2, 1, 3]),
    // The mask, expanded to [batch, 1, length, length].
    ...dim('x', 0),
    ...dim('x', 1),
    node('Concat', ['x_dim_0', 'minus_one', 'x_dim_1', 'x_dim_1'], 'wanted', { axis: int(0) }),
    node('Shape', ['wanted'], 'wanted_rank'),
    node('ConstantOfShape', ['wanted_rank'], 'all_ones', { value: { type: 'tensor', value: int64s([1]) } }),
    node('Mul', ['all_ones', 'minus_one'], 'all_minus'),
    node('Equal', ['wanted', 'all_minus'], 'is_kept'),
    node('Where', ['is_kept', 'all_ones', 'wanted'], 'expanded'),
    node('ReduceMean', ['x'], 'means', { axes: ints([2]), keepdims: int(0) }),
    node('Unsqueeze', ['means', 'index_1_2'], 'means_4d'),
    node('Expand', ['means_4d', 'expanded'], 'means_expanded'),
    node('Sub', ['one', 'means_expanded'], 'inverted'),
    node('Mul', ['inverted', 'low'], 'mask'),
    node('MatMul', ['query_heads', 'key_heads'], 'products'),
    node('Div', ['products', 'root'], 'scores'),
    node('Add', ['scores', 'mask'], 'masked'),
    node('Softmax', ['masked'], 'probabilities', { axis: int(-1) }),
    node('MatMul', ['probabilities', 'value_heads'], 'context_heads'),
    node('Transpose', ['context_heads'], 'context', { perm: ints([0, 2, 1, 3]) }),
    ...dim('context', 0),
    ...dim('context', 1),
    node('Concat', ['context_dim_0', 'context_dim_1', 'four'], 'joined', { axis: int(0) }),
    node('Reshape', ['context', 'joined'], 'flat'),
    ...linear('flat', 'y'),
  ]
  const constants = {
    ...{ query_weight: weight(1), key_weight: weight(2), value_weight: weight(3), y_weight: weight(4) },
    ...{ bias, one: numbers.one, root: numbers.root, low: scalar('float32', -10) },
    ...{ index_0: scalar('int64', 0), index_1: scalar('int64', 1), index_0_1d: int64s([0]), index_1_2: int64s([1, 2]) },
    ...{ two: int64s([2]), four: int64s([4]), minus_one: int64s([-1]) },
  }
  return { nodes, constants }
}

describe('grafting a graph', () => {
  it('makes one product of a linear layer, its bias added after', async () => {
    const layer = model([node('MatMul', ['x', 'w'], 'p'), node('Add', ['bias', 'p'], 'y')], { w, bias })
    expect(await graft(layer)).toEqual(['Reshape', 'Gemm', 'Add', 'Reshape'])
  })

  it.each([
    ['x by 0.70710677', node('Mul', ['x', 'inverse'], 'scaled')],
    ['0.70710677 by x', node('Mul', ['inverse', 'x'], 'scaled')],
    ['x over 1.4142135', node('Div', ['x', 'root'], 'scaled')],
  ])('finds Gelu that scales %s', async (_, scaled) => {
    const rest = [node('Mul', ['x', 'shifted'], 't'), node('Mul', ['t', 'half'], 'y')]
    expect(await graft(model([scaled, ...erf, ...rest], numbers))).toEqual(['Gelu'])
  })

  it.each([
    ['(x · (1 + erf)) · ½', [node('Mul', ['x', 'shifted'], 't'), node('Mul', ['t', 'half'], 'y')]],
    ['x · (½ · (1 + erf))', [node('Mul', ['half', 'shifted'], 't'), node('Mul', ['x', 't'], 'y')]],
    ['(x · ½) · (1 + erf)', [node('Mul', ['x', 'half'], 't'), node('Mul', ['t', 'shifted'], 'y')]],
  ])('finds Gelu written as %s', async (_, rest) => {
    const nodes = [node('Div', ['x', 'root'], 'scaled'), ...erf, ...rest]
    expect(await graft(model(nodes, numbers))).toEqual(['Gelu'])
    // Exporters give the operands of a product or a sum in either order.
    const swapped = nodes.map((one) => (one.opType === 'Div' ? one : { ...one, inputs: one.inputs.toReversed() }))
    expect(await graft(model(swapped, numbers))).toEqual(['Gelu'])
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

  it('folds the shape arithmetic of an exported attention block away completely', async () => {
    const { nodes, constants } = attentionBlock()
    const operators = await graft(model(nodes, constants))
    const shapeArithmetic = ['Shape', 'Gather', 'Concat', 'ConstantOfShape', 'Equal', 'Where', 'Slice', 'Constant']
    expect(operators.filter((operator) => shapeArithmetic.includes(operator))).toEqual([])
    const products = operators.filter((operator) => operator === 'Gemm' || operator === 'MatMul')
    expect(products).toEqual(['Gemm', 'Gemm', 'Gemm', 'MatMul', 'MatMul', 'Gemm'])
  })

  it('leaves Dropout out, its mask all kept', async () => {
    const dropout = { ...node('Dropout', ['x'], 'y'), outputs: ['y', 'mask'] }
    expect(await graft(model([dropout], {}))).toEqual(['Identity'])
    const g = new GraphBuilder()
    const bindings = new Map([['x', g.input('x', 'float32', [2])]])
    const [mask] = graftGraph(g, model([dropout], {}), { bindings, outputs: ['mask'] })
    expect(mask).toMatchObject({ dtype: 'bool', dims: [2] })
    expect(g.constantOf(mask as Value)?.data).toEqual(Uint8Array.of(1, 1))
  })

  it('gives Dropout to the one who asks for it', () => {
    const g = new GraphBuilder()
    const bindings = new Map([['x', g.input('x', 'float32', [2, 3, 4])]])
    const [y] = graftGraph(g, model([node('Dropout', ['x'], 'y')], {}), {
      bindings,
      outputs: ['y'],
      dropout: (value) => g.mul(value, 2),
    })
    expect(g.producerOf(y as Value)?.node.opType).toBe('Mul')
  })

  it('puts simpler operators in the place of a node for the one who knows them, and keeps the others', () => {
    const g = new GraphBuilder()
    const bindings = new Map([['x', g.input('x', 'float32', [2, 3, 4])]])
    const nodes = [node('Softplus', ['x'], 'a'), node('Sigmoid', ['a'], 'y')]
    const [y] = graftGraph(g, model(nodes, {}), {
      bindings,
      outputs: ['y'],
      expand: ({ opType }, [x]) => (opType === 'Softplus' && x ? [g.log(g.add(g.exp(x), 1))] : null),
    })
    g.output('y', y as Value)
    expect(g.build().graph.nodes.map(({ opType }) => opType)).toEqual(['Exp', 'Add', 'Log', 'Sigmoid'])
  })

  it('asks LayerNormalization for the statistics that its gradient needs', async () => {
    const layer = model([node('LayerNormalization', ['x', 'scale', 'bias'], 'y')], { scale: bias, bias })
    expect(await graft(layer)).toEqual(['LayerNormalization'])
    const g = new GraphBuilder()
    const bindings = new Map([['x', g.input('x', 'float32', [2, 3, 4])]])
    const [y] = graftGraph(g, layer, { bindings, outputs: ['y'] })
    expect(g.producerOf(y as Value)?.outputs.map(({ dims }) => dims)).toEqual([
      [2, 3, 4],
      [2, 3, 1],
      [2, 3, 1],
    ])
  })

  it('keeps an Add that is no bias, and a factor that is no half of Gelu', async () => {
    const residual = model([node('MatMul', ['x', 'w'], 'p'), node('Add', ['p', 'x'], 'y')], { w })
    expect(await graft(residual)).toEqual(['MatMul', 'Add'])
    const almost = [node('Mul', ['x', 'inverse'], 'scaled'), ...erf, node('Mul', ['x', 'shifted'], 'y')]
    expect(await graft(model(almost, numbers))).toEqual(['Mul', 'Erf', 'Add', 'Mul'])
  })

  it('copies only what the outputs need', async () => {
    const nodes = [node('If', ['x'], 'unused', {}), node('Nope', ['x'], 'unknown'), node('Neg', ['x'], 'y')]
    const g = new GraphBuilder()
    const bindings = new Map([['x', g.input('x', 'float32', [2])]])
    graftGraph(g, model(nodes, {}), { bindings, outputs: ['y'] })
    expect(g.nodes.map((built) => built.node.opType)).toEqual(['Neg'])
  })

  it('takes a binding in place of an initializer', () => {
    const g = new GraphBuilder()
    const trained = g.input('w', 'float32', [4, 4])
    const bindings = new Map([
      ['x', g.input('x', 'float32', [2, 3, 4])],
      ['w', trained],
    ])
    graftGraph(g, model([node('MatMul', ['x', 'w'], 'y')], { w }), { bindings, outputs: ['y'] })
    expect(g.nodes[0]?.inputs[1]).toBe(trained)
    expect(g.constants.size).toBe(0)
  })

  it('names the operators that it cannot specialise', () => {
    const g = new GraphBuilder()
    const bindings = new Map([['x', g.input('x', 'float32', [2])]])
    const own = { ...node('Scale', ['x'], 'y'), domain: 'my.own' }
    expect(() => graftGraph(g, model([own], {}), { bindings, outputs: ['y'] })).toThrow(
      'Cannot tell the shape of my.own:Scale (node y)',
    )
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
