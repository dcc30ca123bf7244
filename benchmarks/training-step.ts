/** One training step, and each of its own matrix products alone, in the same run. */
import { createRandom } from '../src/base/index.ts'
import { encodeModel, type Graph, GraphBuilder, type Node, sizeOf, type Tensor, zeros } from '../src/onnx/index.ts'
import { resolveBaseModel } from '../src/registry/index.ts'
import { openSession } from '../src/runtime/index.ts'
import { openStepBench } from '../src/training/index.ts'
import { atLeast, type Benchmark, peakMemoryMib, timeMs } from './benchmark.ts'

const shape = { rows: 32, length: 64 }
const labelCount = 77

export const benchmark: Benchmark = {
  name: 'training-step',
  description: `one step of ${shape.rows} × ${shape.length} tokens, optimizer included, against its own matrix products alone`,
  async run({ base, log }) {
    const { folder } = await resolveBaseModel(base, { cacheFolder: '.capstan' })
    const { step, graph } = await openStepBench(folder, { shape, labelCount, dropout: 0.1 })
    const stepMs = await timeMs(step, { repeats: 15, warmups: 3 })
    log(`step ${stepMs.toFixed(1)} ms`)
    let productsMs = 0
    let flops = 0
    for (const { node, dims, count } of distinctProducts(graph)) {
      const ms = await timeProduct(node, dims)
      const work = 2 * sizeOf(dims.output) * dims.inner
      log(`${String(count).padStart(3)} × ${describe(node, dims).padEnd(52)} ${ms.toFixed(3)} ms ${(work / ms / 1e6).toFixed(0)} GFLOP/s`)
      productsMs += count * ms
      flops += count * work
    }
    const tokens = shape.rows * shape.length
    const share = productsMs / stepMs
    return {
      values: {
        stepMs,
        productsMs,
        gemmShare: share,
        tokensPerSecond: (tokens / stepMs) * 1000,
        stepGflops: flops / stepMs / 1e6,
        productsGflops: flops / productsMs / 1e6,
        peakMemoryMib: peakMemoryMib(),
      },
      bars: [atLeast('share of the step that its matrix products take alone', '', 0.5, share)],
    }
  },
}

type ProductDims = { a: readonly number[]; b: readonly number[]; output: readonly number[]; inner: number }

function distinctProducts({ nodes, inputs, initializers, valueInfo }: Graph): { node: Node; dims: ProductDims; count: number }[] {
  const dimsOf = (name: string) =>
    (valueInfo.get(name)?.dims ?? initializers.get(name)?.dims ?? inputs.find((input) => input.name === name)?.dims ?? []) as number[]
  const found = new Map<string, { node: Node; dims: ProductDims; count: number }>()
  for (const node of nodes.filter(({ opType }) => ['Gemm', 'MatMul', 'FusedMatMul'].includes(opType))) {
    const [a, b, output] = [dimsOf(node.inputs[0] as string), dimsOf(node.inputs[1] as string), dimsOf(node.outputs[0] as string)]
    const transA = node.attributes.transA?.value === 1n
    const dims = { a, b, output, inner: (transA ? a.at(-2) : a.at(-1)) as number }
    const key = describe(node, dims)
    const known = found.get(key)
    if (known) known.count++
    else found.set(key, { node, dims, count: 1 })
  }
  return [...found.values()]
}

function describe({ opType, attributes }: Node, { a, b }: ProductDims): string {
  const flags = ['transA', 'transB'].filter((name) => attributes[name]?.value === 1n)
  return `${opType} [${a}] [${b}] ${flags.join(' ')}`
}

async function timeProduct(node: Node, dims: ProductDims): Promise<number> {
  const g = new GraphBuilder()
  const a = g.input('a', 'float32', dims.a)
  const b = g.input('b', 'float32', dims.b)
  g.output('y', g.op(node.opType, [a, b], node.attributes, { domain: node.domain }))
  const session = await openSession(encodeModel(g.build()))
  const feeds = { a: random(dims.a), b: random(dims.b) }
  const outputs = { y: zeros('float32', dims.output) }
  const ms = await timeMs(() => session.run(feeds, outputs), { repeats: 15, warmups: 3 })
  await session.release()
  return ms
}

function random(dims: readonly number[]): Tensor {
  const source = createRandom(1, 'product')
  return { dtype: 'float32', dims, data: Float32Array.from({ length: sizeOf(dims) }, () => source.float() - 0.5) }
}
