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

/** The form that holds before an opset, brought up to date; null where the node is in the newer form already. */
type Upgrade = {
  readonly before: number
  apply(node: Node, x: ValueType | undefined): UpgradedNode | null
}

/** A list of integers (axes, sizes) that became the second input. */
const listToInput = (name: string, before: number): Upgrade => ({
  before,
  apply: (node) => {
    const values = intsOf(node, name)
    return values ? { node: without(node, name), constants: new Map([[1, int64s(values)]]) } : null
  },
})

/** Equal parts had no number of their own: it was that of the outputs. */
const splitToEqualParts: Upgrade = {
  before: 18,
  apply: (node) => {
    if (node.inputs.length > 1) return null
    const attributes = { ...node.attributes, num_outputs: int(node.outputs.length) }
    return { node: { ...node, attributes }, constants: new Map() }
  },
}

const sliceBoundsToInputs: Upgrade = {
  before: 10,
  apply: (node) => {
    const starts = intsOf(node, 'starts') ?? []
    const lists = [starts, intsOf(node, 'ends') ?? [], intsOf(node, 'axes') ?? starts.map((_, i) => i)]
    return {
      node: without(node, 'starts', 'ends', 'axes'),
      constants: new Map(lists.map((list, i) => [i + 1, int64s(list)])),
    }
  },
}

const clipBoundsToInputs: Upgrade = {
  before: 11,
  apply: (node) => {
    const bounds = ['min', 'max'].flatMap((name, i) =>
      node.attributes[name] ? [[i + 1, scalar('float32', floatOf(node, name, 0))] as const] : [],
    )
    return { node: without(node, 'min', 'max'), constants: new Map(bounds) }
  },
}

const padsToInputs: Upgrade = {
  before: 11,
  apply: (node) => {
    const pads = int64s(intsOf(node, 'pads') ?? [])
    const value = scalar('float32', floatOf(node, 'value', 0))
    return {
      node: without(node, 'pads', 'value'),
      constants: new Map([
        [1, pads],
        [2, value],
      ]),
    }
  },
}

const countToInput: Upgrade = {
  before: 10,
  apply: (node) => ({ node: without(node, 'k'), constants: new Map([[1, int64s([intOf(node, 'k', 1)])]]) }),
}

/** The value was seen as a matrix cut at the axis, which is the same where that is the last axis. */
const softmaxOfMatrix: Upgrade = {
  before: 13,
  apply: (node, x) => {
    if (!x) return null
    const axis = positiveAxis(intOf(node, 'axis', 1), x.dims.length)
    const upgraded = { node: { ...node, attributes: { axis: int(-1) } }, constants: new Map() }
    if (axis === x.dims.length - 1) return upgraded
    return { ...upgraded, asMatrix: [sizeOf(x.dims.slice(0, axis)), sizeOf(x.dims.slice(axis))] }
  },
}

/** Operator → the upgrades of its older forms, the oldest first. */
export const upgrades: ReadonlyMap<string, readonly Upgrade[]> = new Map([
  ['Clip', [clipBoundsToInputs]],
  ['LogSoftmax', [softmaxOfMatrix]],
  ['Pad', [padsToInputs]],
  ['ReduceL1', [listToInput('axes', 18)]],
  ['ReduceL2', [listToInput('axes', 18)]],
  ['ReduceLogSum', [listToInput('axes', 18)]],
  ['ReduceLogSumExp', [listToInput('axes', 18)]],
  ['ReduceMax', [listToInput('axes', 18)]],
  ['ReduceMean', [listToInput('axes', 18)]],
  ['ReduceMin', [listToInput('axes', 18)]],
  ['ReduceProd', [listToInput('axes', 18)]],
  ['ReduceSum', [listToInput('axes', 13)]],
  ['ReduceSumSquare', [listToInput('axes', 18)]],
  ['Slice', [sliceBoundsToInputs]],
  ['Softmax', [softmaxOfMatrix]],
  ['Split', [listToInput('split', 13), splitToEqualParts]],
  ['Squeeze', [listToInput('axes', 13)]],
  ['TopK', [countToInput]],
  ['Unsqueeze', [listToInput('axes', 13)]],
])

/** The node as the built opset writes it; `x` is the type of its first input, undefined where it has none. */
export function upgradeNode(node: Node, opset: number, x: ValueType | undefined): UpgradedNode {
  for (const { before, apply } of (node.domain === '' && upgrades.get(node.opType)) || []) {
    const upgraded = opset < before ? apply(node, x) : null
    if (upgraded) return upgraded
  }
  return { node, constants: new Map() }
}

function without(node: Node, ...names: string[]): Node {
  const kept = Object.entries(node.attributes).filter(([name]) => !names.includes(name))
  return { ...node, attributes: Object.fromEntries(kept) }
}
