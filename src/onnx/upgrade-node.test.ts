import { describe, expect, it } from 'vitest'
import { openSession } from '../runtime/index.ts'
import { encodeModel } from './codec.ts'
import { graftGraph } from './graft-graph.ts'
import { type Attribute, float, int, ints, type Model, text } from './graph.ts'
import { GraphBuilder, type Value } from './graph-builder.ts'
import { type Tensor, zeros } from './tensor.ts'
import { upgrades } from './upgrade-node.ts'

type Case = {
  opset: number
  attributes?: Record<string, Attribute>
  dims?: number[]
  outputs?: string[]
}

const opsets = [7, 9, 11, 12]
const at = (list: readonly number[], ...cases: Omit<Case, 'opset'>[]): Case[] =>
  list.flatMap((opset) => cases.map((one) => ({ opset, ...one })))
const parts = ['y', 'rest']

/** Old forms of each operator that has one. */
const cases: Record<string, Case[]> = {
  ...Object.fromEntries(
    ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'Sum', 'SumSquare'].map((kind) => [
      `Reduce${kind}`,
      at(
        kind === 'Sum' ? opsets : [...opsets, 13, 17],
        { attributes: { axes: ints([0, 2]) } },
        { attributes: { axes: ints([1]), keepdims: int(0) } },
        {},
      ),
    ]),
  ),
  Split: [
    ...at(
      opsets,
      { attributes: { axis: int(2), split: ints([1, 3]) }, outputs: parts },
      { attributes: { axis: int(2) }, outputs: parts },
    ),
    ...at([13, 17], { attributes: { axis: int(2) }, outputs: parts }),
  ],
  Squeeze: at(opsets, { dims: [1, 3, 1], attributes: { axes: ints([2]) } }, { dims: [1, 3, 1] }),
  Unsqueeze: at(opsets, { attributes: { axes: ints([0, 2]) } }),
  Slice: at(
    [7, 9],
    { attributes: { starts: ints([0, -3]), ends: ints([1, 2 ** 31]) } },
    { attributes: { starts: ints([1]), ends: ints([3]), axes: ints([2]) } },
  ),
  Clip: at(
    [7, 9],
    { attributes: { min: float(-0.5), max: float(0.5) } },
    { attributes: { max: float(0.25) } },
    { attributes: { min: float(0.25) } },
    {},
  ),
  Pad: at(
    [7, 9],
    { attributes: { pads: ints([0, 1, 2, 1, 0, 0]), value: float(0.5) } },
    { attributes: { pads: ints([0, 1, 0, 0, 0, 1]), mode: text('edge') } },
  ),
  TopK: at(
    [7, 9],
    { attributes: { k: int(2), axis: int(1) }, outputs: parts },
    { attributes: { k: int(3) }, outputs: parts },
  ),
  Dropout: [...at([7, 9, 11], { attributes: { ratio: float(0.3) } }), ...at(opsets, {})],
  Softmax: at(opsets, {}, { attributes: { axis: int(0) } }, { attributes: { axis: int(2) } }),
  LogSoftmax: at(opsets, {}, { attributes: { axis: int(0) } }, { attributes: { axis: int(2) } }),
}

describe('an old form, brought up to date,', () => {
  it('has a case here for each operator that is upgraded', () => {
    expect(Object.keys(cases)).toEqual(expect.arrayContaining([...upgrades.keys()]))
  })

  it.each(Object.keys(cases))('of %s gives what the runtime computes at its own opset', async (opType) => {
    for (const one of cases[opType] as Case[]) await compare(opType, one)
  })
})

async function compare(opType: string, { opset, attributes = {}, dims = [2, 3, 4], outputs = ['y'] }: Case) {
  const x = zeros('float32', dims)
  x.data.forEach((_, i) => {
    x.data[i] = Math.abs(Math.sin(i + 1))
  })
  const original: Model = {
    ...new GraphBuilder().build(),
    opsets: new Map([['', opset]]),
    graph: {
      name: 'one node',
      inputs: [{ name: 'x', dtype: 'float32', dims }],
      outputs: outputs.map((name) => ({ name, dtype: null, dims: null })),
      nodes: [{ name: 'node', opType, domain: '', inputs: ['x'], outputs, attributes }],
      initializers: new Map(),
      valueInfo: new Map(),
    },
  }
  const g = new GraphBuilder()
  const values = graftGraph(g, original, { bindings: new Map([['x', g.input('x', 'float32', dims)]]), outputs })
  outputs.forEach((output, i) => {
    g.output(output, values[i] as Value)
  })
  const expected = await run(original, x)
  const found = await run(g.build(), x)
  for (const output of outputs) {
    const [before, after] = [expected[output], found[output]] as [Tensor, Tensor]
    expect({ ...after, dims: [...after.dims], data: null }).toEqual({ ...before, dims: [...before.dims], data: null })
    expect(after.data as Float32Array).toBeClose(before.data as Float32Array, { absolute: 1e-6, relative: 1e-6 })
  }
}

async function run(model: Model, x: Tensor): Promise<Record<string, Tensor>> {
  const session = await openSession(encodeModel(model), { optimization: 'off' })
  const results = await session.run({ x })
  await session.release()
  return results
}
