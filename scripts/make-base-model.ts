/**
 * Makes the bundled base model from a folder in transformers.js layout with float32 weights:
 *
 *   npx tsx scripts/make-base-model.ts <float32 folder> models/all-MiniLM-L6-v2
 *
 * Every weight matrix is stored as int8 with one float32 scale per row (the row of an embedding, the output column of a
 * linear layer), followed by DequantizeLinear: a standard model that opens in any ONNX runtime, a quarter of the size.
 * Vectors stay float32. Deterministic: the same input gives the same bytes.
 */
import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 } from '../src/base/index.ts'
import { int, type Model, type Node, readModel, sizeOf, type Tensor, tensor, writeModel } from '../src/onnx/index.ts'

const copied = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json']

async function main(source: string, target: string): Promise<void> {
  await mkdir(join(target, 'onnx'), { recursive: true })
  const path = join(target, 'onnx', 'model.onnx')
  await writeModel(path, storeAsInt8(await readModel(join(source, 'onnx', 'model.onnx'))))
  for (const file of copied) await copyFile(join(source, file), join(target, file))
  await mkdir(join(target, '1_Pooling'), { recursive: true })
  await writeFile(
    join(target, '1_Pooling', 'config.json'),
    `${JSON.stringify({ pooling_mode_mean_tokens: true }, null, 2)}\n`,
  )
  console.log(`${path}: ${(await stat(path)).size} bytes, SHA-256 ${sha256(await readFile(path))}`)
}

/** The model with its large float32 matrices as int8 initializers and DequantizeLinear nodes. */
function storeAsInt8(model: Model): Model {
  const { graph } = model
  const initializers = new Map<string, Tensor>()
  const nodes: Node[] = []
  for (const [name, weight] of graph.initializers) {
    if (weight.dtype !== 'float32' || weight.dims.length !== 2 || sizeOf(weight.dims) < 4096) {
      initializers.set(name, weight)
      continue
    }
    // A table that Gather reads has a row per entry; a MatMul's right side is stored transposed, a column per output.
    const isTable = graph.nodes.some((node) => node.opType === 'Gather' && node.inputs[0] === name)
    const axis = isTable ? 0 : 1
    const { quantized, scales } = quantize(weight, axis)
    initializers.set(`${name}_int8`, quantized).set(`${name}_scale`, scales)
    nodes.push({
      name: `${name}_dequantize`,
      opType: 'DequantizeLinear',
      domain: '',
      inputs: [`${name}_int8`, `${name}_scale`],
      outputs: [name],
      attributes: { axis: int(axis) },
    })
  }
  return { ...model, producerName: 'capstan', graph: { ...graph, initializers, nodes: [...nodes, ...graph.nodes] } }
}

function quantize(weight: Tensor, axis: 0 | 1): { quantized: Tensor; scales: Tensor } {
  const [rows, columns] = weight.dims as [number, number]
  const data = weight.data as Float32Array
  const scales = new Float32Array(axis === 0 ? rows : columns)
  const groupOf = (i: number) => (axis === 0 ? Math.floor(i / columns) : i % columns)
  data.forEach((value, i) => {
    scales[groupOf(i)] = Math.max(scales[groupOf(i)] as number, Math.abs(value))
  })
  for (let i = 0; i < scales.length; i++) scales[i] = Math.max(scales[i] as number, 1e-12) / 127
  const quantized = Int8Array.from(data, (value, i) => Math.round(value / (scales[groupOf(i)] as number)))
  return { quantized: tensor('int8', weight.dims, quantized), scales: tensor('float32', [scales.length], scales) }
}

const [source, target] = process.argv.slice(2)
if (!source || !target) {
  console.error('usage: npx tsx scripts/make-base-model.ts <float32 folder> <target folder>')
  process.exit(2)
}
await main(source, target)
