/**
 * Copies a model's graph into a builder, specialised to the shapes of its inputs: shape arithmetic folds away, older
 * operator forms are brought up to date, and patterns that exporters write out in full become the one operator that
 * the runtime has a fast kernel for (a linear layer: Gemm; x·Φ(x) through Erf: Gelu).
 */
import { InvalidInputError, present, UnsupportedError } from '../base/index.ts'
import { type Attribute, type Model, type Node, operatorOf } from './graph.ts'
import type { BuiltNode, GraphBuilder, Value } from './graph-builder.ts'
import { sizeOf, toNumbers } from './tensor.ts'
import { upgradeNode } from './upgrade-node.ts'

export type GraftOptions = {
  /** The model's inputs, and initializers that shall be something else than constants (trained weights), by name. */
  bindings: ReadonlyMap<string, Value>
  /** Values wanted; nodes that none of them needs are not copied. */
  outputs: readonly string[]
  /** What a Dropout node does; without it, nothing. */
  dropout?: (x: Value) => Value
}

/** Copies what `outputs` need and returns them. */
export function graftGraph(g: GraphBuilder, model: Model, { bindings, outputs, dropout }: GraftOptions): Value[] {
  const { graph } = model
  const values = new Map(bindings)
  const opset = model.opsets.get('') ?? model.opsets.get('ai.onnx') ?? 1
  const resolve = (name: string): Value | null => {
    if (name === '') return null
    const initializer = values.has(name) ? undefined : graph.initializers.get(name)
    if (initializer) values.set(name, g.constant(initializer, name))
    return values.get(name) ?? unbound(name)
  }
  for (const node of neededNodes(graph.nodes, outputs)) {
    const inputs = node.inputs.map(resolve)
    refuseSubgraphs(node)
    const upgraded = upgradeNode(node, opset, inputs[0]?.dims.length ?? 0)
    for (const [index, tensor] of upgraded.constants) inputs[index] = g.constant(tensor)
    const results = graftNode(g, upgraded.node, inputs, dropout)
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
      const kept = dropout ? dropout(x) : x
      return node.outputs.length > 1 ? [kept, g.cast(g.fill(x, 1), 'bool')] : [kept]
    }
    case 'LayerNormalization':
      // With mean and inverse deviation as outputs: the gradient needs them, and to give them costs nothing.
      return g.node(node.opType, inputs, node.attributes, { outputCount: 3, names: node.outputs })
    case 'Add': {
      const linear = a && b && (toLinear(g, a, b) ?? toLinear(g, b, a))
      if (linear) return [linear]
      break
    }
    case 'Div': {
      const divisor = b && g.constantOf(b)
      // A product is several times faster than a quotient.
      if (a && divisor && a.dtype.startsWith('float') && sizeOf(divisor.dims) === 1) {
        return [g.mul(a, 1 / (toNumbers(divisor)[0] as number))]
      }
      break
    }
    case 'Mul': {
      const x = a && b && (geluArgument(g, a, b) ?? geluArgument(g, b, a))
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

/** MatMul(x, w) + bias as one product over all rows of x. */
function toLinear(g: GraphBuilder, product: Value, bias: Value): Value | null {
  const producer = g.producerOf(product)
  if (producer?.node.opType !== 'MatMul' || bias.dims.length !== 1) return null
  const [x, w] = producer.inputs as [Value, Value]
  if (w.dims.length !== 2 || x.dims.length < 2 || bias.dims[0] !== w.dims[1]) return null
  const rows = g.reshape(x, [sizeOf(x.dims.slice(0, -1)), x.dims.at(-1) as number])
  // Added by itself: the kernel of Gemm first fills its result with the bias, which costs more than one pass of Add.
  return g.reshape(g.add(g.gemm(rows, w, null), bias), product.dims)
}

/** The x of Gelu(x) where `left · right` is x · 0.5 · (1 + erf(x / √2)) in any of the orders that exporters write. */
function geluArgument(g: GraphBuilder, left: Value, right: Value): Value | null {
  // (x · (1 + erf)) · 0.5
  if (isScalar(g, right, 0.5)) {
    const inner = producer(g, left, 'Mul')
    const [a, b] = (inner?.inputs ?? []) as [Value?, Value?]
    return (a && b && (isErfOf(g, b, a) ?? isErfOf(g, a, b))) ?? null
  }
  // x · (0.5 · (1 + erf)) and (x · 0.5) · (1 + erf)
  for (const [x, half] of [
    [left, right],
    [right, left],
  ] as const) {
    const inner = producer(g, half, 'Mul')
    const [a, b] = (inner?.inputs ?? []) as [Value?, Value?]
    for (const [value, factor] of [
      [a, b],
      [b, a],
    ] as const) {
      if (!value || !factor || !isScalar(g, factor, 0.5)) continue
      const found = isErfOf(g, value, x) ?? isErfOf(g, x, value)
      if (found) return found
    }
  }
  return null
}

/** x where `value` is 1 + erf(x / √2). */
function isErfOf(g: GraphBuilder, value: Value, x: Value): Value | null {
  const sum = producer(g, value, 'Add')
  const [a, b] = (sum?.inputs ?? []) as [Value?, Value?]
  const erf =
    a && b && (isScalar(g, b, 1) ? producer(g, a, 'Erf') : isScalar(g, a, 1) ? producer(g, b, 'Erf') : undefined)
  const scaled = erf?.inputs[0] && producer(g, erf.inputs[0], 'Mul')
  const [c, d] = (scaled?.inputs ?? []) as [Value?, Value?]
  return c?.name === x.name && d && isScalar(g, d, Math.SQRT1_2) ? x : null
}

function producer(g: GraphBuilder, value: Value, opType: string): BuiltNode | undefined {
  const built = g.producerOf(value)
  return built?.node.opType === opType ? built : undefined
}

function isScalar(g: GraphBuilder, value: Value, wanted: number): boolean {
  const constant = sizeOf(value.dims) === 1 ? g.constantOf(value) : undefined
  return constant !== undefined && Math.abs((toNumbers(constant)[0] as number) - wanted) < 1e-6
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
