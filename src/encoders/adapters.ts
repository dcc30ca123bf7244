/**
 * Low-rank adapters (LoRA, Hu et al. 2021, https://arxiv.org/abs/2106.09685): a frozen matrix W gets a trained sum
 * W + alpha/rank · a·b with a [rows, rank] and b [rank, columns]; b starts at zero.
 */
import { present } from '../base/index.ts'
import { float, int, intOf, type Model, type Node, scalar, type Tensor, type ValueInfo } from '../onnx/index.ts'

export type AdapterScale = { readonly rank: number; readonly alpha: number }

export type Adapter = { readonly weight: string; readonly a: Tensor; readonly b: Tensor }

export const adapterNames = (weight: string) => ({ a: `${weight}/lora_a`, b: `${weight}/lora_b` })

/**
 * The model with its adapters. The layers read the summed matrix: one small product a step, and nothing on the
 * activations. Where something shall `drop` out of what enters an adapter, the adapter is a branch of its own.
 */
export function insertAdapters(
  model: Model,
  adapters: readonly Adapter[],
  { rank, alpha, drop }: AdapterScale & { drop?: ((value: string, name: string) => Node) | undefined },
): Model {
  const initializers = new Map(model.graph.initializers)
  for (const { weight, a, b } of adapters) {
    initializers.set(adapterNames(weight).a, a)
    initializers.set(adapterNames(weight).b, b)
  }
  const scale = alpha / rank
  if (drop) initializers.set(scaleName, scalar('float32', scale))
  const sums = drop ? [] : adapters.map(({ weight }) => sumNode(weight, scale))
  const nodes = replaceLayers(model, new Set(adapters.map(({ weight }) => weight)), (node, weight) => {
    if (drop) return branchNodes(node, weight, { drop, scale: scaleName })
    return [{ ...node, inputs: node.inputs.map((input) => (input === weight ? summedName(weight) : input)) }]
  })
  return { ...model, graph: { ...model.graph, initializers, nodes: [...sums, ...nodes] } }
}

/**
 * The model with a branch beside the layers of these weights, whose factors are inputs of any rank: one set of them is as
 * good as another, and b carries the scale.
 */
export function openAdapters(model: Model, weights: readonly string[]): Model {
  const { graph } = model
  const inputs = weights.flatMap((weight): ValueInfo[] => {
    const [rows, columns] = present(graph.initializers.get(weight), weight).dims as [number, number]
    const { a, b } = adapterNames(weight)
    return [
      { name: a, dtype: 'float32', dims: [rows, 'rank'] },
      { name: b, dtype: 'float32', dims: ['rank', columns] },
    ]
  })
  const nodes = replaceLayers(model, new Set(weights), (node, weight) => branchNodes(node, weight))
  return { ...model, graph: { ...graph, nodes, inputs: [...graph.inputs, ...inputs] } }
}

/** The model with each adapter added into its matrix: as large and as fast as the base. */
export function mergeAdapters(model: Model, adapters: readonly Adapter[], { rank, alpha }: AdapterScale): Model {
  const initializers = new Map(model.graph.initializers)
  for (const { weight, a, b } of adapters) {
    const base = present(initializers.get(weight), weight)
    initializers.set(weight, { ...base, data: addProduct(base.data as Float32Array, a, b, alpha / rank) })
  }
  return { ...model, graph: { ...model.graph, initializers } }
}

/** The matrices of all linear layers, and whether they are stored as [outputs, inputs]. */
export function linearLayers(model: Model): Map<string, { isTransposed: boolean }> {
  const entries = model.graph.nodes.flatMap((node) => {
    const weight = linearWeight(model, node)
    return weight ? [[weight, { isTransposed: isTransposed(node) }] as const] : []
  })
  return new Map(entries)
}

function replaceLayers(
  model: Model,
  weights: ReadonlySet<string>,
  replace: (node: Node, weight: string) => Node[],
): Node[] {
  return model.graph.nodes.flatMap((node) => {
    const weight = linearWeight(model, node)
    return weight && weights.has(weight) ? replace(node, weight) : [node]
  })
}

/** The matrix that a linear layer multiplies its input by. */
function linearWeight({ graph }: Model, node: Node): string | undefined {
  const weight = node.inputs[1]
  const isLinear = node.opType === 'MatMul' || (node.opType === 'Gemm' && intOf(node, 'transA', 0) === 0)
  return isLinear && weight && graph.initializers.get(weight)?.dims.length === 2 ? weight : undefined
}

function isTransposed(node: Node): boolean {
  return intOf(node, 'transB', 0) === 1
}

const scaleName = 'lora_scale'
const summedName = (weight: string) => `${weight}/adapted`

function sumNode(weight: string, scale: number): Node {
  const { a, b } = adapterNames(weight)
  const name = summedName(weight)
  return {
    name,
    opType: 'Gemm',
    domain: '',
    inputs: [a, b, weight],
    outputs: [name],
    attributes: { alpha: float(scale) },
  }
}

/** y = x·W and, beside it, x·a·b, on what is left of x and times the scale where asked; a transposed W has its factors transposed. */
function branchNodes(
  node: Node,
  weight: string,
  { drop, scale }: { drop?: (value: string, name: string) => Node; scale?: string } = {},
): Node[] {
  const { a, b } = adapterNames(weight)
  const [x] = node.inputs as [string]
  const [output] = node.outputs as [string]
  const part = (name: string) => `${output}/${name}`
  const make = (opType: string, inputs: string[], name: string, attributes: Node['attributes'] = {}): Node => ({
    name,
    opType,
    domain: '',
    inputs,
    outputs: [name],
    attributes,
  })
  const turned = isTransposed(node)
  const product = (left: string, factor: string, name: string) =>
    turned ? make('Gemm', [left, factor], name, { transB: int(1) }) : make('MatMul', [left, factor], name)
  return [
    { ...node, outputs: [part('plain')] },
    ...(drop ? [drop(x, part('dropped'))] : []),
    product(drop ? part('dropped') : x, turned ? b : a, part('inner')),
    product(part('inner'), turned ? a : b, part('outer')),
    ...(scale ? [make('Mul', [part('outer'), scale], part('scaled'))] : []),
    make('Add', [part('plain'), part(scale ? 'scaled' : 'outer')], output),
  ]
}

function addProduct(base: Float32Array, a: Tensor, b: Tensor, scale: number): Float32Array {
  const [rows, rank] = a.dims as [number, number]
  const columns = b.dims[1] as number
  const [left, right] = [a.data as Float32Array, b.data as Float32Array]
  const sum = base.slice()
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < rank; k++) {
      const factor = scale * (left[row * rank + k] as number)
      for (let column = 0; column < columns; column++) {
        const at = row * columns + column
        sum[at] = (sum[at] as number) + factor * (right[k * columns + column] as number)
      }
    }
  }
  return sum
}
