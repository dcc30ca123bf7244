/**
 * Builds graphs whose shapes are all known. Every value carries its type; equal nodes are built once; reshapes and
 * transposes that do nothing are left out; what no output needs is dropped at the end.
 */
import { assert, present } from '../base/index.ts'
import { positiveAxis, sameDims } from './dims.ts'
import { foldNode } from './fold-constants.ts'
import { type Attribute, float, type Graph, int, ints, type Model, type Node, type ValueInfo } from './graph.ts'
import { inferTypes } from './infer-types.ts'
import type { ValueType } from './node-settings.ts'
import { type DataType, dataTypes, int64s, scalar, sizeOf, type Tensor, toNumbers } from './tensor.ts'

/** A value of the graph under construction. */
export type Value = ValueType & { readonly name: string }

/** A node with its values; an absent optional input is null. */
export type BuiltNode = {
  readonly node: Node
  readonly inputs: readonly (Value | null)[]
  readonly outputs: readonly Value[]
}

/** A value, or a number that becomes a constant of the other operand's type. */
export type Operand = Value | number

type NodeOptions = { domain?: string; outputCount?: number; names?: readonly string[] }

/** The standard opset that built graphs declare. */
export const builtOpset = 20

/** A graph under construction. */
export class GraphBuilder {
  readonly nodes: BuiltNode[] = []
  readonly constants = new Map<string, Tensor>()
  readonly #inputs = new Map<string, Value>()
  readonly #outputs: { name: string; value: Value }[] = []
  readonly #producers = new Map<string, BuiltNode>()
  readonly #known = new Map<string, BuiltNode>()
  readonly #names = new Set<string>()
  readonly #counts = new Map<string, number>()

  input(name: string, dtype: DataType, dims: readonly number[]): Value {
    assert(!this.#names.has(name), `internal: the graph has a ${name} already`)
    this.#names.add(name)
    const value = { name, dtype, dims }
    this.#inputs.set(name, value)
    return value
  }

  /** A constant. Small equal ones share a name. */
  constant(tensor: Tensor, name = 'constant'): Value {
    const { dtype, dims } = tensor
    const key =
      sizeOf(dims) <= 64 && dtype !== 'string'
        ? `${dtype}[${dims}]${Array.from<number | bigint, string>(tensor.data as ArrayLike<number | bigint>, exactly)}`
        : null
    const known = key === null ? undefined : this.#known.get(key)
    if (known) return known.outputs[0] as Value
    const value = { name: this.#freshName(name), dtype, dims }
    this.constants.set(value.name, tensor)
    if (key !== null) this.#known.set(key, { node: emptyNode, inputs: [], outputs: [value] })
    return value
  }

  /** Appends a node, or finds the equal one. */
  node(
    opType: string,
    inputs: readonly (Value | null)[],
    attributes: Readonly<Record<string, Attribute>> = {},
    { domain = '', outputCount = 1, names = [] }: NodeOptions = {},
  ): readonly Value[] {
    const key = keyOf(opType, domain, inputs, attributes, outputCount)
    const known = key === null ? undefined : this.#known.get(key)
    if (known) return known.outputs
    const outputs = Array.from({ length: outputCount }, (_, i) => this.#freshName(names[i] || opType))
    const node: Node = {
      name: outputs[0] as string,
      opType,
      domain,
      inputs: inputs.map((value) => value?.name ?? ''),
      outputs,
      attributes,
    }
    const context = {
      node,
      input: (i: number) => present(inputs[i], `input ${i} of ${opType}`),
      constant: (i: number) => this.#constantNumbers(inputs[i], node),
      tensor: (i: number) => present(this.constants.get(inputs[i]?.name ?? ''), `constant input ${i} of ${opType}`),
    }
    const isConstant = inputs.every((value) => value === null || this.constants.has(value.name))
    const folded =
      (isConstant && outputCount === 1) || opType === 'Shape' || opType === 'Size' ? foldNode(context) : null
    if (folded) return [this.constant(folded, outputs[0])]
    const types = inferTypes(context)
    const built = { node, inputs, outputs: types.map((type, i) => ({ ...type, name: outputs[i] as string })) }
    this.nodes.push(built)
    for (const value of built.outputs) this.#producers.set(value.name, built)
    if (key !== null) this.#known.set(key, built)
    return built.outputs
  }

  /** Appends a node with one output. */
  op(
    opType: string,
    inputs: readonly (Value | null)[],
    attributes: Readonly<Record<string, Attribute>> = {},
    options: NodeOptions = {},
  ): Value {
    return present(this.node(opType, inputs, attributes, options)[0], `output of ${opType}`)
  }

  /** The node that makes a value; undefined for inputs and constants. */
  producerOf(value: Value): BuiltNode | undefined {
    return this.#producers.get(value.name)
  }

  constantOf(value: Value): Tensor | undefined {
    return this.constants.get(value.name)
  }

  output(name: string, value: Value): void {
    assert(!this.#outputs.some((output) => output.name === name), `the graph has an output ${name} already`)
    this.#outputs.push({ name, value })
  }

  /** The finished model, without the nodes and constants that no output needs. */
  build(name = 'graph'): Model {
    const { rename, copies } = this.#nameOutputs()
    const needed = new Set(this.#outputs.map(({ value }) => value.name))
    const kept: Node[] = []
    const types: ValueInfo[] = []
    for (const { node, outputs } of this.nodes.toReversed()) {
      if (!node.outputs.some((output) => needed.has(output))) continue
      for (const input of node.inputs) needed.add(input)
      types.push(...outputs.map((output) => ({ ...output, name: rename(output.name) })))
      kept.push({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) })
    }
    const constants = [...this.constants].filter(([constant]) => needed.has(constant))
    const graph: Graph = {
      name,
      inputs: [...this.#inputs.values()],
      outputs: this.#outputs.map(({ name: as, value }): ValueInfo => ({ ...value, name: as })),
      nodes: [...kept.reverse(), ...copies],
      initializers: new Map(constants.map(([constant, tensor]) => [rename(constant), tensor])),
      valueInfo: new Map(types.map((type) => [type.name, type])),
    }
    return {
      irVersion: 9,
      opsets: new Map([
        ['', builtOpset],
        ['com.microsoft', 1],
      ]),
      producerName: 'capstan',
      producerVersion: '',
      metadata: new Map(),
      functions: [],
      graph,
    }
  }

  /**
   * An output is the node's own result under the output's name; only inputs, constants and doubles are copied. Other
   * values that happen to have an output's name get a fresh one.
   */
  #nameOutputs(): { rename: (value: string) => string; copies: Node[] } {
    const renamed = new Map<string, string>()
    const copied: { name: string; value: string }[] = []
    for (const { name, value } of this.#outputs) {
      assert(!this.#inputs.has(name), `the graph has an input and an output ${name}`)
      if (this.#producers.has(value.name) && !renamed.has(value.name)) renamed.set(value.name, name)
      else copied.push({ name, value: value.name })
    }
    for (const { name } of this.#outputs) if (!renamed.has(name)) renamed.set(name, this.#freshName(name))
    const rename = (value: string) => renamed.get(value) ?? value
    const copies = copied.map(
      ({ name, value }): Node => ({ ...emptyNode, name, opType: 'Identity', inputs: [rename(value)], outputs: [name] }),
    )
    return { rename, copies }
  }

  // Arithmetic. A number becomes a constant of the other operand's type.

  add(a: Operand, b: Operand): Value {
    return this.#binary('Add', a, b)
  }

  sub(a: Operand, b: Operand): Value {
    return this.#binary('Sub', a, b)
  }

  mul(a: Operand, b: Operand): Value {
    return this.#binary('Mul', a, b)
  }

  div(a: Operand, b: Operand): Value {
    return this.#binary('Div', a, b)
  }

  pow(a: Operand, b: Operand): Value {
    return this.#binary('Pow', a, b)
  }

  less(a: Operand, b: Operand): Value {
    return this.#binary('Less', a, b)
  }

  greater(a: Operand, b: Operand): Value {
    return this.#binary('Greater', a, b)
  }

  equal(a: Operand, b: Operand): Value {
    return this.#binary('Equal', a, b)
  }

  neg(x: Value): Value {
    return this.op('Neg', [x])
  }

  exp(x: Value): Value {
    return this.op('Exp', [x])
  }

  log(x: Value): Value {
    return this.op('Log', [x])
  }

  sqrt(x: Value): Value {
    return this.op('Sqrt', [x])
  }

  tanh(x: Value): Value {
    return this.op('Tanh', [x])
  }

  where(condition: Value, a: Value, b: Value): Value {
    return this.op('Where', [condition, a, b])
  }

  cast(x: Value, dtype: DataType): Value {
    return x.dtype === dtype ? x : this.op('Cast', [x], { to: int(dataTypes.indexOf(dtype)) })
  }

  // Products.

  matMul(a: Value, b: Value): Value {
    return this.op('MatMul', [a, b])
  }

  /** alpha·op(a)·op(b) + beta·c on matrices; op transposes where asked. */
  gemm(
    a: Value,
    b: Value,
    c: Value | null,
    {
      alpha = 1,
      beta = 1,
      transA = false,
      transB = false,
    }: { alpha?: number; beta?: number; transA?: boolean; transB?: boolean } = {},
  ): Value {
    const attributes: Record<string, Attribute> = {}
    if (alpha !== 1) attributes.alpha = float(alpha)
    if (beta !== 1) attributes.beta = float(beta)
    if (transA) attributes.transA = int(1)
    if (transB) attributes.transB = int(1)
    return this.op('Gemm', c ? [a, b, c] : [a, b], attributes)
  }

  // Movement.

  reshape(x: Value, dims: readonly number[]): Value {
    if (sameDims(x.dims, dims)) return x
    const producer = this.producerOf(x)
    if (producer?.node.opType === 'Reshape') return this.reshape(present(producer.inputs[0], 'data of Reshape'), dims)
    return this.op('Reshape', [x, this.constant(int64s(dims), 'shape')], dims.includes(0) ? { allowzero: int(1) } : {})
  }

  transpose(x: Value, permutation: readonly number[]): Value {
    if (permutation.every((axis, i) => axis === i)) return x
    return this.op('Transpose', [x], { perm: ints(permutation) })
  }

  /** Exchanges the last two axes. */
  swapLast(x: Value): Value {
    const axes = x.dims.map((_, i) => i)
    return this.transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2])
  }

  expand(x: Value, dims: readonly number[]): Value {
    return sameDims(x.dims, dims) ? x : this.op('Expand', [x, this.constant(int64s(dims), 'shape')])
  }

  concat(values: readonly Value[], axis: number): Value {
    return values.length === 1 ? (values[0] as Value) : this.op('Concat', values, { axis: int(axis) })
  }

  slice(x: Value, axis: number, start: number, end: number): Value {
    if (start === 0 && end === x.dims[axis]) return x
    return this.op('Slice', [x, ...[start, end, axis].map((value) => this.constant(int64s([value])))])
  }

  /** Parts of `sizes` along an axis, one after the other. */
  split(x: Value, sizes: readonly number[], axis: number): readonly Value[] {
    const attributes = { axis: int(axis) }
    return this.node('Split', [x, this.constant(int64s(sizes))], attributes, { outputCount: sizes.length })
  }

  gather(x: Value, indices: Value, axis = 0): Value {
    return this.op('Gather', [x, indices], { axis: int(axis) })
  }

  squeeze(x: Value, axes: readonly number[]): Value {
    return this.op('Squeeze', [x, this.constant(int64s(axes))])
  }

  unsqueeze(x: Value, axes: readonly number[]): Value {
    return this.op('Unsqueeze', [x, this.constant(int64s(axes))])
  }

  // Reductions.

  reduceSum(x: Value, axes?: readonly number[], keepDims = true): Value {
    return this.#reduce('ReduceSum', x, axes, keepDims)
  }

  reduceMean(x: Value, axes?: readonly number[], keepDims = true): Value {
    return this.#reduce('ReduceMean', x, axes, keepDims)
  }

  reduceMax(x: Value, axes?: readonly number[], keepDims = true): Value {
    return this.#reduce('ReduceMax', x, axes, keepDims)
  }

  reduceProd(x: Value, axes?: readonly number[], keepDims = true): Value {
    return this.#reduce('ReduceProd', x, axes, keepDims)
  }

  reduceSumSquare(x: Value, axes?: readonly number[], keepDims = true): Value {
    return this.#reduce('ReduceSumSquare', x, axes, keepDims)
  }

  /** A value of the same type filled with one number. */
  fill(like: ValueType, value: number): Value {
    return this.expand(this.#operand(value, like.dtype), like.dims)
  }

  #reduce(opType: string, x: Value, axes: readonly number[] | undefined, keepDims: boolean): Value {
    const positive = axes?.map((axis) => positiveAxis(axis, x.dims.length))
    if (positive?.length === 0) return x
    return this.op(opType, positive ? [x, this.constant(int64s(positive))] : [x], keepDims ? {} : { keepdims: int(0) })
  }

  #binary(opType: string, a: Operand, b: Operand): Value {
    assert(typeof a !== 'number' || typeof b !== 'number', `internal: ${opType} of two numbers`)
    const dtype = typeof a === 'number' ? (b as Value).dtype : a.dtype
    if ((opType === 'Mul' && b === 1) || (opType === 'Add' && b === 0)) return a as Value
    return this.op(opType, [this.#operand(a, dtype), this.#operand(b, dtype)])
  }

  #operand(operand: Operand, dtype: DataType): Value {
    if (typeof operand !== 'number') return operand
    assert(isScalarType(dtype), `${operand} as a constant of ${dtype}`)
    return this.constant(scalar(dtype, operand))
  }

  #constantNumbers(value: Value | null | undefined, node: Node): number[] | undefined {
    if (!value) return undefined
    const known = this.constants.get(value.name)
    assert(known, `${node.opType} (node ${node.name}) needs ${value.name} to be a constant`)
    return toNumbers(known)
  }

  #freshName(wanted: string): string {
    let name = wanted
    let count = this.#counts.get(wanted) ?? 0
    while (this.#names.has(name)) name = `${wanted}_${++count}`
    this.#counts.set(wanted, count)
    this.#names.add(name)
    return name
  }
}

const emptyNode: Node = { name: '', opType: '', domain: '', inputs: [], outputs: [], attributes: {} }

function isScalarType(dtype: DataType): dtype is Parameters<typeof scalar>[0] {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'int64' || dtype === 'int32' || dtype === 'bool'
}

function exactly(value: number | bigint): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** Equal keys mean equal nodes; null where a node carries data too large to compare. */
function keyOf(
  opType: string,
  domain: string,
  inputs: readonly (Value | null)[],
  attributes: Readonly<Record<string, Attribute>>,
  outputCount: number,
): string | null {
  const parts = Object.entries(attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { type, value }]) =>
      type === 'tensor' || type === 'graph' || type === 'tensors' || type === 'graphs' ? null : `${name}=${value}`,
    )
  if (parts.includes(null)) return null
  return JSON.stringify([domain, opType, inputs.map((value) => value?.name ?? ''), parts, outputCount])
}
