import { intOf, type Model, positiveAxis, sizeOf, type Tensor, tensor } from '../onnx/index.ts'

/** The model with weights that are stored as int8 and dequantized in the graph (`DequantizeLinear`) as float32 initializers. */
export function widenWeights(model: Model): Model {
  const initializers = new Map(model.graph.initializers)
  const nodes = model.graph.nodes.filter((node) => {
    if (node.opType !== 'DequantizeLinear') return true
    const [quantized, scale, zeroPoint] = node.inputs.map((name) => model.graph.initializers.get(name))
    const [output] = node.outputs
    if (quantized?.dtype !== 'int8' || scale?.dtype !== 'float32' || zeroPoint || output === undefined) return true
    initializers.set(output, dequantize(quantized, scale, positiveAxis(intOf(node, 'axis', 1), quantized.dims.length)))
    for (const name of node.inputs) initializers.delete(name)
    return false
  })
  return { ...model, graph: { ...model.graph, nodes, initializers } }
}

/** One scale per index of `axis` (or one in all): x = q · scale. */
function dequantize(quantized: Tensor, scale: Tensor, axis: number): Tensor {
  const { dims } = quantized
  const from = quantized.data as Int8Array
  const scales = scale.data as Float32Array
  const data = new Float32Array(from.length)
  const inner = scales.length === 1 ? data.length : sizeOf(dims.slice(axis + 1))
  // Run by run, without a division for each of some twenty million weights.
  for (let i = 0; i < data.length; ) {
    for (let run = 0; run < scales.length; run++) {
      const factor = scales[run] as number
      for (const end = i + inner; i < end; i++) data[i] = (from[i] as number) * factor
    }
  }
  return tensor('float32', dims, data)
}
