/**
 * (U·V)·Q = U·(V·Q): products of three matrices in the cheaper order. The gradient of a low-rank adapter is the case in
 * point: (xᵀ·dy)·bᵀ forms the gradient of the whole frozen matrix, only to multiply it by a narrow one.
 */
import { present } from '../base/index.ts'
import {
  type Attribute,
  consumersOf,
  float,
  floatOf,
  int,
  intOf,
  type Model,
  type Node,
  type ValueInfo,
} from './graph.ts'

/** A matrix as an operand: its name, its size as it takes part, and whether it is stored the other way round. */
type Operand = { name: string; rows: number; columns: number; isTransposed: boolean }

/** The model with each `Gemm` that only feeds other products replaced where the other order costs less. Sizes are fixed. */
export function reassociateProducts(model: Model): Model {
  const { graph } = model
  const dims = new Map(
    [...graph.inputs, ...graph.valueInfo.values()].map((value) => [value.name, value.dims as readonly number[]]),
  )
  for (const [name, tensor] of graph.initializers) dims.set(name, tensor.dims)
  const consumers = consumersOf(graph)
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  const replaced = new Map<Node, Node[]>()
  const valueInfo = new Map(graph.valueInfo)
  for (const inner of graph.nodes) {
    const [name] = inner.outputs as [string]
    const outers = consumers.get(name) ?? []
    if (inner.opType !== 'Gemm' || inner.inputs.length > 2 || outputs.has(name) || outers.length === 0) continue
    if (replaced.has(inner) || !outers.every((outer) => readsOnce(outer, name) && !replaced.has(outer))) continue
    const factors = operands(inner, dims)
    const rewritten = outers.map((outer) => ({
      outer,
      ...regroup(outer, name, factors, floatOf(inner, 'alpha', 1), dims),
    }))
    const saved = rewritten.reduce(
      (sum, { outer, cost }) => sum + costOf(...operands(outer, dims)) - cost,
      costOf(...factors),
    )
    if (saved <= 0) continue
    replaced.set(inner, [])
    for (const { outer, nodes, added } of rewritten) {
      replaced.set(outer, nodes)
      valueInfo.set(added.name, added)
    }
  }
  return {
    ...model,
    graph: { ...graph, valueInfo, nodes: graph.nodes.flatMap((node) => replaced.get(node) ?? [node]) },
  }
}

/** A product of two matrices that reads `name` as one of them. */
function readsOnce(node: Node, name: string): boolean {
  const [a, b, c] = node.inputs
  return node.opType === 'Gemm' && (a === name) !== (b === name) && c !== name
}

function operands(node: Node, dims: ReadonlyMap<string, readonly number[]>): [Operand, Operand] {
  const operand = (index: 0 | 1, flag: string): Operand => {
    const name = present(node.inputs[index], `input ${index} of Gemm`)
    const [rows, columns] = present(dims.get(name), `dimensions of ${name}`) as [number, number]
    const stored = { name, rows, columns, isTransposed: false }
    return intOf(node, flag, 0) === 1 ? transposed(stored) : stored
  }
  return [operand(0, 'transA'), operand(1, 'transB')]
}

function transposed({ name, rows, columns, isTransposed }: Operand): Operand {
  return { name, rows: columns, columns: rows, isTransposed: !isTransposed }
}

/** Multiplications of a product. */
function costOf(a: Operand, b: Operand): number {
  return a.rows * a.columns * b.columns
}

/** `outer`, a product with u·v in it under `name`, as two products that never form u·v. */
function regroup(
  outer: Node,
  name: string,
  [u, v]: readonly [Operand, Operand],
  alpha: number,
  dims: ReadonlyMap<string, readonly number[]>,
): { nodes: Node[]; added: ValueInfo; cost: number } {
  const [a, b] = operands(outer, dims)
  const isLeft = a.name === name
  const [first, second] = (isLeft ? a : b).isTransposed ? [transposed(v), transposed(u)] : [u, v]
  // Left: (first·second)·b = first·(second·b). Right: a·(first·second) = (a·first)·second.
  const [x, y] = isLeft ? [second, b] : [a, first]
  const middle: Operand = {
    name: `${outer.outputs[0]}/reassociated`,
    rows: x.rows,
    columns: y.columns,
    isTransposed: false,
  }
  const [left, right] = isLeft ? [first, middle] : [middle, second]
  const scale = { ...outer.attributes, alpha: float(alpha * floatOf(outer, 'alpha', 1)) }
  const nodes = [
    gemm(middle.name, x, y, [middle.name], {}),
    gemm(outer.name, left, right, outer.outputs, scale, outer.inputs.slice(2)),
  ]
  const added: ValueInfo = { name: middle.name, dtype: 'float32', dims: [middle.rows, middle.columns] }
  return { nodes, added, cost: costOf(x, y) + costOf(left, right) }
}

function gemm(
  name: string,
  a: Operand,
  b: Operand,
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>>,
  rest: readonly string[] = [],
): Node {
  const flags = { transA: int(a.isTransposed ? 1 : 0), transB: int(b.isTransposed ? 1 : 0) }
  return {
    name,
    opType: 'Gemm',
    domain: '',
    inputs: [a.name, b.name, ...rest],
    outputs,
    attributes: { ...attributes, ...flags },
  }
}
