/**
 * A classification head on an encoder, as nodes appended to its graph. The head is written with operators whose shapes
 * follow their inputs, so that one definition serves training (fixed shapes) and the saved model (any shape).
 */
import { assert, createRandom } from '../base/index.ts'
import {
  float,
  GraphBuilder,
  int,
  int64s,
  type Model,
  type Tensor,
  tensor,
  type Value,
  type ValueInfo,
  zeros,
} from '../onnx/index.ts'

export type Pooling = 'mean' | 'cls'
/** cosine: the angle between the L2-normalised embedding and each class's row, times a scale. linear: a plain layer. */
export type HeadKind = 'cosine' | 'linear'

export type HeadOptions = {
  pooling: Pooling
  kind: HeadKind
  labelCount: number
  hiddenSize: number
  scale: number
  seed: number
}

export const headWeightName = 'classifier.weight'
export const headBiasName = 'classifier.bias'
export const embeddingName = 'sentence_embedding'

/** The encoder with outputs `logits` [batch, labels] and nothing else; `sentence_embedding` [batch, hidden] is a value inside. */
export function attachHead(encoder: Model, hiddenName: string, options: HeadOptions): Model {
  const g = new GraphBuilder()
  // The sizes 2 and 3 stand for any batch and length; no node below depends on them.
  const hidden = g.input(hiddenName, 'float32', [2, 3, options.hiddenSize])
  const mask = g.input('attention_mask', 'int64', [2, 3])
  const embedding =
    options.kind === 'cosine' ? normalize(g, pool(g, hidden, mask, options)) : pool(g, hidden, mask, options)
  const weight = g.constant(initialWeight(options), headWeightName)
  const bias = g.constant(zeros('float32', [options.labelCount]), headBiasName)
  const attributes = { transB: int(1), ...(options.kind === 'cosine' ? { alpha: float(options.scale) } : {}) }
  g.output(embeddingName, embedding)
  g.output('logits', g.op('Gemm', [embedding, weight, bias], attributes))
  const head = g.build().graph
  const logits: ValueInfo = { name: 'logits', dtype: 'float32', dims: ['batch_size', options.labelCount] }
  for (const node of head.nodes)
    for (const name of node.outputs) assert(!definesValue(encoder, name), `the encoder defines ${name} already`)
  return {
    ...encoder,
    producerName: 'capstan',
    graph: {
      ...encoder.graph,
      outputs: [logits],
      nodes: [...encoder.graph.nodes, ...head.nodes],
      initializers: new Map([...encoder.graph.initializers, ...head.initializers]),
    },
  }
}

/** Masked mean (or the first token) over the sequence: [batch, sequence, hidden] → [batch, hidden]. */
function pool(g: GraphBuilder, hidden: Value, mask: Value, { pooling, hiddenSize }: HeadOptions): Value {
  if (pooling === 'cls') {
    return g.op(
      'Gather',
      [hidden, g.constant({ dtype: 'int64', dims: [], data: new BigInt64Array(1) }, 'head.first')],
      { axis: int(1) },
    )
  }
  const kept = g.cast(mask, 'float32')
  const row = g.op('Reshape', [kept, g.constant(int64s([0, 1, -1]), 'head.row')])
  const column = g.op('Reshape', [kept, g.constant(int64s([0, -1, 1]), 'head.column')])
  // The mask is 0 or 1, so its product with itself counts the tokens.
  const mean = g.div(g.matMul(row, hidden), g.matMul(row, column))
  return g.op('Reshape', [mean, g.constant(int64s([-1, hiddenSize]), 'head.matrix')])
}

function normalize(g: GraphBuilder, x: Value): Value {
  const ones = g.constant(
    tensor('float32', [x.dims[1] as number, 1], new Float32Array(x.dims[1] as number).fill(1)),
    'head.ones',
  )
  return g.div(x, g.sqrt(g.add(g.matMul(g.mul(x, x), ones), 1e-12)))
}

/** Normal with deviation 0.02, as BERT starts its layers (Devlin et al. 2018); Box-Muller. */
function initialWeight({ labelCount, hiddenSize, seed }: HeadOptions): Tensor {
  const random = createRandom(seed, 'head')
  const data = Float32Array.from({ length: labelCount * hiddenSize }, () => {
    return 0.02 * Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float())
  })
  return tensor('float32', [labelCount, hiddenSize], data)
}

function definesValue(model: Model, name: string): boolean {
  return model.graph.initializers.has(name) || model.graph.nodes.some((node) => node.outputs.includes(name))
}
