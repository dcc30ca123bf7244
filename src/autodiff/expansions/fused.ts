/**
 * Activations and normalizations of com.microsoft that add something first, written as the sum and the operator itself.
 * Source: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md.
 */
import { float, type GraphBuilder, int64s, text, type Value } from '../../onnx/index.ts'
import type { Operation, RuleTable } from '../rule.ts'

const sumWithBias = (g: GraphBuilder, op: Operation) => (op.has(1) ? g.add(op.input(0), op.input(1)) : op.input(0))

/** Without a skip's sum: the normalization of `sum` with its γ and β, and its mean and inverse deviation. */
function normalize(g: GraphBuilder, op: Operation, sum: Value, gamma: number, beta: number): readonly Value[] {
  const inputs = [sum, op.input(gamma), ...(op.has(beta) ? [op.input(beta)] : [])]
  return g.node('LayerNormalization', inputs, { epsilon: float(op.float('epsilon', 1e-12)) }, { outputCount: 3 })
}

function addSkip(g: GraphBuilder, op: Operation, bias: number): Value {
  const sum = g.add(op.input(0), op.input(1))
  return op.has(bias) ? g.add(sum, op.input(bias)) : sum
}

function embedLayerNormalization(g: GraphBuilder, op: Operation): Value[] {
  const [ids, words, positionTable] = [op.input(0), op.input(2), op.input(3)]
  const [batch, length] = ids.dims as [number, number]
  const positions = op.has(8) ? op.input(8) : g.constant({ ...int64s([...Array(length).keys()]), dims: [1, length] })
  const placed = g.add(g.gather(words, ids), g.gather(positionTable, positions))
  const sum = op.has(4) ? g.add(placed, g.gather(op.input(4), op.input(1))) : placed
  const lengths = op.has(7)
    ? g.reduceSum(g.cast(g.greater(op.input(7), 0), 'int32'), [1], false)
    : g.fill({ dtype: 'int32', dims: [batch] }, 0)
  const [normalized] = normalize(g, op, sum, 5, 6)
  return [normalized as Value, lengths, sum]
}

export const fused = {
  'com.microsoft:BiasGelu': { expand: (g, op) => [g.op('Gelu', [sumWithBias(g, op)])] },
  'com.microsoft:EmbedLayerNormalization': { expand: embedLayerNormalization },
  'com.microsoft:FastGelu': {
    expand: (g, op) => [g.op('Gelu', [sumWithBias(g, op)], { approximate: text('tanh') })],
  },
  'com.microsoft:Gelu': { expand: (g, op) => [g.op('Gelu', [op.input(0)])] },
  'com.microsoft:QuickGelu': {
    expand: (g, op) => {
      const x = op.input(0)
      return [g.mul(x, g.op('Sigmoid', [g.mul(x, op.float('alpha', 1.702))]))]
    },
  },
  'com.microsoft:SkipLayerNormalization': {
    expand: (g, op) => {
      const sum = addSkip(g, op, 4)
      return [...normalize(g, op, sum, 2, 3), sum]
    },
  },
  'com.microsoft:SkipSimplifiedLayerNormalization': {
    expand: (g, op) => {
      const sum = addSkip(g, op, 3)
      const attributes = { epsilon: float(op.float('epsilon', 1e-12)) }
      const [y, inverse] = g.node('SimplifiedLayerNormalization', [sum, op.input(2)], attributes, { outputCount: 2 })
      return [y as Value, g.fill(inverse as Value, 0), inverse as Value, sum]
    },
  },
} satisfies RuleTable
