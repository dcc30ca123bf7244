/**
 * Copies a model's graph into a builder, specialised to the shapes of its inputs: shape arithmetic folds away, older
 * operator forms are brought up to date, and patterns that exporters write out in full become the one operator that
 * the runtime has a fast kernel for (a linear layer: Gemm; x·Φ(x) through Erf: Gelu).
 */
import { InvalidInputError, present, UnsupportedError } from '../base/index.ts'
import { findGeluArgument, fuseLinear, isDecimal } from './fuse-pattern.ts'
import { type Attribute, type Model, type Node, operatorOf } from './graph.ts'
import type { GraphBuilder, Value } from './graph-builder.ts'
import { sizeOf, toNumbers } from './tensor.ts'
import { upgradeNode } from './upgrade-node.ts'

/** What the copy is connected to. */
export type GraftOptions = {
  /** The model's inputs, and initializers that shall be something else than constants (trained weights), by name. */
  bindings: ReadonlyMap<string, Value>
  /** Values wanted; nodes that none of them needs are not copied. */
  outputs: readonly string[]
  /** What a Dropout node does; without it, nothing. */
  dropout?: (x: Value, node: Node) => Value
  /** Simpler operators in the place of a node, or null where it stays. */
  expand?: (node: Node, inputs: readonly (Value | null)[]) => readonly Value[] | null
}

/** Copies what `outputs` need and returns them. */
export function graftGraph(g: GraphBuilder, model: Model, options: GraftOptions): Value[] {
  const { bindings, outputs } = options
  const { graph } = model
  const values = new Map(bindings)
  const opset = model.opsets.get('') ?? 1
  const resolve = (name: string): Value | null => {
    if (name === '') return null
    const initializer = values.has(name) ? undefined : graph.initializers.get(name)
    if (initializer) values.set(name, g.constant(initializer, name))
    return values.get(name) ?? unbound(name)
  }
  for (const node of neededNodes(graph.nodes, outputs)) {
    const inputs = node.inputs.map(resolve)
    refuseSubgraphs(node)
    const upgraded = upgradeNode(node, opset, inputs[0] ?? undefined)
    for (const [index, tensor] of upgraded.constants) {
      while (inputs.length < index) inputs.push(null)
      inputs[index] = g.constant(tensor)
    }
    const results = upgraded.asMatrix
      ? graftAsMatrix(g, upgraded.node, inputs, upgraded.asMatrix)
      : (options.expand?.(upgraded.node, inputs) ?? graftNode(g, upgraded.node, inputs, options.dropout))
    node.outputs.forEach((output, i) => {
      if (output !== '') values.set(output, present(results[i], `output ${i} of ${node.name}`))
    })
  }
  return outputs.map((name) => present(resolve(name), name))
}

function graftNode(
  g: GraphBuilder,
  node: Node,
  inputs: readonly (Value | null)[],
  dropout: GraftOptions['dropout'],
): readonly Value[] {
  const [a, b] = inputs
  switch (operatorOf(node)) {
    case 'Identity':
      return [present(a, 'input of Identity')]
    case 'Dropout': {
      const x = present(a, 'input of Dropout')
      const kept = dropout ? dropout(x, node) : x
      return node.outputs.length > 1 ? [kept, g.cast(g.fill(x, 1), 'bool')] : [kept]
    }
    case 'LayerNormalization':
      // With mean and inverse deviation as outputs: the gradient needs them, and to give them costs nothing.
      return g.node(node.opType, inputs, node.attributes, { outputCount: 3, names: node.outputs })
    case 'Add': {
      const linear = a && b && fuseLinear(g, a, b)
      if (linear) return [linear]
      break
    }
    case 'Div': {
      const divisor = b && g.constantOf(b)
      // A product is several times faster than a quotient.
      if (a && divisor && isDecimal(a) && sizeOf(divisor.dims) === 1 && divisor.dims.length <= a.dims.length) {
        return [g.mul(a, 1 / (toNumbers(divisor)[0] as number))]
      }
      break
    }
    case 'Mul': {
      const x = a && b && findGeluArgument(g, a, b)
      if (x) return [g.op('Gelu', [x], {}, { names: node.outputs })]
      break
    }
  }
  return g.node(node.opType, inputs, node.attributes, {
    domain: node.domain,
    outputCount: node.outputs.length,
    names: node.outputs,
  })
}

/** A node of one input and one output that sees its input as a matrix. */
function graftAsMatrix(
  g: GraphBuilder,
  node: Node,
  inputs: readonly (Value | null)[],
  dims: readonly [number, number],
): readonly Value[] {
  const x = present(inputs[0], `input of ${node.opType}`)
  return [g.reshape(g.op(node.opType, [g.reshape(x, dims)], node.attributes), x.dims)]
}

function neededNodes(nodes: readonly Node[], outputs: readonly string[]): Node[] {
  const needed = new Set(outputs)
  const kept = nodes.toReversed().filter((node) => {
    if (!node.outputs.some((output) => needed.has(output))) return false
    for (const input of node.inputs) needed.add(input)
    return true
  })
  return kept.reverse()
}

function refuseSubgraphs(node: Node): void {
  const holdsGraph = ({ type }: Attribute) => type === 'graph' || type === 'graphs'
  if (!Object.values(node.attributes).some(holdsGraph)) return
  throw new UnsupportedError(
    'onnx.subgraph',
    `${operatorOf(node)} (node ${node.name}) holds a subgraph, which cannot be specialised`,
    {
      hint: 'Export the model without control flow (for example with torch.onnx.export and fixed options).',
    },
  )
}

function unbound(name: string): never {
  throw new InvalidInputError('onnx.unbound-value', `The graph reads ${name}, which nothing defines`, {
    hint: 'The file is damaged or was cut from a larger graph: export it again.',
  })
}
