/**
 * What a node's attributes and constant inputs say, defaults filled in: for type inference, folding and gradients
 * alike. Nodes have the form of the built opset, into which `upgradeNode` brings older ones.
 */
import { present, UnsupportedError } from '../base/index.ts'
import { positiveAxis } from './dims.ts'
import { intOf, type Node, operatorOf } from './graph.ts'
import { type DataType, dataTypes, numericTypes, scalar, type Tensor, type TensorData } from './tensor.ts'

/** Element type and shape of a value, all known. */
export type ValueType = { readonly dtype: DataType; readonly dims: readonly number[] }

/** What a rule about an operator sees of its node. */
export type NodeContext = {
  readonly node: Node
  input(index: number): ValueType
  /** The numbers of a constant input; undefined where it is absent; throws where it is not a constant. */
  constant(index: number): number[] | undefined
}

/** Tells the types of a node's outputs. */
export type Inference = (context: NodeContext) => ValueType[]

/** Ends inference at a node whose types cannot be told; `form` reads on from the operator. */
export function refuseInference(node: Node, form: string, hint: string): never {
  const what = form === '' ? operatorOf(node) : `${operatorOf(node)} ${form}`
  throw new UnsupportedError('onnx.no-inference', `Cannot tell the shape of ${what} (node ${node.name})`, { hint })
}

/** Axes of a reduction, counted from the front; all where none are given. */
export function reductionAxes(context: NodeContext): number[] {
  const rank = context.input(0).dims.length
  const given = context.constant(1)
  if (!given?.length) return intOf(context.node, 'noop_with_empty_axes', 0) ? [] : [...Array(rank).keys()]
  return given.map((axis) => positiveAxis(axis, rank))
}

/** Positions `start`, `start + step`, … before `end` of one axis, `count` in all. */
export type SliceRange = { axis: number; start: number; end: number; step: number; count: number }

/** Slice's starts, ends, axes and steps, clamped as the specification says. */
export function sliceRanges(c: NodeContext): SliceRange[] {
  const { dims } = c.input(0)
  const starts = present(c.constant(1), 'starts of Slice')
  const ends = present(c.constant(2), 'ends of Slice')
  const axes = c.constant(3) ?? starts.map((_, i) => i)
  const steps = c.constant(4) ?? starts.map(() => 1)
  return starts.map((rawStart, i) => {
    const axis = positiveAxis(axes[i] as number, dims.length)
    const size = dims[axis] as number
    const step = steps[i] as number
    const clamp = (value: number, low: number, high: number) =>
      Math.min(Math.max(value < 0 ? value + size : value, low), high)
    const start = step > 0 ? clamp(rawStart, 0, size) : clamp(rawStart, 0, size - 1)
    const end = step > 0 ? clamp(ends[i] as number, 0, size) : clamp(ends[i] as number, -1, size - 1)
    return { axis, start, end, step, count: Math.max(0, Math.ceil((end - start) / step)) }
  })
}

/** Sizes of Split's outputs: given, or equal parts of which the last may be smaller. */
export function splitSizes(c: NodeContext): number[] {
  const given = c.constant(1)
  if (given) return given
  const { dims } = c.input(0)
  const size = dims[positiveAxis(intOf(c.node, 'axis', 0), dims.length)] as number
  const part = Math.ceil(size / c.node.outputs.length)
  return c.node.outputs.map((_, i) => Math.min(part, size - i * part))
}

/** The dimensions that Shape gives: all, or those from `start` to `end`, which count as in `Array.slice`. */
export function shownDims({ node, input }: NodeContext): readonly number[] {
  const { dims } = input(0)
  return dims.slice(intOf(node, 'start', 0), intOf(node, 'end', dims.length))
}

/** The value of a Constant node, in whichever of its forms it stands. */
export function constantTensor(node: Node): Tensor {
  const { value, value_float, value_floats, value_int, value_ints, value_string, value_strings } = node.attributes
  if (value?.type === 'tensor') return value.value
  if (value_float?.type === 'float') return scalar('float32', value_float.value)
  if (value_floats?.type === 'floats') return list('float32', Float32Array.from(value_floats.value))
  if (value_int?.type === 'int') return { dtype: 'int64', dims: [], data: BigInt64Array.of(value_int.value) }
  if (value_ints?.type === 'ints') return list('int64', BigInt64Array.from(value_ints.value))
  if (value_string?.type === 'string') return { dtype: 'string', dims: [], data: [value_string.value] }
  if (value_strings?.type === 'strings') return list('string', [...value_strings.value])
  throw new UnsupportedError(
    'onnx.no-inference',
    `Constant (node ${node.name}) holds no value that Capstan reads, but ${Object.keys(node.attributes).join(', ') || 'nothing'}`,
    { hint: 'Export the model without sparse constants.' },
  )
}

const list = (dtype: DataType, data: TensorData): Tensor => ({ dtype, dims: [data.length], data })

/** The type that a Cast gives. */
export function castType(node: Node): DataType {
  const code = intOf(node, 'to', 0)
  const dtype = dataTypes[code]
  if (dtype && (numericTypes.has(dtype) || dtype === 'float16' || dtype === 'bfloat16')) return dtype
  throw new UnsupportedError('onnx.unknown-cast', `Cast (node ${node.name}) to element type ${dtype ?? code}`, {
    hint: 'Capstan casts among floats, integers and bool.',
  })
}
