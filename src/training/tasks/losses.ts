/** Losses as graphs. Weights that carry the mean over a batch come in with the targets, zero for rows of padding. */
import type { GraphBuilder, Value } from '../../onnx/index.ts'

/** −Σ target · log softmax(logits). */
export function crossEntropy(g: GraphBuilder, logits: Value, targets: Value): Value {
  return g.neg(g.reduceSum(g.mul(targets, g.op('LogSoftmax', [logits])), undefined, false))
}

/** Σ weight · (log(1 + eᶻ) − t·z): of each output on its own, with targets t · weight [rows, outputs] and weights [rows, 1]. */
export function binaryCrossEntropy(g: GraphBuilder, logits: Value, targets: Value, weights: Value): Value {
  const each = g.sub(g.mul(g.op('Softplus', [logits]), weights), g.mul(logits, targets))
  return g.reduceSum(each, undefined, false)
}

/** Σ weight · Huber(value − target): half the square up to 1, the distance less one half beyond (Huber 1964). */
export function huber(g: GraphBuilder, values: Value, targets: Value, weights: Value): Value {
  const error = g.sub(values, targets)
  const distance = g.op('Abs', [error])
  const near = g.mul(g.mul(error, error), 0.5)
  const each = g.where(g.less(distance, 1), near, g.sub(distance, 0.5))
  return g.reduceSum(g.mul(each, weights), undefined, false)
}

/** log(1 + eᶻ) − t·z of one output, as the graph has it. */
export function binaryCrossEntropyOf(logit: number, target: number): number {
  return Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) - target * logit
}
