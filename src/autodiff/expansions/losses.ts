/** The standard's losses over classes, which are axis 1. Source: https://onnx.ai/onnx/operators/. */
import type { GraphBuilder, Value } from '../../onnx/index.ts'
import { int } from '../../onnx/index.ts'
import type { Operation, RuleTable } from '../rule.ts'

/** −weight · log probability of the label, reduced; labels equal to `ignore_index` count nowhere. */
function negativeLogLikelihood(g: GraphBuilder, op: Operation, logProbabilities: Value): Value {
  const given = op.input(1)
  const isIgnored = op.attributes.ignore_index ? g.equal(given, op.int('ignore_index', 0)) : null
  const labels = isIgnored ? g.where(isIgnored, g.fill(given, 0), given) : given
  const found = g.op('GatherElements', [logProbabilities, g.unsqueeze(labels, [1])], { axis: int(1) })
  const losses = g.neg(g.reshape(found, labels.dims))
  const ones = g.fill({ dtype: losses.dtype, dims: labels.dims }, 1)
  const classWeights = op.has(2) ? g.gather(op.input(2), labels) : ones
  const weights = isIgnored ? g.where(isIgnored, g.fill(ones, 0), classWeights) : classWeights
  const weighted = g.mul(losses, weights)
  const reduction = op.text('reduction', 'mean')
  if (reduction === 'none') return weighted
  const sum = g.reduceSum(weighted, undefined, false)
  return reduction === 'sum' ? sum : g.div(sum, g.reduceSum(weights, undefined, false))
}

export const losses = {
  NegativeLogLikelihoodLoss: { expand: (g, op) => [negativeLogLikelihood(g, op, op.input(0))] },
  SoftmaxCrossEntropyLoss: {
    expand: (g, op) => {
      const logProbabilities = g.op('LogSoftmax', [op.input(0)], { axis: int(1) })
      return [negativeLogLikelihood(g, op, logProbabilities), logProbabilities]
    },
  },
} satisfies RuleTable
