import { describe, expect, it } from 'vitest'
import { InvalidInputError } from '../base/index.ts'
import { checkModel, findProblems } from './check-model.ts'
import type { FunctionDefinition, Graph, Model, Node } from './graph.ts'
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
  opsets: new Map([
    ['', opset],
    ['com.microsoft', 1],
    ['my.own', 1],
  ]),
  producerName: '',
  producerVersion: '',
  metadata: new Map(),
  functions: [],
  graph: graph(more),
})
const own: FunctionDefinition = {
  name: 'Own',
  domain: 'my.own',
  inputs: ['a'],
  outputs: ['b'],
  attributes: [],
  nodes: [node('Neg', ['a'], ['b'])],
  opsets: new Map([['', 17]]),
}

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
      'node y (Ngate) names an unknown operator: the standard has no Ngate',
    ],
    [
      'an operator of a later opset',
      { nodes: [node('Gelu', ['x'], ['y'])] },
      'node y (Gelu) needs opset 20, the model declares 17',
    ],
    [
      'an operator that went',
      { nodes: [node('Upsample', ['x', 'x'], ['y'])] },
      'node y (Upsample) was last in opset 9, the model declares 17',
    ],
    [
      'an unknown domain',
      { nodes: [node('Neg', ['x'], ['y'], { domain: 'my.own' })] },
      'node y (Neg) belongs to domain my.own, which only functions of the model may extend',
    ],
    [
      'an unknown operator of com.microsoft',
      { nodes: [node('Nope', ['x'], ['y'], { domain: 'com.microsoft' })] },
      'node y (Nope) names an operator of com.microsoft that Capstan does not know',
    ],
    [
      'a tensor of the wrong size',
      { initializers: new Map([['w', { ...zeros('float32', [2]), dims: [3] }]]) },
      'tensor w has 2 elements for float32[3]',
    ],
    ['an input twice', { inputs: [...graph().inputs, ...graph().inputs] }, 'graph g has two inputs x'],
    [
      'an operator named like a property that all objects have',
      { nodes: [node('constructor', ['x'], ['y'])] },
      'node y (constructor) names an unknown operator: the standard has no constructor',
    ],
    [
      'a domain without opset',
      { nodes: [node('Gelu', ['x'], ['y'], { domain: 'ai.other' })] },
      [
        'node y (Gelu) belongs to domain ai.other, of which the model declares no opset',
        'node y (Gelu) belongs to domain ai.other, which only functions of the model may extend',
      ],
    ],
    ['a node without operator', { nodes: [node('', ['x'], ['y'])] }, 'node y () names no operator'],
    [
      'a node that does nothing',
      { nodes: [...graph().nodes, node('Neg', [''], [''], { name: 'idle' })] },
      'node idle (Neg) neither reads nor defines a value',
    ],
    [
      'an input without name',
      { inputs: [...graph().inputs, { name: '', dtype: null, dims: null }] },
      'an input of graph g has no name',
    ],
    [
      'an output without name',
      { outputs: [{ name: '', dtype: null, dims: null }] },
      'an output of graph g has no name',
    ],
    [
      'an initializer without name',
      { initializers: new Map([['', zeros('float32', [1])]]) },
      'an initializer of graph g has no name',
    ],
    [
      'a node that defines an initializer again',
      { initializers: new Map([['y', zeros('float32', [2])]]) },
      'node y (Neg) defines y, which is defined already',
    ],
    [
      'a tensor of negative size',
      { initializers: new Map([['w', { ...zeros('float32', [1]), dims: [-1, -1] }]]) },
      'tensor w has dimensions [-1, -1]',
    ],
    [
      'attributes of the wrong size',
      {
        nodes: [
          node('Neg', ['x'], ['y'], {
            attributes: {
              one: { type: 'tensor', value: { ...zeros('int4', [3]), dims: [5] } },
              more: { type: 'tensors', value: [zeros('int4', [5]), { ...zeros('bool', [3]), dims: [5] }] },
            },
          }),
        ],
      },
      [
        'attribute one of node y (Neg) has 2 elements for int4[5]',
        'attribute more of node y (Neg) has 3 elements for bool[5]',
      ],
    ],
  ] as [string, Partial<Graph>, string | string[]][])('finds %s', (_, change, problems) => {
    expect(findProblems(model(change))).toEqual([problems].flat())
  })

  it.each<[string, Partial<Model>, string]>([
    ['no IR version', { irVersion: 0 }, 'the model declares no IR version'],
    ['no standard opset', { opsets: new Map([['com.microsoft', 1]]) }, 'the model declares no standard opset'],
    ['an opset to come', { opsets: new Map([['', 99]]) }, 'the model declares opset 99; 7 to 24 are known'],
    ['an opset of the past', { opsets: new Map([['', 6]]) }, 'the model declares opset 6; 7 to 24 are known'],
    ['a function twice', { functions: [own, own] }, 'function my.own:Own is defined twice'],
  ])('finds %s', (_, change, problem) => {
    expect(findProblems({ ...model(), ...change })).toEqual([problem])
  })

  it('takes initializers that are inputs too, as their default', () => {
    const x = zeros('float32', [2])
    expect(findProblems(model({ initializers: new Map([['x', x]]) }))).toEqual([])
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

  it('lets a subgraph have values of its own names, but define none of those around it again', () => {
    const branch = (output: string) => {
      const value = graph({ name: 'then', inputs: [], outputs: [], nodes: [node('Neg', ['x'], [output])] })
      return node('If', ['x'], ['y'], { attributes: { branches: { type: 'graphs', value: [value, value] } } })
    }
    expect(findProblems(model({ nodes: [branch('t')] }))).toEqual([])
    const problem = 'node x (Neg) defines x, which is defined already'
    expect(findProblems(model({ nodes: [branch('x')] }))).toEqual([problem, problem])
  })

  it('knows the functions that the model brings, and checks inside', () => {
    const opsets = new Map([
      ['', 17],
      ['my.own', 1],
    ])
    const calling = { ...model({ nodes: [node('Own', ['x'], ['y'], { domain: 'my.own' })] }), opsets }
    expect(findProblems({ ...calling, functions: [own] })).toEqual([])
    const broken = { ...own, nodes: [node('Gelu', ['a'], ['t'])] }
    expect(findProblems({ ...calling, functions: [broken] })).toEqual([
      'node t (Gelu) needs opset 20, the model declares 17',
      'output b of graph my.own:Own is never defined',
    ])
  })

  it('reports all problems in one error, and shows the first twenty', () => {
    const nodes = Array.from({ length: 30 }, (_, i) => node('Neg', ['lost'], [`t${i}`]))
    const check = () => checkModel(model({ nodes: [...nodes, ...graph().nodes] }))
    expect(check).toThrow(InvalidInputError)
    expect(check).toThrow(
      expect.objectContaining({
        code: 'onnx.invalid-graph',
        message: expect.stringMatching(/t0.*t19 .*… and 10 more$/s),
        details: nodes.map(({ name }) => `node ${name} (Neg) reads lost, which nothing before it defines`),
      }),
    )
  })
})
