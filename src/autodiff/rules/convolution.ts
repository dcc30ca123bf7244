/**
 * Convolutions over [batch, channels, …spatial] with weights [outputs, inputs / group, …kernel], in any number of axes.
 * y[o] = Σₖ w[k]·x[stride·o + dilation·k − before]: the gradient of x is the transposed convolution of dy with w; that of w
 * the convolution of x with dy, in which stride and dilation change places (Dumoulin & Visin 2016,
 * https://arxiv.org/abs/1603.07285).
 */
import { present } from '../../base/index.ts'
import {
  type GraphBuilder,
  int,
  ints,
  reachOf,
  slidingWindows,
  transposedWindows,
  type Value,
  type Window,
} from '../../onnx/index.ts'
import type { GradientRule, RuleTable } from '../rule.ts'

const convolution: GradientRule = (g, dys, op) => {
  const [dy, x, w] = [present(dys[0], 'dy'), op.input(0), op.input(1)]
  const windows = slidingWindows(op.node, x.dims.slice(2), w.dims.slice(2))
  const group = op.int('group', 1)
  const bias = op.has(2) ? [sumChannels(g, dy)] : []
  return [convolveTransposed(g, dy, w, windows, group), correlate(g, x, dy, windows, group), ...bias]
}

const transposedConvolution: GradientRule = (g, dys, op) => {
  const [dy, x, w] = [present(dys[0], 'dy'), op.input(0), op.input(1)]
  const windows = transposedWindows(op.node, x.dims.slice(2), w.dims.slice(2))
  const group = op.int('group', 1)
  const bias = op.has(2) ? [sumChannels(g, dy)] : []
  return [convolve(g, dy, w, windows, group), correlate(g, dy, x, windows, group), ...bias]
}

/** The gradient of what a convolution sees: [batch, outputs, …counts] → [batch, inputs, …sizes]. */
export function convolveTransposed(
  g: GraphBuilder,
  dy: Value,
  w: Value,
  windows: readonly Window[],
  group: number,
): Value {
  // What the last window reaches beyond the axis is cut off; what no window reaches is filled up with zeros.
  const excess = windows.map((window) => {
    return window.stride * (window.count - 1) + reachOf(window) - window.before - window.size
  })
  return g.op('ConvTranspose', [dy, w], {
    strides: ints(windows.map(({ stride }) => stride)),
    dilations: ints(windows.map(({ dilation }) => dilation)),
    pads: ints([...windows.map(({ before }) => before), ...excess.map((cut) => Math.max(0, cut))]),
    output_padding: ints(excess.map((cut) => Math.max(0, -cut))),
    group: int(group),
  })
}

/** The gradient of what a transposed convolution sees: [batch, outputs, …sizes] → [batch, inputs, …counts]. */
function convolve(g: GraphBuilder, dy: Value, w: Value, windows: readonly Window[], group: number): Value {
  const y = g.op('Conv', [dy, w], {
    strides: ints(windows.map(({ stride }) => stride)),
    dilations: ints(windows.map(({ dilation }) => dilation)),
    pads: ints([...windows.map(({ before }) => before), ...windows.map(({ after }) => after)]),
    group: int(group),
  })
  return cut(
    g,
    y,
    windows.map(({ count }) => count),
  )
}

/**
 * The gradient of the weights [outputs, inputs / group, …kernel] from the wide side `x` [batch, inputs, …sizes] and the
 * narrow side `dy` [batch, outputs, …counts]: a convolution over the batch, one group of channels at a time.
 */
function correlate(g: GraphBuilder, x: Value, dy: Value, windows: readonly Window[], group: number): Value {
  const [batch, inputs, ...sizes] = x.dims as [number, number, ...number[]]
  const spatial = sizes.map((_, i) => i)
  const grouped = g.reshape(x, [batch, group, inputs / group, ...sizes])
  const turned = g.transpose(grouped, [2, 1, 0, ...spatial.map((i) => i + 3)])
  const wide = g.reshape(turned, [inputs / group, group * batch, ...sizes])
  const narrow = g.transpose(dy, [1, 0, ...spatial.map((i) => i + 2)])
  const products = g.op('Conv', [wide, narrow], {
    strides: ints(windows.map(({ dilation }) => dilation)),
    dilations: ints(windows.map(({ stride }) => stride)),
    pads: ints([...windows.map(({ before }) => before), ...windows.map(({ after }) => after)]),
    group: int(group),
  })
  // Behind the last window there may be more than it needs.
  const kernel = cut(
    g,
    products,
    windows.map((window) => window.kernel),
  )
  return g.transpose(kernel, [1, 0, ...spatial.map((i) => i + 2)])
}

/** The first `sizes` of the spatial axes. */
function cut(g: GraphBuilder, x: Value, sizes: readonly number[]): Value {
  return sizes.reduce((value, size, i) => g.slice(value, i + 2, 0, size), x)
}

function sumChannels(g: GraphBuilder, dy: Value): Value {
  const axes = dy.dims.map((_, i) => i).filter((axis) => axis !== 1)
  return g.reduceSum(dy, axes, false)
}

export const convolutions = { Conv: convolution, ConvTranspose: transposedConvolution } satisfies RuleTable
