/** Pools over [batch, channels, …spatial]. */
import { present } from '../../base/index.ts'
import {
  type DataType,
  fromNumbers,
  type GraphBuilder,
  int,
  sizeOf,
  slidingWindows,
  type Tensor,
  type Value,
  type Window,
} from '../../onnx/index.ts'
import { type GradientRule, type Operation, type RuleTable, unary } from '../rule.ts'
import { convolveTransposed } from './convolution.ts'

const windowsOf = (op: Operation) =>
  slidingWindows(op.node, op.input(0).dims.slice(2), present(op.ints('kernel_shape'), 'kernel_shape'))

/** Every gradient goes to the place that its maximum came from, which the operator tells as its second output. */
const maxPool: GradientRule = (g, dys, op) => {
  const [dy, x] = [present(dys[0], 'dy'), op.input(0)]
  const [, places] = g.node('MaxPool', [x], { ...op.attributes, storage_order: int(0) }, { outputCount: 2 })
  const flat = (value: Value) => g.reshape(value, [sizeOf(value.dims)])
  const zeros = g.fill({ dtype: dy.dtype, dims: [sizeOf(x.dims)] }, 0)
  const scattered = g.op('ScatterElements', [zeros, flat(present(places, 'indices')), flat(dy)], {
    reduction: { type: 'string', value: 'add' },
  })
  return [g.reshape(scattered, x.dims)]
}

const averagePool: GradientRule = (g, dys, op) => {
  const dy = present(dys[0], 'dy')
  const windows = windowsOf(op)
  const counts = g.constant(countElements(dy.dtype, windows, op.int('count_include_pad', 0) === 1), 'counts')
  return [spread(g, g.div(dy, counts), windows)]
}

/** Each element of dy to all that its window holds. */
function spread(g: GraphBuilder, dy: Value, windows: readonly Window[]): Value {
  const channels = dy.dims[1] as number
  const ones = g.fill({ dtype: dy.dtype, dims: [channels, 1, ...windows.map(({ kernel }) => kernel)] }, 1)
  return convolveTransposed(g, dy, ones, windows, channels)
}

/** How many elements each window's mean is over, [1, 1, …counts]. */
function countElements(dtype: DataType, windows: readonly Window[], withPadding: boolean): Tensor {
  const along = windows.map((window) => {
    const { size, kernel, stride, dilation, before, after, count } = window
    const [low, high] = withPadding ? [-before, size + after] : [0, size]
    return Array.from({ length: count }, (_, i) => {
      const places = Array.from({ length: kernel }, (_, k) => i * stride - before + k * dilation)
      return places.filter((place) => place >= low && place < high).length
    })
  })
  const counts = along.reduce((all, axis) => all.flatMap((a) => axis.map((b) => a * b)), [1])
  const dims = [1, 1, ...windows.map(({ count }) => count)]
  return present(fromNumbers({ dtype, dims }, counts), 'counts')
}

/** (Σ|x|ᵖ)^(1/p) over each window, by the mean over windows with their padding. */
function expandLpPool(g: GraphBuilder, op: Operation): Value[] {
  const p = op.int('p', 2)
  const { p: _, ...attributes } = op.attributes
  const powers = g.pow(g.op('Abs', [op.input(0)]), p)
  const means = g.op('AveragePool', [powers], { ...attributes, count_include_pad: int(1) })
  const counts = g.constant(countElements(means.dtype, windowsOf(op), true), 'counts')
  return [g.pow(g.mul(means, counts), 1 / p)]
}

const spatialAxes = ({ dims }: Value) => dims.map((_, i) => i).slice(2)

export const pools = {
  AveragePool: averagePool,
  GlobalAveragePool: unary((g, dy, x) => g.mul(g.expand(dy, x.dims), 1 / sizeOf(x.dims.slice(2)))),
  GlobalLpPool: {
    expand: (g, op) => {
      const [x, p] = [op.input(0), op.int('p', 2)]
      return [g.pow(g.reduceSum(g.pow(g.op('Abs', [x]), p), spatialAxes(x)), 1 / p)]
    },
  },
  GlobalMaxPool: { expand: (g, op) => [g.reduceMax(op.input(0), spatialAxes(op.input(0)))] },
  LpPool: { expand: expandLpPool },
  MaxPool: maxPool,
} satisfies RuleTable
