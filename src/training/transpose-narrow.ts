/**
 * Gradients of weights, xᵀ·dy, with xᵀ formed once: the runtime's kernel of a product whose left matrix is stored the
 * other way round takes longer than a pass that turns it, and query, key and value share one x.
 */
import { intOf, ints, type Model, type Node } from '../onnx/index.ts'

/** Rows from which on the kernel's own turning costs more than a pass. */
const rowsMin = 256

/** The step's graph with each such product where x is no wider than dy on a transposed copy of x. All sizes are fixed. */
export function transposeNarrowOperands(model: Model): Model {
  const { graph } = model
  const dims = new Map([...graph.inputs, ...graph.valueInfo.values()].map(({ name, dims }) => [name, dims ?? []]))
  const valueInfo = new Map(graph.valueInfo)
  const nodes = graph.nodes.flatMap((node): Node[] => {
    const [a = '', b = ''] = node.inputs
    const [rows, width] = dims.get(a) ?? []
    const other = dims.get(b)?.[intOf(node, 'transB', 0) === 1 ? 0 : 1]
    if (node.opType !== 'Gemm' || intOf(node, 'transA', 0) !== 1) return [node]
    if (typeof rows !== 'number' || typeof width !== 'number' || typeof other !== 'number') return [node]
    if (rows < rowsMin || width > other) return [node]
    const turned = `${a}/turned`
    const { transA: _, ...attributes } = node.attributes
    const product = { ...node, inputs: [turned, ...node.inputs.slice(1)], attributes }
    if (valueInfo.has(turned)) return [product]
    valueInfo.set(turned, { name: turned, dtype: 'float32', dims: [width, rows] })
    const attribute = { perm: ints([1, 0]) }
    return [
      { name: turned, opType: 'Transpose', domain: '', inputs: [a], outputs: [turned], attributes: attribute },
      product,
    ]
  })
  return { ...model, graph: { ...graph, nodes, valueInfo } }
}
