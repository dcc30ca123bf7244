/** Operators that move or mix elements by fixed places. Source: https://onnx.ai/onnx/operators/. */
import { present } from '../../base/index.ts'
import {
  fromNumbers,
  type GraphBuilder,
  int64s,
  padWidths,
  type ResizedAxis,
  resizedAxes,
  type Value,
} from '../../onnx/index.ts'
import { type Operation, type RuleTable, refuseForm } from '../rule.ts'

const modulo = (i: number, period: number) => ((i % period) + period) % period

/** The element that stands at place i of an axis that was padded with its own. */
const sources: Readonly<Record<string, (i: number, size: number) => number>> = {
  edge: (i, size) => Math.min(Math.max(i, 0), size - 1),
  reflect: (i, size) => {
    const period = Math.max(1, 2 * (size - 1))
    const place = modulo(i, period)
    return place < size ? place : period - place
  },
  wrap: modulo,
}

/** Padding with elements of the input itself: each axis picks its elements by number. */
function expandPad(g: GraphBuilder, op: Operation): Value[] {
  const mode = op.text('mode', 'constant')
  const source = sources[mode]
  if (mode === 'constant') return [padWithConstant(g, op)]
  if (!source) return refuseForm(op, `of mode ${mode}`, 'Modes constant, edge, reflect and wrap are covered.')
  return [
    padWidths(op).reduce((x, { before, after }, axis) => {
      const size = x.dims[axis] as number
      if (before === 0 && after === 0) return x
      const places = Array.from({ length: before + size + after }, (_, i) => source(i - before, size))
      return g.gather(x, g.constant(int64s(places)), axis)
    }, op.input(0)),
  ]
}

/** The constant joined on, negative widths cut off. */
function padWithConstant(g: GraphBuilder, op: Operation): Value {
  const { dtype } = op.input(0)
  const fill = (dims: readonly number[]) => (op.has(2) ? g.expand(op.input(2), dims) : g.fill({ dtype, dims }, 0))
  return padWidths(op).reduce((x, { before, after }, axis) => {
    const size = x.dims[axis] as number
    const kept = g.slice(x, axis, Math.max(0, -before), size + Math.min(0, after))
    const padding = (width: number) => (width > 0 ? [fill(x.dims.with(axis, width))] : [])
    return g.concat([...padding(before), kept, ...padding(after)], axis)
  }, op.input(0))
}

/** Along each axis either a choice of elements or a product with the matrix of their weights. */
function expandResize(g: GraphBuilder, op: Operation): Value[] {
  return [resizedAxes(op).reduce((x, axis) => resizeAxis(g, x, axis), op.input(0))]
}

function resizeAxis(g: GraphBuilder, x: Value, { axis, elements }: ResizedAxis): Value {
  if (elements.every((parts) => parts.length === 1)) {
    const places = elements.map(([part]) => part?.[0] ?? 0)
    return g.gather(x, g.constant(int64s(places)), axis)
  }
  const [from, to] = [x.dims[axis] as number, elements.length]
  const weights = Array<number>(from * to).fill(0)
  elements.forEach((parts, column) => {
    for (const [row, weight] of parts) weights[row * to + column] = weight
  })
  const order = x.dims.map((_, i) => i)
  const swapped = order.with(axis, order.length - 1).with(order.length - 1, axis)
  const matrix = g.constant(
    present(fromNumbers({ dtype: x.dtype, dims: [from, to] }, weights), 'numbers'),
    'interpolation',
  )
  return g.transpose(g.matMul(g.transpose(x, swapped), matrix), swapped)
}

/** [n, c, h, w] with c = block² · depth to [n, depth, h·block, w·block]; DCR: the block stands before the depth. */
function depthToSpace(g: GraphBuilder, op: Operation): Value[] {
  const x = op.input(0)
  const [n, c, h, w] = x.dims as [number, number, number, number]
  const block = op.int('blocksize', 1)
  const depth = c / block ** 2
  const isColumnFirst = op.text('mode', 'DCR') === 'CRD'
  const split = g.reshape(x, isColumnFirst ? [n, depth, block, block, h, w] : [n, block, block, depth, h, w])
  const turned = g.transpose(split, isColumnFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2])
  return [g.reshape(turned, [n, depth, h * block, w * block])]
}

function spaceToDepth(g: GraphBuilder, op: Operation): Value[] {
  const x = op.input(0)
  const [n, c, h, w] = x.dims as [number, number, number, number]
  const block = op.int('blocksize', 1)
  const split = g.reshape(x, [n, c, h / block, block, w / block, block])
  return [g.reshape(g.transpose(split, [0, 3, 5, 1, 2, 4]), [n, c * block ** 2, h / block, w / block])]
}

export const resampling = {
  DepthToSpace: { expand: depthToSpace },
  Pad: { expand: expandPad },
  Resize: { expand: expandResize },
  SpaceToDepth: { expand: spaceToDepth },
} satisfies RuleTable
