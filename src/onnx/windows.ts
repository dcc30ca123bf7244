/**
 * Windows that slide over the spatial axes of convolutions and pools: how many, how far apart, and how much padding.
 * Source: https://onnx.ai/onnx/operators/ (Conv, ConvTranspose, MaxPool, AveragePool).
 */
import { assert } from '../base/index.ts'
import { intOf, intsOf, type Node, textOf } from './graph.ts'

/** Along one spatial axis. */
export type Window = {
  /** Of the axis that the windows slide over. */
  readonly size: number
  readonly kernel: number
  readonly stride: number
  readonly dilation: number
  /** Padding before and after that axis. */
  readonly before: number
  readonly after: number
  /** Windows: the size of the result of a convolution or pool. */
  readonly count: number
}

/** Elements from the first that a window sees to the last. */
export const reachOf = ({ kernel, dilation }: Pick<Window, 'kernel' | 'dilation'>) => (kernel - 1) * dilation + 1

/** The windows of Conv or a pool over spatial axes of these sizes. */
export function slidingWindows(node: Node, sizes: readonly number[], kernel: readonly number[]): Window[] {
  const { strides, dilations, pads, autoPad } = settings(node, sizes.length)
  const round = intOf(node, 'ceil_mode', 0) === 1 ? Math.ceil : Math.floor
  return sizes.map((size, i) => {
    const along = { size, kernel: kernel[i] as number, stride: strides[i] as number, dilation: dilations[i] as number }
    const { stride } = along
    const reach = reachOf(along)
    if (autoPad.startsWith('SAME')) {
      const count = Math.ceil(size / stride)
      const total = Math.max(0, (count - 1) * stride + reach - size)
      return { ...along, count, ...divide(total, autoPad) }
    }
    const [before, after] = autoPad === 'VALID' ? [0, 0] : [pads[i] as number, pads[i + sizes.length] as number]
    const count = round((size + before + after - reach) / stride) + 1
    // A window that would begin in the padding behind the axis is none.
    const isOutside = round === Math.ceil && (count - 1) * stride >= size + before
    return { ...along, before, after, count: isOutside ? count - 1 : count }
  })
}

/** The windows of the convolution that a ConvTranspose is the transpose of: its input counts them, its result is their axis. */
export function transposedWindows(node: Node, counts: readonly number[], kernel: readonly number[]): Window[] {
  const { strides, dilations, pads, autoPad } = settings(node, counts.length)
  const extra = intsOf(node, 'output_padding') ?? counts.map(() => 0)
  const wanted = intsOf(node, 'output_shape')?.slice(-counts.length)
  return counts.map((count, i) => {
    const along = { count, kernel: kernel[i] as number, stride: strides[i] as number, dilation: dilations[i] as number }
    const full = along.stride * (count - 1) + (extra[i] as number) + reachOf(along)
    const isSame = autoPad.startsWith('SAME')
    const size = wanted?.[i] ?? (isSame ? count * along.stride : null)
    if (size !== null) return { ...along, size, ...divide(Math.max(0, full - size), isSame ? autoPad : 'SAME_LOWER') }
    const [before, after] = autoPad === 'VALID' ? [0, 0] : [pads[i] as number, pads[i + counts.length] as number]
    return { ...along, size: full - before - after, before, after }
  })
}

function settings(node: Node, rank: number) {
  const ones = Array<number>(rank).fill(1)
  const pads = intsOf(node, 'pads') ?? Array<number>(2 * rank).fill(0)
  assert(pads.length === 2 * rank, `${node.opType} (node ${node.name}) has ${pads.length} pads for ${rank} axes`)
  return {
    strides: intsOf(node, 'strides') ?? ones,
    dilations: intsOf(node, 'dilations') ?? ones,
    pads,
    autoPad: textOf(node, 'auto_pad', 'NOTSET'),
  }
}

/** An odd element of padding stands after the axis, or before it for SAME_LOWER. */
function divide(total: number, autoPad: string): { before: number; after: number } {
  const [less, more] = [Math.floor(total / 2), Math.ceil(total / 2)]
  return autoPad === 'SAME_LOWER' ? { before: more, after: less } : { before: less, after: more }
}
