import { expect, it } from 'vitest'
import { float, GraphBuilder, int, type Model, type Node, type Tensor, tensor } from '../../src/onnx/index.ts'
import { optimizers } from '../../src/training/optimizers.ts'
import { type Parameter, weightNames } from '../../src/training/parameters.ts'
import { buildStepGraph } from '../../src/training/step-graph.ts'

const node = (opType: string, inputs: string[], output: string, rest: Partial<Node> = {}): Node => ({
  name: output,
  opType,
  domain: 'com.microsoft',
  inputs,
  outputs: [output],
  attributes: {},
  ...rest,
})
const standard = (opType: string, inputs: string[], output: string): Node =>
  node(opType, inputs, output, { domain: '' })
const numbers = (...dims: number[]): Tensor => {
  const size = dims.reduce((product, dim) => product * dim, 1)
  return tensor('float32', dims, new Float32Array(size).fill(0.1))
}

/** Two skips with their normalizations, and a head. */
const skipping: Model = {
  ...new GraphBuilder().build(),
  graph: {
    name: 'skipping',
    inputs: [{ name: 'input_ids', dtype: 'int64', dims: ['batch', 'length'] }],
    outputs: [{ name: 'logits', dtype: 'float32', dims: null }],
    nodes: [
      standard('Gather', ['table', 'input_ids'], 'x'),
      node('SkipLayerNormalization', ['x', 'x', 'first'], 'a', { attributes: { epsilon: float(1e-5) } }),
      node('SkipLayerNormalization', ['a', 'x', 'second'], 'b', { attributes: { epsilon: float(1e-5) } }),
      standard('MatMul', ['b', 'head'], 'c'),
      { ...standard('ReduceMean', ['c', 'axes'], 'logits'), attributes: { keepdims: int(0) } },
    ],
    initializers: new Map([
      ['table', numbers(7, 4)],
      ['first', numbers(4)],
      ['second', numbers(4)],
      ['head', numbers(4, 3)],
      ['axes', { dtype: 'int64', dims: [1], data: BigInt64Array.of(1n) }],
    ]),
    valueInfo: new Map(),
  },
}

function operatorsOfStep(trained: string): string[] {
  const parameters = ['table', 'first', 'second', 'head'].map((name): Parameter => {
    const value = skipping.graph.initializers.get(name) as Tensor
    return {
      name,
      value,
      layer: 0,
      isSparse: false,
      update: name === trained ? { rate: 0.1, decays: false, slots: [] } : null,
    }
  })
  const { model } = buildStepGraph({
    model: skipping,
    parameters,
    shape: { rows: 2, length: 3 },
    task: {
      output: 'logits',
      targetDims: () => ({}),
      loss: (g, logits) => g.reduceSum(g.mul(logits, logits), undefined, false),
    },
    dropout: 0,
    clipNorm: 1,
    optimizer: optimizers.sgd,
    precision: 'fp32',
    recompute: 'none',
    device: 'cpu',
    ending: 'sum',
  })
  const normalizations = model.graph.nodes.filter(({ opType }) => opType.includes('LayerNormalization'))
  return normalizations.map(({ opType }) => opType)
}

it('a step computes fused operators once, in the simpler form where something learns, and fused elsewhere', () => {
  expect(operatorsOfStep('head')).toEqual(['SkipLayerNormalization', 'SkipLayerNormalization'])
  expect(operatorsOfStep('second')).toEqual(['SkipLayerNormalization', 'LayerNormalization'])
  expect(operatorsOfStep('table')).toEqual(['LayerNormalization', 'LayerNormalization'])
})

it('angles of rotary embeddings and scales of quantized weights are no weights', () => {
  const { graph } = skipping
  const nodes = [
    node('RotaryEmbedding', ['x', 'positions', 'cos', 'sin'], 'turned'),
    node('MatMulNBits', ['turned', 'bytes', 'scales'], 'y'),
    node('Add', ['y', 'bias'], 'logits'),
  ]
  const initializers = new Map(['cos', 'sin', 'scales', 'bias'].map((name) => [name, numbers(4)]))
  expect([...weightNames({ ...skipping, graph: { ...graph, nodes, initializers } })]).toEqual(['bias'])
})
