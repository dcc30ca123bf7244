/**
 * Batches of products, Q·Kᵀ and its gradients, that read an operand the other way round in place of a Transpose. To turn the
 * last axis moves single numbers and takes several times as long as to move whole rows; the kernel reads either way at
 * little cost, and forward and backward then share one copy.
 */
import { type Attribute, int, ints, intsOf, type Model, type Node } from '../onnx/index.ts'

/** A value as the transpose of another: its axis i is axis `perm[i]` of `source`. */
type Turned = { source: string; perm: readonly number[] }

/** The step's graph with each Transpose that swaps the last two axes of a product's operand moved into the product. */
export function fuseTransposes(model: Model): Model {
  const { graph } = model
  const turned = new Map<string, Turned>()
  /** Names of transposes, by what they are. */
  const made = new Map<string, string>()
  const valueInfo = new Map(graph.valueInfo)
  const dims = new Map([...graph.inputs, ...graph.valueInfo.values()].map((value) => [value.name, value.dims]))
  const nodes = graph.nodes.flatMap((node): Node[] => {
    if (node.opType === 'Transpose') {
      const [input, output] = [node.inputs[0] as string, node.outputs[0] as string]
      const perm = intsOf(node, 'perm')
      if (!perm) return [node]
      const inner = turned.get(input)
      const value = inner
        ? { source: inner.source, perm: perm.map((axis) => inner.perm[axis] as number) }
        : { source: input, perm }
      turned.set(output, value)
      if (!made.has(nameOf(value))) made.set(nameOf(value), output)
      return [node]
    }
    if (node.opType !== 'MatMul') return [node]
    const added: Node[] = []
    const operands = node.inputs.map((name) => {
      const value = turned.get(name)
      if (!value || value.perm.length < 3) return { name, isSwapped: false }
      const isSwapped = value.perm.at(-2) === value.perm.length - 1
      const kept = isSwapped ? { ...value, perm: swapLast(value.perm) } : value
      if (kept.perm.every((axis, i) => axis === i)) return { name: kept.source, isSwapped }
      const known = made.get(nameOf(kept))
      if (known !== undefined) return { name: known, isSwapped }
      made.set(nameOf(kept), nameOf(kept))
      added.push(transpose(kept))
      const turnedDims = kept.perm.map((axis) => dims.get(kept.source)?.[axis] ?? null)
      valueInfo.set(nameOf(kept), { name: nameOf(kept), dtype: 'float32', dims: turnedDims })
      return { name: nameOf(kept), isSwapped }
    })
    const inputs = operands.map(({ name }) => name)
    if (!operands.some(({ isSwapped }) => isSwapped)) return [...added, { ...node, inputs }]
    const [transA, transB] = operands.map(({ isSwapped }) => int(isSwapped ? 1 : 0)) as [Attribute, Attribute]
    return [
      ...added,
      { ...node, opType: 'FusedMatMul', domain: 'com.microsoft', inputs, attributes: { transA, transB } },
    ]
  })
  return { ...model, graph: { ...graph, valueInfo, nodes: withoutUnusedTransposes(nodes, graph.outputs) } }
}

/** The runtime would compute them. */
function withoutUnusedTransposes(nodes: readonly Node[], outputs: readonly { name: string }[]): Node[] {
  const used = new Set(outputs.map(({ name }) => name))
  return nodes.reduceRight<Node[]>((kept, node) => {
    if (node.opType === 'Transpose' && !node.outputs.some((output) => used.has(output))) return kept
    for (const input of node.inputs) used.add(input)
    kept.unshift(node)
    return kept
  }, [])
}

const nameOf = ({ source, perm }: Turned) => `${source}/turned-${perm.join('-')}`

const swapLast = (perm: readonly number[]) => [...perm.slice(0, -2), ...perm.slice(-2).reverse()]

function transpose(value: Turned): Node {
  const name = nameOf(value)
  return {
    name,
    opType: 'Transpose',
    domain: '',
    inputs: [value.source],
    outputs: [name],
    attributes: { perm: ints(value.perm) },
  }
}
