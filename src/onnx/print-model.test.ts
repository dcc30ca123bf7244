import { describe, expect, it } from 'vitest'
import { float, type Graph, int, ints, type Model, text } from './graph.ts'
import { printModel } from './print-model.ts'
import { int64s, scalar, type Tensor, tensor } from './tensor.ts'

const branch: Graph = {
  name: 'then',
  inputs: [],
  outputs: [{ name: 'inner', dtype: null, dims: null }],
  nodes: [{ name: '', opType: 'Neg', domain: '', inputs: ['x'], outputs: ['inner'], attributes: {} }],
  initializers: new Map(),
  valueInfo: new Map(),
}

const model: Model = {
  irVersion: 8,
  opsets: new Map([
    ['', 17],
    ['com.microsoft', 1],
  ]),
  producerName: 'test',
  producerVersion: '',
  metadata: new Map(),
  functions: [
    {
      name: 'Scale',
      domain: 'my.own',
      inputs: ['a'],
      outputs: ['b'],
      attributes: ['alpha'],
      nodes: [
        {
          name: '',
          opType: 'LeakyRelu',
          domain: '',
          inputs: ['a'],
          outputs: ['b'],
          attributes: { alpha: { type: 'reference', value: 'alpha' } },
        },
      ],
      opsets: new Map([['', 17]]),
    },
  ],
  graph: {
    name: 'main',
    inputs: [
      { name: 'x', dtype: 'float32', dims: ['batch', null, 3] },
      { name: 'ids', dtype: 'int64', dims: null },
    ],
    outputs: [{ name: 'y', dtype: 'float32', dims: ['batch', 4] }],
    initializers: new Map<string, Tensor>([
      ['third', scalar('float32', 1 / 3)],
      ['large', tensor('float32', [3, 4], new Float32Array(12))],
      ['bits', tensor('float16', [2], Uint16Array.of(0x3c00, 0xc000))],
      ['words', { dtype: 'string', dims: [2], data: ['a b', '"'] }],
      ['none', int64s([])],
    ]),
    nodes: [
      {
        name: '/layer/Gelu',
        opType: 'Gelu',
        domain: 'com.microsoft',
        inputs: ['x', '', 'third'],
        outputs: ['t', ''],
        attributes: {
          epsilon: float(Math.fround(1e-12)),
          axes: ints([0, -1]),
          mode: text('line\nbreak'),
          scales: { type: 'floats', value: [Math.fround(0.1), -0, Number.NaN] },
          names: { type: 'strings', value: ['a', 'b'] },
          value: { type: 'tensor', value: int64s([-1]) },
          values: { type: 'tensors', value: [scalar('bool', 1), scalar('float64', 0.1)] },
        },
      },
      {
        name: 'choose',
        opType: 'If',
        domain: '',
        inputs: ['t'],
        outputs: ['y'],
        attributes: {
          count: int(2),
          then_branch: { type: 'graph', value: branch },
          others: { type: 'graphs', value: [branch] },
        },
      },
    ],
    valueInfo: new Map([['t', { name: 't', dtype: 'float32', dims: ['batch', 3] }]]),
  },
}

describe('the printer', () => {
  it('shows opsets, types, constants, attributes, subgraphs and functions', () => {
    expect(printModel(model)).toMatchInlineSnapshot(`
      "IR version 8, opsets ai.onnx 17, com.microsoft 1
      graph main(%x: float32[batch, ?, 3], %ids: int64) -> %y: float32[batch, 4] {
        %third = float32[] (0.33333334)
        %large = float32[3, 4] (sha256 17b0761f87b0)
        %bits = float16[2] (0x3c00, 0xc000)
        %words = string[2] ("a b", "\\"")
        %none = int64[0] ()
        %t: float32[batch, 3], _ = com.microsoft:Gelu(%x, _, %third) {epsilon=1e-12, axes=[0, -1], mode="line\\nbreak", scales=[0.1, -0, NaN], names=["a", "b"], value=int64[1] (-1), values=[bool[] (1), float64[] (0.1)]}  # /layer/Gelu
        %y: float32[batch, 4] = If(%t) {count=2}  # choose
          then_branch:
          graph then() -> %inner {
            %inner = Neg(%x)
          }
          others:
          graph then() -> %inner {
            %inner = Neg(%x)
          }
      }
      function my.own:Scale(%a, @alpha) -> %b {
        %b = LeakyRelu(%a) {alpha=@alpha}
      }
      "
    `)
  })

  it('tells larger constants apart', () => {
    const { graph } = model
    const filled = tensor('float32', [3, 4], new Float32Array(12).fill(1))
    const changed = { ...model, graph: { ...graph, initializers: new Map(graph.initializers).set('large', filled) } }
    const lines = printModel(changed).split('\n')
    const others = printModel(model).split('\n')
    expect(lines.filter((line, i) => line !== others[i])).toHaveLength(1)
  })
})
