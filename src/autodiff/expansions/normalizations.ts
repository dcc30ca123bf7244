/** Normalisations over channels and space, as means and products. Source: https://onnx.ai/onnx/operators/. */
import { type GraphBuilder, intsOf, positiveAxis, type Value } from '../../onnx/index.ts'
import type { Operation, RuleTable } from '../rule.ts'

const axesFrom = ({ dims }: Value, first: number) => dims.map((_, i) => i).slice(first)

/** A vector over channels as [channels, 1, …], so that it meets axis 1 of `x`. */
function overChannels(g: GraphBuilder, vector: Value, { dims }: Value): Value {
  return g.reshape(vector, [vector.dims[0] as number, ...dims.slice(2).map(() => 1)])
}

/** (x − mean) / √(variance + ε) over the axes. */
function standardize(g: GraphBuilder, x: Value, axes: readonly number[], epsilon: number): Value {
  const centred = g.sub(x, g.reduceMean(x, axes))
  return g.div(centred, g.sqrt(g.add(g.reduceMean(g.mul(centred, centred), axes), epsilon)))
}

function batchNormalization(g: GraphBuilder, op: Operation): Value[] {
  const [x, scale, bias, mean, variance] = [0, 1, 2, 3, 4].map(op.input) as [Value, Value, Value, Value, Value]
  const along = (vector: Value) => overChannels(g, vector, x)
  const normalize = (m: Value, v: Value) => {
    const deviation = g.sqrt(g.add(along(v), op.float('epsilon', 1e-5)))
    return g.add(g.mul(g.div(g.sub(x, along(m)), deviation), along(scale)), along(bias))
  }
  if (op.int('training_mode', 0) === 0) return [normalize(mean, variance)]
  const axes = axesFrom(x, 0).filter((axis) => axis !== 1)
  const batchMean = g.reduceMean(x, axes, false)
  const centred = g.sub(x, along(batchMean))
  const batchVariance = g.reduceMean(g.mul(centred, centred), axes, false)
  const momentum = op.float('momentum', 0.9)
  const follow = (running: Value, batch: Value) => g.add(g.mul(running, momentum), g.mul(batch, 1 - momentum))
  return [normalize(batchMean, batchVariance), follow(mean, batchMean), follow(variance, batchVariance)]
}

function groupNormalization(g: GraphBuilder, op: Operation): Value[] {
  const [x, scale, bias] = [op.input(0), op.input(1), op.input(2)]
  const [batch, channels] = x.dims as [number, number, ...number[]]
  const groups = op.int('num_groups', 1)
  const grouped = g.reshape(x, [batch, groups, channels / groups, ...x.dims.slice(2)])
  const normalized = standardize(g, grouped, axesFrom(grouped, 2), op.float('epsilon', 1e-5))
  // One factor a group until opset 20, one a channel from 21 on.
  if (scale.dims[0] === groups && groups !== channels) {
    const scaled = g.add(g.mul(normalized, overChannels(g, scale, grouped)), overChannels(g, bias, grouped))
    return [g.reshape(scaled, x.dims)]
  }
  const flat = g.reshape(normalized, x.dims)
  return [g.add(g.mul(flat, overChannels(g, scale, x)), overChannels(g, bias, x))]
}

/** y = x / (bias + α/size · Σ x²)^β over `size` neighbouring channels (Krizhevsky et al. 2012). */
function localResponse(g: GraphBuilder, op: Operation): Value[] {
  const x = op.input(0)
  const size = op.int('size', 1)
  const channels = x.dims[1] as number
  const before = Math.floor((size - 1) / 2)
  const squares = g.mul(x, x)
  const zeros = (count: number) => g.fill({ dtype: x.dtype, dims: x.dims.with(1, count) }, 0)
  const padded = g.concat(
    [zeros(before), squares, zeros(size - 1 - before)].filter(({ dims }) => dims[1] !== 0),
    1,
  )
  const shifted = Array.from({ length: size }, (_, i) => g.slice(padded, 1, i, i + channels))
  const sum = shifted.reduce((total, part) => g.add(total, part))
  const base = g.add(g.mul(sum, op.float('alpha', 1e-4) / size), op.float('bias', 1))
  return [g.div(x, g.pow(base, op.float('beta', 0.75)))]
}

export const normalizations = {
  BatchNormalization: { expand: batchNormalization },
  GroupNormalization: { expand: groupNormalization },
  InstanceNormalization: {
    expand: (g, op) => {
      const x = op.input(0)
      const normalized = standardize(g, x, axesFrom(x, 2), op.float('epsilon', 1e-5))
      return [g.add(g.mul(normalized, overChannels(g, op.input(1), x)), overChannels(g, op.input(2), x))]
    },
  },
  LRN: { expand: localResponse },
  LpNormalization: {
    expand: (g, op) => {
      const x = op.input(0)
      const axis = [positiveAxis(op.int('axis', -1), x.dims.length)]
      const norm = op.int('p', 2) === 1 ? g.reduceSum(g.op('Abs', [x]), axis) : g.sqrt(g.reduceSumSquare(x, axis))
      return [g.div(x, norm)]
    },
  },
  MeanVarianceNormalization: {
    expand: (g, op) => [standardize(g, op.input(0), intsOf(op.node, 'axes') ?? [0, 2, 3], 1e-9)],
  },
} satisfies RuleTable
