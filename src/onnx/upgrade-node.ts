/**
 * Nodes of older opsets in the form of the built opset, where the two differ: what used to be an attribute became an
 * input. Source: https://github.com/onnx/onnx/blob/main/docs/Changelog.md.
 */
import { positiveAxis } from './dims.ts'
import { floatOf, int, intOf, intsOf, type Node } from './graph.ts'
import type { ValueType } from './node-settings.ts'
import { int64s, scalar, sizeOf, type Tensor } from './tensor.ts'

export type UpgradedNode = {
  readonly node: Node
  /** Constants that stand for former attributes, by input position. */
  readonly constants: ReadonlyMap<number, Tensor>
  /** Dimensions of the matrix as which the node sees its input. */
  readonly asMatrix?: readonly [rows: number, columns: number]
}

/** Operator → the opset from which `axes` (or `split`) is an input. */
const listInputs: Record<string, { since: number; attribute: string }> = {
  ReduceL1: { since: 18, attribute: 'axes' },
  ReduceL2: { since: 18, attribute: 'axes' },
  ReduceLogSum: { since: 18, attribute: 'axes' },
  ReduceLogSumExp: { since: 18, attribute: 'axes' },
  ReduceMax: { since: 18, attribute: 'axes' },
  ReduceMean: { since: 18, attribute: 'axes' },
  ReduceMin: { since: 18, attribute: 'axes' },
  ReduceProd: { since: 18, attribute: 'axes' },
  ReduceSum: { since: 13, attribute: 'axes' },
  ReduceSumSquare: { since: 18, attribute: 'axes' },
  Split: { since: 13, attribute: 'split' },
  Squeeze: { since: 13, attribute: 'axes' },
  Unsqueeze: { since: 13, attribute: 'axes' },
}

/** The node as the built opset writes it; `x` is the type of its first input, undefined where it has none. */
export function upgradeNode(node: Node, opset: number, x: ValueType | undefined): UpgradedNode {
  const constants = new Map<number, Tensor>()
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(node.attributes).filter(([name]) => !names.includes(name)))
  const list = listInputs[node.opType]
  if (list && opset < list.since) {
    const values = intsOf(node, list.attribute)
    if (values) {
      constants.set(1, int64s(values))
      return { node: { ...node, attributes: without(list.attribute) }, constants }
    }
  }
  if (node.opType === 'Split' && opset < 18 && node.inputs.length < 2) {
    return { node: { ...node, attributes: { ...node.attributes, num_outputs: int(node.outputs.length) } }, constants }
  }
  if (node.opType === 'Slice' && opset < 10) {
    const starts = intsOf(node, 'starts') ?? []
    constants.set(1, int64s(starts)).set(2, int64s(intsOf(node, 'ends') ?? []))
    constants.set(3, int64s(intsOf(node, 'axes') ?? starts.map((_, i) => i)))
    return { node: { ...node, attributes: without('starts', 'ends', 'axes') }, constants }
  }
  if (node.opType === 'Clip' && opset < 11) {
    for (const [index, name] of [
      [1, 'min'],
      [2, 'max'],
    ] as const) {
      if (node.attributes[name]) constants.set(index, scalar('float32', floatOf(node, name, 0)))
    }
    return { node: { ...node, attributes: without('min', 'max') }, constants }
  }
  if ((node.opType === 'Softmax' || node.opType === 'LogSoftmax') && opset < 13 && x) {
    // Before opset 13 the value was seen as a matrix cut at the axis: the same where that is the last axis.
    const axis = positiveAxis(intOf(node, 'axis', 1), x.dims.length)
    const upgraded = { node: { ...node, attributes: { axis: int(-1) } }, constants }
    if (axis === x.dims.length - 1) return upgraded
    return { ...upgraded, asMatrix: [sizeOf(x.dims.slice(0, axis)), sizeOf(x.dims.slice(axis))] }
  }
  return { node, constants }
}
