/**
 * Exported encoders have lost their Dropout nodes. This puts them back where BERT has them (Devlin et al. 2018): on the
 * attention probabilities, on each layer's output before it joins the residual stream, and on the embeddings.
 */
import { float, type Model, type Node } from '../onnx/index.ts'

export function insertDropout(model: Model, rate: number): Model {
  const { nodes, initializers } = model.graph
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)))
  const producer = (name: string, opType: string) => {
    const node = producers.get(name)
    return node?.opType === opType ? node : undefined
  }
  const isLinear = (name: string): boolean => {
    const sum = producer(name, 'Add')
    return sum?.inputs.some((input) => producer(input, 'MatMul')?.inputs.some((x) => initializers.has(x))) ?? false
  }
  const isEmbedding = (name: string): boolean => {
    if (producer(name, 'Gather')) return true
    return producer(name, 'Add')?.inputs.every(isEmbedding) ?? false
  }
  /** The x of a layer normalisation, also of one written out as (x − mean) / deviation · γ + β. */
  const normalizedValue = (node: Node): string | undefined => {
    if (node.opType === 'LayerNormalization') return node.inputs[0]
    const scaled = node.opType === 'Add' ? node.inputs.map((input) => producer(input, 'Mul')).find(Boolean) : undefined
    const quotient = scaled?.inputs.map((input) => producer(input, 'Div')).find(Boolean)
    const centred = quotient && producer(quotient.inputs[0] as string, 'Sub')
    return centred?.inputs[0]
  }
  /** Value → the name under which its consumers (all, or the one node) read it. */
  const dropped = new Map<string, { onlyIn: Node | null }>()
  for (const node of nodes) {
    const [a, b] = node.inputs as [string, string]
    if (node.opType === 'MatMul' && producer(a, 'Softmax')) dropped.set(a, { onlyIn: null })
    if (node.opType === 'Add' && !initializers.has(a) && !initializers.has(b) && isLinear(a) !== isLinear(b)) {
      dropped.set(isLinear(a) ? a : b, { onlyIn: node })
    }
    const normalized = normalizedValue(node)
    if (normalized && isEmbedding(normalized)) dropped.set(node.outputs[0] as string, { onlyIn: null })
  }
  const rewritten = nodes.flatMap((node): Node[] => {
    const rename = (input: string) => {
      const drop = dropped.get(input)
      return drop && (drop.onlyIn === null || drop.onlyIn === node) ? droppedName(input) : input
    }
    const added = node.outputs.filter((output) => dropped.has(output)).map((output) => dropoutNode(output, rate))
    return [{ ...node, inputs: node.inputs.map(rename) }, ...added]
  })
  return { ...model, graph: { ...model.graph, nodes: rewritten } }
}

function droppedName(value: string): string {
  return `${value}/dropped`
}

/** A Dropout node whose share of zeros is an attribute, as in opsets before 12. */
export function dropoutNode(value: string, rate: number, name = droppedName(value)): Node {
  return { name, opType: 'Dropout', domain: '', inputs: [value], outputs: [name], attributes: { ratio: float(rate) } }
}
