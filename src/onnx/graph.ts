/**
 * ONNX as data (https://github.com/onnx/onnx/blob/main/docs/IR.md). Values are named strings; a node reads and defines
 * values; '' stands for an optional input or output that is absent.
 */
import type { DataType, Tensor } from './tensor.ts'

/** A dimension: its size, a symbol such as 'batch_size', or null where nothing is known. */
export type Dim = number | string | null

/** The declared type of a value. */
export type ValueInfo = {
  readonly name: string
  /** null for values that are no tensors (sequences, maps) or of unknown type. */
  readonly dtype: DataType | null
  /** null where even the rank is unknown. */
  readonly dims: readonly Dim[] | null
}

/** A setting of a node, tagged with its type. */
export type Attribute =
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'tensor'; readonly value: Tensor }
  | { readonly type: 'graph'; readonly value: Graph }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'ints'; readonly value: readonly bigint[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'tensors'; readonly value: readonly Tensor[] }
  | { readonly type: 'graphs'; readonly value: readonly Graph[] }
  /** Inside a function body: the value of the function's own attribute of this name. */
  | { readonly type: 'reference'; readonly value: string }

/** One application of an operator. */
export type Node = {
  readonly name: string
  readonly opType: string
  /** '' is the standard domain ai.onnx. */
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** Nodes with what they read and what they give. */
export type Graph = {
  readonly name: string
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  /** In topological order. */
  readonly nodes: readonly Node[]
  readonly initializers: ReadonlyMap<string, Tensor>
  /** Declared types of values that are neither inputs nor outputs. */
  readonly valueInfo: ReadonlyMap<string, ValueInfo>
}

/** An operator that the model brings itself, as a body of nodes. */
export type FunctionDefinition = {
  readonly name: string
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: readonly string[]
  readonly nodes: readonly Node[]
  readonly opsets: ReadonlyMap<string, number>
}

/** A whole `.onnx` file. */
export type Model = {
  readonly irVersion: number
  /** Domain → version; '' is ai.onnx. */
  readonly opsets: ReadonlyMap<string, number>
  readonly producerName: string
  readonly producerVersion: string
  readonly metadata: ReadonlyMap<string, string>
  readonly functions: readonly FunctionDefinition[]
  readonly graph: Graph
}

/** A node named after its first output. */
export function createNode(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Node['attributes'] = {},
  domain = '',
): Node {
  return { name: outputs[0] as string, opType, domain, inputs, outputs, attributes }
}

/** The nodes that read each value. */
export function consumersOf({ nodes }: Graph): Map<string, Node[]> {
  const consumers = new Map<string, Node[]>()
  for (const node of nodes) {
    for (const input of new Set(node.inputs)) {
      const known = consumers.get(input)
      if (known) known.push(node)
      else consumers.set(input, [node])
    }
  }
  return consumers
}

/** An attribute of one float32. */
export const float = (value: number): Attribute => ({ type: 'float', value })
/** An attribute of one integer. */
export const int = (value: number): Attribute => ({ type: 'int', value: BigInt(value) })
/** An attribute of a list of integers. */
export const ints = (values: readonly number[]): Attribute => ({ type: 'ints', value: values.map(BigInt) })
/** An attribute of one string. */
export const text = (value: string): Attribute => ({ type: 'string', value })

/** An integer attribute, or the operator's default. */
export function intOf(node: Node, name: string, fallback: number): number {
  const attribute = node.attributes[name]
  return attribute?.type === 'int' ? Number(attribute.value) : fallback
}

/** A list of integers, or undefined where the attribute is absent. */
export function intsOf(node: Node, name: string): number[] | undefined {
  const attribute = node.attributes[name]
  return attribute?.type === 'ints' ? attribute.value.map(Number) : undefined
}

/** A float attribute, or the operator's default. */
export function floatOf(node: Node, name: string, fallback: number): number {
  const attribute = node.attributes[name]
  return attribute?.type === 'float' ? attribute.value : fallback
}

/** A string attribute, or the operator's default. */
export function textOf(node: Node, name: string, fallback: string): string {
  const attribute = node.attributes[name]
  return attribute?.type === 'string' ? attribute.value : fallback
}

/** 'Add', or 'com.microsoft:Gelu' outside of the standard domain. */
export function operatorOf(node: Node): string {
  return node.domain === '' ? node.opType : `${node.domain}:${node.opType}`
}
