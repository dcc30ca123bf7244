/**
 * Products of a training step on 8-bit integers (SwitchBack, Wortsman et al. 2023, https://arxiv.org/abs/2304.13013):
 * u8 × s8, the one pairing that CPUs with VNNI or AMX multiply several times faster than floats.
 *
 * An activation x, quantized per tensor, is s·(q − z) with q in 0 … 255 (DynamicQuantizeLinear); a weight is s·q with q
 * in −127 … 127. Weights, optimizer, normalisation, softmax and products between activations stay float32.
 */
import { present } from '../base/index.ts'
import {
  consumersOf,
  createNode,
  encodeModel,
  GraphBuilder,
  int,
  intOf,
  ints,
  type Model,
  type Node,
  scalar,
  type Tensor,
  tensor,
} from '../onnx/index.ts'
import { openSession } from '../runtime/index.ts'

export type IntegerProductsOptions = {
  /** Rows of the products to replace: those over all tokens of a batch. */
  tokens: number
  /** Names of the inputs that are parameters. */
  weights: Iterable<string>
  /** Also xᵀ·dy, the gradients of the weights, besides x·W and dy·Wᵀ. */
  weightGradients: boolean
}

/** Narrower products gain nothing. */
const columnsMin = 64

/** The step's graph with its products over all tokens on integers. All sizes are fixed. */
export function useIntegerProducts(model: Model, { tokens, weights, weightGradients }: IntegerProductsOptions): Model {
  const { graph } = model
  const quantizer = createQuantizer()
  const fromWeights = findWeightValues(model, weights)
  const dims = new Map([...graph.inputs, ...graph.valueInfo.values()].map(({ name, dims }) => [name, dims]))
  const isWide = (name: string) => (dims.get(name) ?? []).every((dim) => typeof dim === 'number' && dim >= columnsMin)
  const biases = findBiases(model, fromWeights, dims)
  const absorbed = new Set<string>()
  const nodes = graph.nodes.flatMap((node): Node[] => {
    if (absorbed.has(node.name)) return []
    const [a, b] = node.inputs as [string, string]
    const isPlain = node.opType === 'Gemm' && node.inputs.length === 2 && !node.attributes.alpha
    if (!isPlain || !isWide(a) || !isWide(b) || dims.get(a)?.[0] !== tokens || fromWeights.has(a)) return [node]
    const [transA, transB] = [intOf(node, 'transA', 0) === 1, intOf(node, 'transB', 0) === 1]
    if (!transA && fromWeights.has(b)) {
      const bias = biases.get(node.outputs[0] as string)
      if (bias) absorbed.add(bias.sum.name)
      return product(bias?.sum ?? node, quantizer.activation(a), quantizer.weight(b, transB), bias?.name)
    }
    if (weightGradients && transA && !transB && !fromWeights.has(b)) {
      return product(node, quantizer.transposedActivation(a), quantizer.signedActivation(b))
    }
    return [node]
  })
  return { ...model, graph: { ...graph, nodes, initializers: new Map([...graph.initializers, ...constants]) } }
}

/**
 * Whether this CPU adds u8 × s8 products without loss. Before VNNI, pairs of products are added in 16 bits, which
 * saturate: 255·127 + 255·127 gives 32,767 in place of 64,770.
 */
export async function hasExactIntegerProducts(): Promise<boolean> {
  const [rows, inner, columns] = [16, 64, 16]
  const g = new GraphBuilder()
  const a = tensor('uint8', [rows, inner], new Uint8Array(rows * inner).fill(255))
  const b = tensor('int8', [inner, columns], new Int8Array(inner * columns).fill(127))
  g.output('y', g.op('MatMulInteger', [g.input('a', a.dtype, a.dims), g.input('b', b.dtype, b.dims)]))
  const session = await openSession(encodeModel(g.build()))
  try {
    const { y } = await session.run({ a, b })
    return (present(y, 'product').data as Int32Array).every((value) => value === inner * 255 * 127)
  } finally {
    await session.release()
  }
}

/** A quantized matrix: nodes that make it, where they are not there yet, and names of value, scale and zero point. */
type Quantized = { nodes: Node[]; value: string; scale: string; zero: string }

const names = { least: 'int8/least-scale', range: 'int8/range', zero: 'int8/zero', shift: 'int8/shift' }
const constants: [string, Tensor][] = [
  // A matrix of zeros has a scale too.
  [names.least, scalar('float32', 1e-30)],
  [names.range, scalar('float32', 127)],
  [names.zero, tensor('int8', [], new Int8Array([0]))],
  [names.shift, scalar('int32', 128)],
]

/** Each value is quantized once, whichever products read it. */
function createQuantizer() {
  const made = new Set<string>()
  const once = (nodes: Node[]) => nodes.filter(({ name }) => !made.has(name) && made.add(name))
  const transpose = (from: string, to: string) => createNode('Transpose', [from], [to], { perm: ints([1, 0]) })

  const activation = (x: string): Quantized => {
    const [value, scale, zero] = [`${x}/u8`, `${x}/u8-scale`, `${x}/u8-zero`]
    return { nodes: once([createNode('DynamicQuantizeLinear', [x], [value, scale, zero])]), value, scale, zero }
  }
  return {
    activation,
    transposedActivation(x: string): Quantized {
      const { nodes, value, scale, zero } = activation(x)
      const turned = `${value}-transposed`
      return { nodes: [...nodes, ...once([transpose(value, turned)])], value: turned, scale, zero }
    },
    /** The same steps of the same scale, shifted by 128 into −128 … 127. */
    signedActivation(x: string): Quantized {
      const { nodes, scale, zero } = activation(x)
      const [value, wide, shifted, signed] = [`${x}/s8`, `${zero}-wide`, `${zero}-shifted`, `${x}/s8-zero`]
      const added = [
        createNode('Cast', [zero], [wide], { to: int(6) }),
        createNode('Sub', [wide, names.shift], [shifted]),
        createNode('Cast', [shifted], [signed], { to: int(3) }),
        createNode('QuantizeLinear', [x, scale, signed], [value]),
      ]
      return { nodes: [...nodes, ...once(added)], value, scale, zero: signed }
    },
    weight(w: string, isTransposed: boolean): Quantized {
      const [value, scale] = [`${w}/s8`, `${w}/s8-scale`]
      const [size, largest, loose] = [`${w}/size`, `${w}/largest`, `${w}/scale`]
      const nodes = [
        createNode('Abs', [w], [size]),
        createNode('ReduceMax', [size], [largest], { keepdims: int(0) }),
        createNode('Div', [largest, names.range], [loose]),
        createNode('Max', [loose, names.least], [scale]),
        createNode('QuantizeLinear', [w, scale, names.zero], [value]),
      ]
      const turned = `${value}-transposed`
      if (!isTransposed) return { nodes: once(nodes), value, scale, zero: names.zero }
      return { nodes: once([...nodes, transpose(value, turned)]), value: turned, scale, zero: names.zero }
    },
  }
}

/** Products to which nothing but a bias is added, by name: the bias, and the Add that the kernel does in passing. */
function findBiases(
  { graph }: Model,
  fromWeights: ReadonlySet<string>,
  dims: ReadonlyMap<string, readonly unknown[] | null | undefined>,
): ReadonlyMap<string, { name: string; sum: Node }> {
  const inputs = new Set(graph.inputs.map(({ name }) => name))
  const consumers = consumersOf(graph)
  for (const { name } of graph.outputs) consumers.delete(name)
  return new Map(
    [...consumers].flatMap(([product, [sum, ...others]]) => {
      const name = sum?.inputs.find((input) => input !== product) ?? ''
      const isBias = fromWeights.has(name) && inputs.has(name) && dims.get(name)?.length === 1
      return sum?.opType === 'Add' && others.length === 0 && isBias ? [[product, { name, sum }] as const] : []
    }),
  )
}

/** `node`'s outputs as the product of two quantized matrices and a bias, if any. */
function product({ outputs }: Node, a: Quantized, b: Quantized, bias?: string): Node[] {
  const inputs = [a.value, b.value, a.scale, b.scale, a.zero, b.zero, ...(bias === undefined ? [] : [bias])]
  return [...a.nodes, ...b.nodes, createNode('MatMulIntegerToFloat', inputs, outputs, {}, 'com.microsoft')]
}

/** Parameters and what is computed from nothing else, such as a matrix with its adapter added. */
function findWeightValues({ graph }: Model, weights: Iterable<string>): ReadonlySet<string> {
  const found = new Set(weights)
  for (const { inputs, outputs } of graph.nodes) {
    const isFromWeights = inputs.some((name) => found.has(name))
    if (isFromWeights && inputs.every((name) => found.has(name) || graph.initializers.has(name)))
      for (const output of outputs) found.add(output)
  }
  return found
}
