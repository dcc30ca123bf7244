/**
 * Batches of products, Q·Kᵀ and its gradients, that read an operand the other way round in place of a Transpose. To turn the
 * last axis moves single numbers and takes several times as long as to move whole rows; the kernel reads either way at
 * little cost, and forward and backward then share one copy.
 */
import { createNode, type Graph, int, ints, intsOf, type Model, type Node } from '../onnx/index.ts'

/** A value as the transpose of another: its axis i is axis `perm[i]` of `source`. */
type Turned = { source: string; perm: readonly number[] }

/** The step's graph with each Transpose that swaps the last two axes of a product's operand moved into the product. */
export function fuseTransposes(model: Model): Model {
  const { graph } = model
  const transposes = createTransposes(graph)
  const nodes = graph.nodes.flatMap((node): Node[] => {
    if (node.opType === 'Transpose') transposes.note(node)
    if (node.opType !== 'MatMul') return [node]
    const operands = node.inputs.map(transposes.asOperand)
    const added = operands.flatMap(({ nodes }) => nodes)
    const inputs = operands.map(({ name }) => name)
    const [isLeft, isRight] = operands.map(({ isSwapped }) => isSwapped)
    if (!isLeft && !isRight) return [...added, { ...node, inputs }]
    const attributes = { transA: int(isLeft ? 1 : 0), transB: int(isRight ? 1 : 0) }
    return [...added, createNode('FusedMatMul', inputs, node.outputs, attributes, 'com.microsoft')]
  })
  const { valueInfo } = transposes
  return { ...model, graph: { ...graph, valueInfo, nodes: withoutUnusedTransposes(nodes, graph) } }
}

/** What is the transpose of what in a graph, each made once. */
function createTransposes({ inputs, valueInfo: before }: Graph) {
  const turned = new Map<string, Turned>()
  const valueInfo = new Map(before)
  const dims = new Map([...inputs, ...before.values()].map((value) => [value.name, value.dims]))
  const keyOf = ({ source, perm }: Turned) => `${source}/turned-${perm.join('-')}`
  /** Names of the values that are there, by key. */
  const made = new Map<string, string>()
  return {
    valueInfo,
    note(node: Node): void {
      const [source, output] = [node.inputs[0] as string, node.outputs[0] as string]
      const perm = intsOf(node, 'perm')
      if (!perm) return
      const inner = turned.get(source)
      const value = inner ? { ...inner, perm: perm.map((axis) => inner.perm[axis] as number) } : { source, perm }
      turned.set(output, value)
      if (!made.has(keyOf(value))) made.set(keyOf(value), output)
    },
    /** The value that a product reads in place of `name`, the other way round or not, and the nodes that make it. */
    asOperand(name: string): { name: string; isSwapped: boolean; nodes: Node[] } {
      const value = turned.get(name)
      if (!value || value.perm.length < 3) return { name, isSwapped: false, nodes: [] }
      const { source, perm } = value
      const isSwapped = perm.at(-2) === perm.length - 1
      const kept = { source, perm: isSwapped ? [...perm.slice(0, -2), ...perm.slice(-2).reverse()] : perm }
      const key = keyOf(kept)
      const known = kept.perm.every((axis, i) => axis === i) ? source : made.get(key)
      if (known !== undefined) return { name: known, isSwapped, nodes: [] }
      made.set(key, key)
      valueInfo.set(key, {
        name: key,
        dtype: 'float32',
        dims: kept.perm.map((axis) => dims.get(source)?.[axis] ?? null),
      })
      return { name: key, isSwapped, nodes: [createNode('Transpose', [source], [key], { perm: ints(kept.perm) })] }
    },
  }
}

/** The runtime would compute them. */
function withoutUnusedTransposes(nodes: readonly Node[], { outputs }: Graph): Node[] {
  const used = new Set(outputs.map(({ name }) => name))
  const kept = nodes.toReversed().filter((node) => {
    if (node.opType === 'Transpose' && !node.outputs.some((output) => used.has(output))) return false
    for (const input of node.inputs) used.add(input)
    return true
  })
  return kept.reverse()
}
