/**
 * A head on an encoder, as nodes appended to its graph. The head is written with operators whose shapes
 * follow their inputs, so that one definition serves training (fixed shapes) and the saved model (any shape).
 */
import { assert, createRandom, drawNormal } from '../base/index.ts'
import {
  float,
  GraphBuilder,
  int,
  int64s,
  type Model,
  sizeOf,
  type Tensor,
  tensor,
  type Value,
  type ValueInfo,
  zeros,
} from '../onnx/index.ts'
import type { Encoder } from './open-encoder.ts'

export type Pooling = 'mean' | 'cls'
/** cosine: the angle between the L2-normalised embedding and each class's row, times a scale. linear: a plain layer. */
export type HeadKind = 'cosine' | 'linear'

/**
 * What stands on the encoder. Of a text's pooled vector: the two kinds of heads with `width` logits; for ordinal one
 * direction, with `width` thresholds on it; or the vector itself, L2-normalised. For tokens: `width` logits of each token.
 */
export type HeadForm = HeadKind | 'ordinal' | 'embedding' | 'tokens'

export type HeadOptions = { form: HeadForm; width: number; pooling: Pooling; seed: number }

export const headWeightName = 'classifier.weight'
export const headBiasName = 'classifier.bias'
export const embeddingName = 'sentence_embedding'

/** Scale of cosines as logits. */
export const cosineScale = 20

/** The encoder with one output, `logits` or for the form embedding `sentence_embedding`, a value inside otherwise. */
export function attachHead({ model: encoder, hiddenName, hiddenSize }: Encoder, options: HeadOptions): Model {
  const g = new GraphBuilder()
  // The sizes 2 and 3 stand for any batch and length; no node below depends on them.
  const hidden = g.input(hiddenName, 'float32', [2, 3, hiddenSize])
  const mask = g.input('attention_mask', 'int64', [2, 3])
  const parts = { g, hidden, mask, hiddenSize, ...options }
  if (options.form === 'tokens') g.output('logits', tokenLogits(parts))
  else {
    const pooled = pool(parts)
    const embedding = options.form === 'cosine' || options.form === 'embedding' ? normalize(g, pooled) : pooled
    g.output(embeddingName, embedding)
    if (options.form !== 'embedding') g.output('logits', textLogits(parts, embedding))
  }
  const head = g.build().graph
  for (const node of head.nodes)
    for (const name of node.outputs) assert(!definesValue(encoder, name), `the encoder defines ${name} already`)
  return {
    ...encoder,
    producerName: 'capstan',
    graph: {
      ...encoder.graph,
      outputs: [outputOf(options, hiddenSize)],
      nodes: [...encoder.graph.nodes, ...head.nodes],
      initializers: new Map([...encoder.graph.initializers, ...head.initializers]),
    },
  }
}

type HeadParts = HeadOptions & { g: GraphBuilder; hidden: Value; mask: Value; hiddenSize: number }

function outputOf({ form, width }: HeadOptions, hiddenSize: number): ValueInfo {
  if (form === 'embedding') return { name: embeddingName, dtype: 'float32', dims: ['batch_size', hiddenSize] }
  const rows = form === 'tokens' ? ['batch_size', 'sequence_length'] : ['batch_size']
  return { name: 'logits', dtype: 'float32', dims: [...rows, width] }
}

function textLogits({ g, form, width, hiddenSize, seed }: HeadParts, embedding: Value): Value {
  const bias = g.constant(zeros('float32', [width]), headBiasName)
  if (form === 'ordinal') {
    const direction = g.constant(initialWeight([1, hiddenSize], seed), headWeightName)
    return g.add(g.gemm(embedding, direction, null, { transB: true }), bias)
  }
  const weight = g.constant(initialWeight([width, hiddenSize], seed), headWeightName)
  const attributes = { transB: int(1), ...(form === 'cosine' ? { alpha: float(cosineScale) } : {}) }
  return g.op('Gemm', [embedding, weight, bias], attributes)
}

function tokenLogits({ g, hidden, width, hiddenSize, seed }: HeadParts): Value {
  const weight = g.constant(initialWeight([hiddenSize, width], seed), headWeightName)
  return g.add(g.matMul(hidden, weight), g.constant(zeros('float32', [width]), headBiasName))
}

/** Masked mean (or the first token) over the sequence: [batch, sequence, hidden] → [batch, hidden]. */
function pool({ g, hidden, mask, pooling, hiddenSize }: HeadParts): Value {
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

/** Normal with deviation 0.02, as BERT starts its layers (Devlin et al. 2018). */
function initialWeight(dims: readonly number[], seed: number): Tensor {
  const random = createRandom(seed, 'head')
  return tensor(
    'float32',
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => 0.02 * drawNormal(random)),
  )
}

function definesValue(model: Model, name: string): boolean {
  return model.graph.initializers.has(name) || model.graph.nodes.some((node) => node.outputs.includes(name))
}
