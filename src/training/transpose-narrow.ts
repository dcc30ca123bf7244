/**
 * Gradients of weights, xᵀ·dy, with the narrower matrix turned once: the runtime's kernel of a product whose left matrix is
 * stored the other way round takes longer than a pass that turns it, and query, key and value share one x.
 */
import { present } from '../base/index.ts'
import { createNode, int64s, intOf, ints, type Model, type Node } from '../onnx/index.ts'

/** Rows from which on the kernel's own turning costs more than a pass. */
const rowsMin = 256

/** The step's graph with xᵀ·dy as (xᵀ)·dy where x is no wider than dy, else as (dyᵀ·x)ᵀ. All sizes are fixed. */
export function transposeNarrowOperands(model: Model): Model {
  const { graph } = model
  const dims = new Map([...graph.inputs, ...graph.valueInfo.values()].map(({ name, dims }) => [name, dims ?? []]))
  const valueInfo = new Map(graph.valueInfo)
  const made = new Set<string>()
  const turn = (name: string, turned: string, dims: readonly number[], perm = [1, 0]): Node[] => {
    if (made.has(turned)) return []
    made.add(turned)
    valueInfo.set(turned, { name: turned, dtype: 'float32', dims })
    return [createNode('Transpose', [name], [turned], { perm: ints(perm) })]
  }
  const initializers = new Map(graph.initializers)
  const reshape = (name: string, reshaped: string, dims: readonly number[]): Node[] => {
    if (made.has(reshaped)) return []
    made.add(reshaped)
    const shape = `turned-dims/${dims}`
    initializers.set(shape, int64s(dims))
    valueInfo.set(reshaped, { name: reshaped, dtype: 'float32', dims })
    return [createNode('Reshape', [name, shape], [reshaped])]
  }
  const nodes = graph.nodes.flatMap((node): Node[] => {
    const [x = '', dy = ''] = node.inputs
    const [rows, width] = dims.get(x) ?? []
    const other = dims.get(dy)?.[1]
    const isPlain = node.opType === 'Gemm' && node.inputs.length === 2 && !node.attributes.alpha
    if (!isPlain || intOf(node, 'transA', 0) !== 1 || intOf(node, 'transB', 0) === 1) return [node]
    if (typeof rows !== 'number' || typeof width !== 'number' || typeof other !== 'number') return [node]
    if (rows < rowsMin) return [node]
    const output = present(node.outputs[0], 'output of Gemm')
    if (width <= other) {
      return [...turn(x, `${x}/turned`, [width, rows]), createNode('Gemm', [`${x}/turned`, dy], [output])]
    }
    if (rows % 2 !== 0) return [node]
    // The runtime would move both turns back into the product; it does not look behind a Reshape.
    const [split, moved, turned] = [`${dy}/split`, `${dy}/moved`, `${dy}/turned`]
    const [product, flipped] = [`${output}/product`, `${output}/flipped`]
    valueInfo.set(product, { name: product, dtype: 'float32', dims: [other, width] })
    return [
      ...reshape(dy, split, [2, rows / 2, other]),
      ...turn(split, moved, [other, 2, rows / 2], [2, 0, 1]),
      ...reshape(moved, turned, [other, rows]),
      createNode('Gemm', [turned, x], [product]),
      ...reshape(product, flipped, [other, width]),
      ...turn(flipped, output, [width, other]),
    ]
  })
  return { ...model, graph: { ...graph, nodes, valueInfo, initializers } }
}
