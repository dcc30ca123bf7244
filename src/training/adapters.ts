/**
 * Low-rank adapters (LoRA, Hu et al. 2021, https://arxiv.org/abs/2106.09685): a frozen matrix W gets a trained sum
 * W + alpha/rank · a·b with a [rows, rank] and b [rank, columns]; b starts at zero.
 */
import { createRandom, present } from '../base/index.ts'
import { float, int, intOf, type Model, type Node, scalar, type Tensor, tensor, zeros } from '../onnx/index.ts'
import { dropoutNode } from './insert-dropout.ts'
import { createPathFilter, refuseIdlePatterns } from './parameter-paths.ts'

export type AdapterScale = { readonly rank: number; readonly alpha: number }

export type Adapter = { readonly weight: string; readonly a: Tensor; readonly b: Tensor }

export const adapterNames = (weight: string) => ({ a: `${weight}/lora_a`, b: `${weight}/lora_b` })

/** One adapter for each matrix of a linear layer whose path matches. Throws `training.idle-pattern`. */
export function createAdapters(
  model: Model,
  paths: ReadonlyMap<string, string>,
  { rank, targets, seed }: { rank: number; targets: readonly string[]; seed: number },
): Adapter[] {
  const layers = model.graph.nodes.flatMap((node) => linearWeight(model, node) ?? [])
  const weights = [...new Set(layers)].filter((name) => paths.has(name))
  const pathOf = (name: string) => paths.get(name) ?? name
  refuseIdlePatterns('lora targets', targets, weights.map(pathOf))
  const isTarget = createPathFilter(targets)
  return weights
    .filter((name) => isTarget(pathOf(name)))
    .map((weight) => {
      const [rows, columns] = present(model.graph.initializers.get(weight), weight).dims as [number, number]
      const random = createRandom(seed, 'adapter', weight)
      // Uniform in ±1/√rows, as a linear layer of that many inputs starts in PyTorch.
      const draw = () => (2 * random.float() - 1) / Math.sqrt(rows)
      const a = tensor('float32', [rows, rank], Float32Array.from({ length: rows * rank }, draw))
      return { weight, a, b: zeros('float32', [rank, columns]) }
    })
}

/**
 * The model with its adapters. Without dropout the layers read the summed matrix: one small product a step, and nothing
 * on the activations. Dropout falls on what enters the adapter, so with it the adapter is a branch of its own.
 */
export function insertAdapters(
  model: Model,
  adapters: readonly Adapter[],
  { rank, alpha, dropout }: AdapterScale & { dropout: number },
): Model {
  const initializers = new Map(model.graph.initializers)
  const adapted = new Set(adapters.map(({ weight }) => weight))
  for (const { weight, a, b } of adapters) {
    initializers.set(adapterNames(weight).a, a)
    initializers.set(adapterNames(weight).b, b)
  }
  const scale = alpha / rank
  if (dropout > 0) initializers.set(scaleName, scalar('float32', scale))
  const sums = dropout > 0 ? [] : adapters.map(({ weight }) => sumNode(weight, scale))
  const nodes = model.graph.nodes.flatMap((node): Node[] => {
    const weight = linearWeight(model, node)
    if (!weight || !adapted.has(weight)) return [node]
    if (dropout > 0) return branchNodes(node, weight, dropout)
    return [{ ...node, inputs: node.inputs.map((input) => (input === weight ? summedName(weight) : input)) }]
  })
  return { ...model, graph: { ...model.graph, initializers, nodes: [...sums, ...nodes] } }
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

/** The matrix that a linear layer multiplies its input by. */
function linearWeight({ graph }: Model, node: Node): string | undefined {
  const weight = node.inputs[1]
  const isLinear = node.opType === 'MatMul' || (node.opType === 'Gemm' && intOf(node, 'transA', 0) === 0)
  return isLinear && weight && graph.initializers.get(weight)?.dims.length === 2 ? weight : undefined
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

/** y = x·W and, beside it, dropout(x)·a·b · scale; a transposed W has its factors transposed. */
function branchNodes(node: Node, weight: string, rate: number): Node[] {
  const { a, b } = adapterNames(weight)
  const [output] = node.outputs as [string]
  const [plain, dropped, inner, outer, scaled] = ['plain', 'dropped', 'inner', 'outer', 'scaled'].map(
    (part) => `${output}/${part}`,
  ) as [string, string, string, string, string]
  const make = (opType: string, inputs: string[], name: string, attributes: Node['attributes'] = {}): Node => ({
    name,
    opType,
    domain: '',
    inputs,
    outputs: [name],
    attributes,
  })
  const isTransposed = intOf(node, 'transB', 0) === 1
  const product = (x: string, factor: string, name: string) =>
    isTransposed ? make('Gemm', [x, factor], name, { transB: int(1) }) : make('MatMul', [x, factor], name)
  return [
    { ...node, outputs: [plain] },
    dropoutNode(node.inputs[0] as string, rate, dropped),
    product(dropped, isTransposed ? b : a, inner),
    product(inner, isTransposed ? a : b, outer),
    make('Mul', [outer, scaleName], scaled),
    make('Add', [plain, scaled], output),
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
