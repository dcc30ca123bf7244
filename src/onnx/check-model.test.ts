import { describe, expect, it } from 'vitest'
import { checkModel, findProblems } from './check-model.ts'
import { type Graph, int, type Model, type Node } from './graph.ts'
import { zeros } from './tensor.ts'

const node = (opType: string, inputs: string[], outputs: string[], more: Partial<Node> = {}): Node => ({
  name: outputs[0] ?? '',
  opType,
  domain: '',
  inputs,
  outputs,
  attributes: {},
  ...more,
})
const graph = (more: Partial<Graph> = {}): Graph => ({
  name: 'g',
  inputs: [{ name: 'x', dtype: 'float32', dims: [2] }],
  outputs: [{ name: 'y', dtype: 'float32', dims: [2] }],
  nodes: [node('Neg', ['x'], ['y'])],
  initializers: new Map(),
  valueInfo: new Map(),
  ...more,
})
const model = (more: Partial<Graph> = {}, opset = 17): Model => ({
  irVersion: 8,
  opsets: new Map([['', opset]]),
  producerName: '',
  producerVersion: '',
  metadata: new Map(),
  functions: [],
  graph: graph(more),
})

describe('the checker', () => {
  it('finds nothing wrong with a good model', () => {
    expect(findProblems(model())).toEqual([])
    expect(() => checkModel(model())).not.toThrow()
  })

  it.each([
    [
      'a value read before it is defined',
      { nodes: [node('Neg', ['t'], ['y']), node('Neg', ['x'], ['t'])] },
      'node y (Neg) reads t, which nothing before it defines',
    ],
    [
      'a dangling input',
      { nodes: [node('Add', ['x', 'lost'], ['y'])] },
      'node y (Add) reads lost, which nothing before it defines',
    ],
    [
      'a value defined twice',
      { nodes: [node('Neg', ['x'], ['y']), node('Abs', ['x'], ['y'])] },
      'node y (Abs) defines y, which is defined already',
    ],
    ['an output that is never defined', { nodes: [] }, 'output y of graph g is never defined'],
    [
      'an unknown operator',
      { nodes: [node('Ngate', ['x'], ['y'])] },
      'node y (Ngate): there is no standard operator Ngate',
    ],
    [
      'an operator of a later opset',
      { nodes: [node('Gelu', ['x'], ['y'])] },
      'node y (Gelu): Gelu came with opset 20, the model declares 17',
    ],
    [
      'an operator that went',
      { nodes: [node('Upsample', ['x', 'x'], ['y'])] },
      'node y (Upsample): Upsample went with opset 10, the model declares 17',
    ],
    [
      'an unknown domain',
      { nodes: [node('Neg', ['x'], ['y'], { domain: 'my.own' })] },
      'node y (Neg): domain my.own is unknown',
    ],
    [
      'an unknown operator of com.microsoft',
      { nodes: [node('Nope', ['x'], ['y'], { domain: 'com.microsoft' })] },
      'node y (Nope): com.microsoft has no operator Nope that Capstan knows',
    ],
    [
      'a tensor of the wrong size',
      { initializers: new Map([['w', { ...zeros('float32', [2]), dims: [3] }]]) },
      'tensor w has 2 elements for float32[3]',
    ],
    [
      'an input twice',
      { inputs: [...graph().inputs, ...graph().inputs] },
      'an input defines x, which is defined already',
    ],
  ])('finds %s', (_, change, problem) => {
    expect(findProblems(model(change))).toEqual([problem])
  })

  it('lets a subgraph read what lies around it, and checks inside', () => {
    const inner = (input: string) =>
      graph({
        name: 'then',
        inputs: [],
        outputs: [{ name: 'out', dtype: null, dims: null }],
        nodes: [node('Neg', [input], ['out'])],
      })
    const branch = (input: string) =>
      node('If', ['x'], ['y'], { attributes: { then_branch: { type: 'graph', value: inner(input) } } })
    expect(findProblems(model({ nodes: [branch('x')] }))).toEqual([])
    expect(findProblems(model({ nodes: [branch('lost')] }))).toEqual([
      'node out (Neg) reads lost, which nothing before it defines',
    ])
  })

  it('knows the functions that the model brings', () => {
    const definition = {
      name: 'Own',
      domain: 'my.own',
      inputs: ['a'],
      outputs: ['b'],
      attributes: [],
      nodes: [node('Neg', ['a'], ['b'])],
      opsets: new Map([['', 17]]),
    }
    const calling = {
      ...model({ nodes: [node('Own', ['x'], ['y'], { domain: 'my.own', attributes: { k: int(1) } })] }),
      functions: [definition],
    }
    expect(findProblems(calling)).toEqual([])
  })

  it('reports all problems in one error', () => {
    expect(() => checkModel(model({ nodes: [node('Ngate', ['lost'], ['t'])] }))).toThrow(
      expect.objectContaining({
        code: 'onnx.invalid-graph',
        details: expect.arrayContaining([expect.any(String), expect.any(String), expect.any(String)]),
      }),
    )
  })
})
