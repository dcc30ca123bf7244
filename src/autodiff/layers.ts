/**
 * Activations that are computed again instead of being kept (gradient checkpointing, Chen et al. 2016,
 * https://arxiv.org/abs/1604.06174): the forward pass is cut into layers, and the walk back through a layer begins with
 * that layer's nodes once more, from the layer's inputs.
 */
import { present } from '../base/index.ts'
import { type BuiltNode, type GraphBuilder, sizeOf, type Value } from '../onnx/index.ts'

/** Nodes that are computed again as one; `inputs` are read from before them, `outputs` by what comes after. */
export type Layer = {
  readonly nodes: readonly BuiltNode[]
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
}

/**
 * The path with the nodes of each layer but the last put together; the last is the first to be walked back through, so
 * that its activations need not wait. `places`: the number of the layer of a weight, from 1. A node is in the highest
 * layer of what it depends on; 0 is no layer.
 */
export function foldLayers(
  g: GraphBuilder,
  path: readonly BuiltNode[],
  places: ReadonlyMap<string, number>,
): (BuiltNode | Layer)[] {
  const known = new Map(places)
  const placeOf = ({ name }: Value) => known.get(name) ?? 0
  const nodes = new Map<number, BuiltNode[]>()
  for (const built of g.nodes) {
    const place = Math.max(0, ...built.inputs.map((input) => (input ? placeOf(input) : 0)))
    for (const output of built.outputs) known.set(output.name, place)
    nodes.set(place, [...(nodes.get(place) ?? []), built])
  }
  const onPath = (place: number) => path.filter(({ outputs }) => placeOf(present(outputs[0], 'output')) === place)
  const used = [...nodes.keys()].sort((a, b) => a - b).filter((place) => onPath(place).length > 0)
  return used.flatMap((place, i): readonly (BuiltNode | Layer)[] =>
    place === 0 || i === used.length - 1 ? onPath(place) : [toLayer(g, present(nodes.get(place), 'layer'))],
  )
}

function toLayer(g: GraphBuilder, nodes: readonly BuiltNode[]): Layer {
  const inside = new Set(nodes)
  const made = nodes.flatMap(({ outputs }) => outputs)
  const names = new Set(made.map(({ name }) => name))
  const read = new Map(
    nodes.flatMap(({ inputs }) =>
      inputs.flatMap((input) =>
        input && !names.has(input.name) && !g.constantOf(input) ? [[input.name, input] as const] : [],
      ),
    ),
  )
  const readLater = new Set(
    g.nodes.filter((built) => !inside.has(built)).flatMap(({ inputs }) => inputs.map((input) => input?.name)),
  )
  return { nodes, inputs: [...read.values()], outputs: made.filter(({ name }) => readLater.has(name)) }
}

/**
 * What a layer reads, once `awaited` are there: a layer computed again must not run before the walk back reaches it, and
 * must not look to the runtime like the one that ran. Sums with zero times a number of each do both, at the cost of a
 * copy; numbers that are not finite show in the loss anyway.
 */
export function holdInputs(g: GraphBuilder, { inputs }: Layer, awaited: readonly Value[]): Value[] {
  const numbers = awaited.map((value) => g.slice(g.reshape(value, [sizeOf(value.dims)]), 0, 0, 1))
  const zero = g.mul(
    numbers.reduce((sum, number) => g.add(sum, number)),
    0,
  )
  return inputs.map((input) => {
    if (!g.producerOf(input)) return g.op('Identity', [input])
    return input.dtype === zero.dtype && input.dims.length > 0 ? g.add(input, zero) : input
  })
}

/** The layer's outputs, computed from other inputs. */
export function computeLayer(g: GraphBuilder, { nodes, inputs, outputs }: Layer, from: readonly Value[]): Value[] {
  const values = new Map(inputs.map((input, i) => [input.name, present(from[i], input.name)]))
  for (const built of nodes) {
    const { node } = built
    const results = g.node(
      node.opType,
      built.inputs.map((input) => input && (values.get(input.name) ?? input)),
      node.attributes,
      { domain: node.domain, outputCount: node.outputs.length, names: node.outputs },
    )
    built.outputs.forEach(({ name }, i) => {
      values.set(name, present(results[i], name))
    })
  }
  return outputs.map(({ name }) => present(values.get(name), name))
}
