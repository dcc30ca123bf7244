/**
 * Nodes of older opsets in the form of the built opset, where the two differ: what used to be an attribute became an
 * input. Source: https://github.com/onnx/onnx/blob/main/docs/Changelog.md.
 */
import { floatOf, int, intOf, intsOf, type Node } from './graph.ts'
import { int64s, scalar, type Tensor } from './tensor.ts'

export type UpgradedNode = {
  readonly node: Node /** Constants that stand for former attributes, by input position. */
  readonly constants: ReadonlyMap<number, Tensor>
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

/** The node as the built opset writes it. `rank` is that of its first input. */
export function upgradeNode(node: Node, opset: number, rank: number): UpgradedNode {
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
    constants.set(1, scalar('float32', floatOf(node, 'min', -3.4028234663852886e38)))
    constants.set(2, scalar('float32', floatOf(node, 'max', 3.4028234663852886e38)))
    return { node: { ...node, attributes: without('min', 'max') }, constants }
  }
  if (node.opType === 'Dropout' && opset < 12) {
    constants.set(1, scalar('float32', floatOf(node, 'ratio', 0.5)))
    return { node: { ...node, attributes: without('ratio') }, constants }
  }
  if ((node.opType === 'Softmax' || node.opType === 'LogSoftmax') && opset < 13) {
    // Before opset 13 the value was seen as a matrix cut at the axis (default 1): the same where that is the last axis.
    const axis = intOf(node, 'axis', 1)
    if ((axis < 0 ? axis + rank : axis) === rank - 1)
      return { node: { ...node, attributes: { axis: int(rank - 1) } }, constants }
  }
  return { node, constants }
}
