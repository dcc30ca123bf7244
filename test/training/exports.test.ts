import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expandNode, gradient } from '../../src/autodiff/index.ts'
import { present } from '../../src/base/index.ts'
import {
  encodeModel,
  GraphBuilder,
  graftGraph,
  type Node,
  readModel,
  type Tensor,
  type Value,
} from '../../src/onnx/index.ts'
import { openSession } from '../../src/runtime/index.ts'

const folder = join(import.meta.dirname, '../fixtures/exports')
/** Exported model → its output, and the number of its weights whose gradients PyTorch has recorded. */
const models: Record<string, { output: string; weightCount: number }> = {
  'bert-opset-11': { output: 'last_hidden_state', weightCount: 37 },
  'bert-opset-17': { output: 'last_hidden_state', weightCount: 37 },
  'bert-sdpa-opset-14': { output: 'last_hidden_state', weightCount: 37 },
  'bert-dynamo-opset-18': { output: 'last_hidden_state', weightCount: 37 },
  'bert-dynamo-opset-20': { output: 'last_hidden_state', weightCount: 37 },
  'decoder-fused-opset-17': { output: 'logits', weightCount: 11 },
  'decoder-opset-17': { output: 'logits', weightCount: 11 },
  'distilbert-opset-14': { output: 'last_hidden_state', weightCount: 36 },
  'gru-opset-17': { output: 'logits', weightCount: 9 },
  'lstm-opset-17': { output: 'logits', weightCount: 9 },
  'rnn-opset-17': { output: 'logits', weightCount: 9 },
  'roberta-opset-14': { output: 'last_hidden_state', weightCount: 37 },
}

type Recorded = { inputs: Record<string, number[][]>; hidden: string; seed: string; gradients: Record<string, string> }

describe('a model exported by PyTorch', () => {
  it.each(Object.keys(models))('%s: result and the gradient of every weight equal PyTorch’s', (name) =>
    compareWithPyTorch(name),
  )

  it.each(['decoder-fused-opset-17', 'gru-opset-17', 'lstm-opset-17', 'rnn-opset-17'])(
    '%s: the same in simpler operators from the start',
    (name) => compareWithPyTorch(name, { isExpanded: true }),
  )
})

async function compareWithPyTorch(name: string, { isExpanded = false } = {}): Promise<void> {
  const { output, weightCount } = present(models[name], name)
  const recorded = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Recorded
  const model = await readModel(join(folder, `${name}.onnx`))
  const feeds: Record<string, Tensor> = {}
  const g = new GraphBuilder()
  const bindings = new Map<string, Value>()
  for (const [input, rows] of Object.entries(recorded.inputs)) {
    const dims = [rows.length, rows[0]?.length ?? 0]
    feeds[input] = { dtype: 'int64', dims, data: BigInt64Array.from(rows.flat(), BigInt) }
    bindings.set(input, g.input(input, 'int64', dims))
  }
  const weights = Object.keys(recorded.gradients)
  for (const weight of weights) {
    const tensor = model.graph.initializers.get(weight) as Tensor
    feeds[weight] = tensor
    bindings.set(weight, g.input(weight, 'float32', tensor.dims))
  }
  const expand = (node: Node, inputs: readonly (Value | null)[]) => expandNode(g, node, inputs)
  const [hidden] = graftGraph(g, model, { bindings, outputs: [output], ...(isExpanded ? { expand } : {}) }) as [Value]
  const seed = g.constant({ dtype: 'float32', dims: hidden.dims, data: decode(recorded.seed) })
  g.output('hidden', hidden)
  gradient(
    g,
    hidden,
    weights.map((weight) => bindings.get(weight) as Value),
    { seed },
  ).forEach((dw, i) => {
    g.output(`d ${weights[i]}`, dw)
  })
  const session = await openSession(encodeModel(g.build()))
  const results = await session.run(feeds)
  await session.release()
  expect(weights.length).toBe(weightCount)
  expect(results.hidden?.data as Float32Array).toBeClose(decode(recorded.hidden), { absolute: 1e-5 })
  for (const weight of weights) {
    const expected = decode(recorded.gradients[weight] as string)
    const scale = Math.max(...expected.map(Math.abs))
    expect(results[`d ${weight}`]?.data as Float32Array, weight).toBeClose(expected, {
      absolute: 1e-4 * Math.max(scale, 1e-2),
    })
  }
}

function decode(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64')
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}
