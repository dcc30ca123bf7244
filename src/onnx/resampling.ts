/** Which elements Pad, Resize and the block operators move where. Source: https://onnx.ai/onnx/operators/. */
import { present, UnsupportedError } from '../base/index.ts'
import { positiveAxis } from './dims.ts'
import { intOf, intsOf, textOf } from './graph.ts'
import type { NodeContext } from './node-settings.ts'

/** Elements that Pad adds before and behind each axis; negative ones are cut off. */
export function padWidths(c: NodeContext): { before: number; after: number }[] {
  const { dims } = c.input(0)
  const pads = present(c.constant(1), 'pads of Pad')
  const axes = c.constant(3)?.map((axis) => positiveAxis(axis, dims.length)) ?? dims.map((_, i) => i)
  return dims.map((_, axis) => {
    const i = axes.indexOf(axis)
    return i < 0 ? { before: 0, after: 0 } : { before: pads[i] as number, after: pads[i + axes.length] as number }
  })
}

/** An axis of a Resize: of how many elements, and which elements of the input each is a weighted sum of. */
export type ResizedAxis = {
  readonly axis: number
  readonly elements: readonly (readonly [index: number, weight: number])[][]
}

/** Sizes of Resize's result. */
export function resizedDims(c: NodeContext): number[] {
  const { dims } = c.input(0)
  const axes = resizeAxes(c)
  const [scales, sizes] = [c.constant(2), c.constant(3)]
  return dims.map((dim, axis) => {
    const i = axes.indexOf(axis)
    if (i < 0) return dim
    return sizes?.length ? (sizes[i] as number) : Math.floor(dim * (present(scales, 'scales of Resize')[i] as number))
  })
}

/** The axes that Resize changes. Throws `onnx.unsupported-resize` for forms other than nearest and linear. */
export function resizedAxes(c: NodeContext): ResizedAxis[] {
  const { node } = c
  const mode = textOf(node, 'mode', 'nearest')
  const coordinates = textOf(node, 'coordinate_transformation_mode', 'half_pixel')
  const isCovered =
    (mode === 'nearest' || mode === 'linear') &&
    Object.hasOwn(originals, coordinates) &&
    intOf(node, 'antialias', 0) === 0 &&
    textOf(node, 'keep_aspect_ratio_policy', 'stretch') === 'stretch'
  if (!isCovered) {
    throw new UnsupportedError(
      'onnx.unsupported-resize',
      `Resize (node ${node.name}) of mode ${mode}, ${coordinates}`,
      {
        hint: 'Modes nearest and linear are covered, without antialiasing, a kept aspect ratio or a region of interest.',
      },
    )
  }
  const axes = resizeAxes(c)
  const { dims } = c.input(0)
  const scales = c.constant(3)?.length ? undefined : c.constant(2)
  return resizedDims(c).flatMap((to, axis): ResizedAxis[] => {
    const from = dims[axis] as number
    const scale = scales?.[axes.indexOf(axis)] ?? to / from
    if (to === from && scale === 1) return []
    const original = (i: number) => present(originals[coordinates], coordinates)(i, { scale, from, to })
    const elements = Array.from({ length: to }, (_, i) =>
      mode === 'linear'
        ? between(original(i), from)
        : [[clamp(nearest(textOf(node, 'nearest_mode', 'round_prefer_floor'), original(i)), from), 1] as const],
    )
    return [{ axis, elements }]
  })
}

function resizeAxes(c: NodeContext): number[] {
  const { dims } = c.input(0)
  return intsOf(c.node, 'axes')?.map((axis) => positiveAxis(axis, dims.length)) ?? dims.map((_, i) => i)
}

type Scaling = { scale: number; from: number; to: number }

/** The place in the input that an element of the result stands for. */
const originals: Readonly<Record<string, (i: number, scaling: Scaling) => number>> = {
  align_corners: (i, { from, to }) => (to === 1 ? 0 : (i * (from - 1)) / (to - 1)),
  asymmetric: (i, { scale }) => i / scale,
  half_pixel: (i, { scale }) => (i + 0.5) / scale - 0.5,
  half_pixel_symmetric: (i, { scale, from, to }) => {
    const offset = (from / 2) * (1 - to / (scale * from))
    return offset + (i + 0.5) / scale - 0.5
  },
  pytorch_half_pixel: (i, { scale, to }) => (to > 1 ? (i + 0.5) / scale - 0.5 : 0),
}

function nearest(mode: string, place: number): number {
  if (mode === 'floor') return Math.floor(place)
  if (mode === 'ceil') return Math.ceil(place)
  return mode === 'round_prefer_ceil' ? Math.floor(place + 0.5) : Math.ceil(place - 0.5)
}

/** The two elements beside a place, by how near they are. */
function between(place: number, size: number): (readonly [number, number])[] {
  const inside = Math.min(Math.max(place, 0), size - 1)
  const low = Math.floor(inside)
  const share = inside - low
  return share === 0
    ? [[low, 1]]
    : [
        [low, 1 - share],
        [low + 1, share],
      ]
}

function clamp(index: number, size: number): number {
  return Math.min(Math.max(index, 0), size - 1)
}
