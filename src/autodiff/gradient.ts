/**
 * Reverse-mode differentiation of a graph under construction: appends to the builder the nodes that compute the
 * gradient of a scalar with respect to given values.
 *
 * Terms: a *target* is a value whose gradient is wanted; a node is *on the path* where a target reaches it and it
 * reaches the loss; a *contribution* is one node's share of a value's gradient, and the gradient is their sum.
 */
import { assert, present, UnsupportedError } from '../base/index.ts'
import {
  type BuiltNode,
  type GraphBuilder,
  type Node,
  operatorOf,
  sameDims,
  sizeOf,
  type Value,
} from '../onnx/index.ts'
import { computeLayer, foldLayers, holdInputs, type Layer } from './layers.ts'
import { type Rule, toOperation } from './rule.ts'
import { rules } from './rules/index.ts'

export type GradientOptions = {
  /** The gradient of the loss itself: 1 for a scalar. */
  seed?: Value | undefined
  /** The layer of each weight, from 1: activations of layers are computed again in place of being kept. */
  layers?: ReadonlyMap<string, number> | undefined
}

/**
 * The gradients of `loss` (a scalar, or any value with `seed` as its own gradient) with respect to `targets`.
 * A target that does not influence the loss gets zeros.
 * Throws UnsupportedError `gradient.unsupported-op` naming every operator on the path that has no rule.
 */
export function gradient(
  g: GraphBuilder,
  loss: Value,
  targets: readonly Value[],
  { seed, layers }: GradientOptions = {},
): Value[] {
  assert(seed || loss.dims.length === 0, `internal: the loss has shape [${loss.dims}], so it needs a seed`)
  const path = nodesOnPath(g, [loss], targets)
  refuseUnsupported(path)
  const steps = layers ? foldLayers(g, path, layers) : path
  const gradients = walkBack(g, steps, [[loss, seed ?? g.fill(loss, 1)]], targets)
  return gradients.map((dx, i) => dx ?? g.fill(targets[i] as Value, 0))
}

/** The operator's simpler form in the place of a node, where its rule knows one; null where not. */
export function expandNode(g: GraphBuilder, node: Node, inputs: readonly (Value | null)[]): readonly Value[] | null {
  const rule = ruleOf(node)
  return typeof rule === 'object' ? rule.expand(g, toOperation(g, { node, inputs, outputs: [] })) : null
}

/** The sums of contributions that the targets get from the seeded values; null where there are none. */
function walkBack(
  g: GraphBuilder,
  steps: readonly (BuiltNode | Layer)[],
  seeds: readonly (readonly [value: Value, dy: Value])[],
  targets: readonly (Value | null)[],
): (Value | null)[] {
  const wanted = new Set(targets.map((target) => target?.name))
  /** Parts of the targets' gradients that no layer has waited for yet. */
  let fresh: Value[] = []
  const contributions = new Map<string, Value[]>()
  const contribute = ({ name }: Value, dy: Value) => contributions.set(name, [...(contributions.get(name) ?? []), dy])
  const gradientOf = (value: Value | null): Value | null => {
    const parts = value && contributions.get(value.name)
    if (!parts) return null
    const sum = parts.reduce((total, part) => g.add(total, part))
    contributions.set(value.name, [sum])
    return sum
  }
  for (const [value, dy] of seeds) contribute(value, dy)
  for (const step of steps.toReversed()) {
    const dys = step.outputs.map(gradientOf)
    const there = dys.filter((dy) => dy !== null)
    if (there.length === 0) continue
    const isLayer = 'nodes' in step
    const results = isLayer ? differentiateLayer(g, step, dys, [...there, ...fresh]) : differentiate(g, step, dys)
    if (isLayer) fresh = []
    step.inputs.forEach((input, i) => {
      const result = results[i]
      if (!input || !result || g.constantOf(input)) return
      const part = isLayer ? result : reduceTo(g, result, input, step)
      contribute(input, part)
      if (wanted.has(input.name)) fresh.push(part)
    })
  }
  return targets.map(gradientOf)
}

/** The gradients of one node's inputs. */
function differentiate(g: GraphBuilder, built: BuiltNode, dys: readonly (Value | null)[]): readonly (Value | null)[] {
  const rule = ruleOf(built.node)
  if (rule === 'none' || rule === undefined) return []
  if (typeof rule === 'object') {
    // Names of their own keep inputs apart of which one is made from another, and hide from the builder what made them.
    const inputs = built.inputs.map((input) => (input && !g.constantOf(input) ? g.op('Identity', [input]) : input))
    return differentiateValues(g, rule.expand(g, toOperation(g, { ...built, inputs })), dys, inputs)
  }
  const filled = dys.map((dy, i) => dy ?? g.fill(built.outputs[i] as Value, 0))
  const results = rule(g, filled, toOperation(g, built, dys))
  assert(
    results.length === built.inputs.length,
    `internal: rule of ${operatorOf(built.node)} gave ${results.length} gradients`,
  )
  return results
}

/** Computes the layer again, once what is awaited is there, and walks back through that. */
function differentiateLayer(
  g: GraphBuilder,
  layer: Layer,
  dys: readonly (Value | null)[],
  awaited: readonly Value[],
): (Value | null)[] {
  const inputs = holdInputs(g, layer, awaited)
  return differentiateValues(g, computeLayer(g, layer, inputs), dys, inputs)
}

/** Walks back from values that have the gradients `dys`, as far as `inputs`. */
function differentiateValues(
  g: GraphBuilder,
  values: readonly Value[],
  dys: readonly (Value | null)[],
  inputs: readonly (Value | null)[],
): (Value | null)[] {
  const seeds = dys.flatMap((dy, i) => (dy ? [[present(values[i], `output ${i}`), dy] as const] : []))
  const outputs = seeds.map(([value]) => value)
  const targets = inputs.filter((input) => input !== null)
  return walkBack(g, nodesOnPath(g, outputs, targets), seeds, inputs)
}

function ruleOf(node: Node): Rule | undefined {
  const operator = operatorOf(node)
  return Object.hasOwn(rules, operator) ? rules[operator as keyof typeof rules] : undefined
}

/** Nodes between the targets and the ends, in topological order. */
function nodesOnPath(g: GraphBuilder, ends: readonly Value[], targets: readonly Value[]): BuiltNode[] {
  const reached = new Set(targets.map((target) => target.name))
  const forward = g.nodes.filter(({ inputs, outputs }) => {
    if (!inputs.some((input) => input && reached.has(input.name))) return false
    for (const output of outputs) reached.add(output.name)
    return true
  })
  const needed = new Set(ends.map((end) => end.name))
  const path = forward.toReversed().filter(({ node, inputs, outputs }) => {
    if (!outputs.some((output) => needed.has(output.name))) return false
    // Nothing flows back through an operator without a derivative, so what lies before it is not on the path.
    if (ruleOf(node) !== 'none') for (const input of inputs) if (input) needed.add(input.name)
    return true
  })
  return path.reverse()
}

function refuseUnsupported(path: readonly BuiltNode[]): void {
  const missing = path.filter(({ node }) => ruleOf(node) === undefined)
  if (missing.length === 0) return
  const nodesOf = new Map<string, string[]>()
  for (const { node } of missing) nodesOf.set(operatorOf(node), [...(nodesOf.get(operatorOf(node)) ?? []), node.name])
  const list = [...nodesOf].map(([operator, nodes]) => `${operator} (node ${nodes.join(', ')})`)
  throw new UnsupportedError('gradient.unsupported-op', `No gradient rule for ${list.join('; ')}`, {
    hint: 'Freeze what lies before these nodes, or add a rule in src/autodiff/rules.',
    details: missing.map(({ node }) => ({ operator: operatorOf(node), node: node.name })),
  })
}

/** The sum over the first `axisCount` axes, as a product with ones: several times faster than ReduceSum on rows. */
function sumRows(g: GraphBuilder, x: Value, axisCount: number): Value {
  const rows = sizeOf(x.dims.slice(0, axisCount))
  const ones = g.fill({ dtype: x.dtype, dims: [1, rows] }, 1)
  return g.matMul(ones, g.reshape(x, [rows, sizeOf(x.dims.slice(axisCount))]))
}

/** Sums a gradient over the axes along which its value was broadcast. */
function reduceTo(g: GraphBuilder, gradientValue: Value, target: Value, built: BuiltNode): Value {
  assert(
    gradientValue.dtype === target.dtype,
    `internal: rule of ${operatorOf(built.node)}: gradient of ${target.name} is ${gradientValue.dtype}, not ${target.dtype}`,
  )
  if (sameDims(gradientValue.dims, target.dims)) return gradientValue
  const lead = gradientValue.dims.length - target.dims.length
  const axes = gradientValue.dims.flatMap((dim, i) =>
    i < lead || (target.dims[i - lead] === 1 && dim !== 1) ? [i] : [],
  )
  const isLeading = axes.length > 0 && axes.every((axis, i) => axis === i)
  const summed = g.reshape(
    isLeading ? sumRows(g, gradientValue, axes.length) : g.reduceSum(gradientValue, axes),
    target.dims,
  )
  assert(
    sameDims(summed.dims, target.dims),
    `internal: rule of ${operatorOf(built.node)}: gradient of ${target.name} has shape [${gradientValue.dims}], not [${target.dims}]`,
  )
  return summed
}
