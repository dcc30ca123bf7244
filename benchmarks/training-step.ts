/** One training step, and each of its own matrix products alone, in the same run. */
import { createRandom } from '../src/base/index.ts'
import { type Graph, GraphBuilder, type Node, sizeOf, type Tensor, zeros } from '../src/onnx/index.ts'
import { openInPlaceSession } from '../src/runtime/index.ts'
import { atLeast, type Benchmark, bestOf, median, peakMemoryMib } from './benchmark.ts'
import { openStep, shape } from './open-step.ts'

const warmUps = 3
const rounds = 5
const repeats = 8

export const benchmark: Benchmark = {
  name: 'training-step',
  description: `one step of ${shape.rows} × ${shape.length} tokens, optimizer included, against its own matrix products alone`,
  async run({ base, log }) {
    const { step, graph } = await openStep(base)
    const products = distinctProducts(graph)
    for (let i = 0; i < warmUps; i++) await step()
    // The machine is shared: each round times the step and, right after it, its products, and the ratio is taken per round.
    // Each is run a few times and its best taken: what is above that is the neighbours' and the caches'.
    const measured: { stepMs: number; productMs: number[]; productsMs: number }[] = []
    for (let round = 0; round < rounds; round++) {
      const stepMs = await bestOf(repeats, step)
      const productMs: number[] = []
      for (const product of products) productMs.push(await timeProduct(product))
      const productsMs = productMs.reduce((sum, ms, i) => sum + ms * (products[i]?.count ?? 0), 0)
      measured.push({ stepMs, productMs, productsMs })
    }
    products.forEach(({ node, dims, count }, i) => {
      const ms = median(measured.map(({ productMs }) => productMs[i] as number))
      log(
        `${String(count).padStart(3)} × ${describe(node, dims).padEnd(52)} ${ms.toFixed(3)} ms ${(flopsOf(dims) / ms / 1e6).toFixed(0)} GFLOP/s`,
      )
    })
    const stepMs = median(measured.map((round) => round.stepMs))
    const productsMs = median(measured.map((round) => round.productsMs))
    const share = median(measured.map((round) => round.productsMs / round.stepMs))
    const flops = products.reduce((sum, product) => sum + product.count * flopsOf(product.dims), 0)
    const tokens = shape.rows * shape.length
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
      bars: [atLeast('share of the step that its matrix products take alone', '', 0.7, share)],
    }
  },
}

type ProductDims = { a: readonly number[]; b: readonly number[]; output: readonly number[]; inner: number }

function distinctProducts({
  nodes,
  inputs,
  initializers,
  valueInfo,
}: Graph): { node: Node; dims: ProductDims; count: number }[] {
  const dimsOf = (name: string) =>
    (valueInfo.get(name)?.dims ??
      initializers.get(name)?.dims ??
      inputs.find((input) => input.name === name)?.dims ??
      []) as number[]
  const found = new Map<string, { node: Node; dims: ProductDims; count: number }>()
  for (const node of nodes.filter(({ opType }) => ['Gemm', 'MatMul', 'FusedMatMul'].includes(opType))) {
    const [a, b, output] = [
      dimsOf(node.inputs[0] as string),
      dimsOf(node.inputs[1] as string),
      dimsOf(node.outputs[0] as string),
    ]
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

/** In a session of its own that is closed again: threads of sessions that stay open get in each other's way. */
async function timeProduct({ node, dims }: { node: Node; dims: ProductDims }): Promise<number> {
  const g = new GraphBuilder()
  const a = g.input('a', 'float32', dims.a)
  const b = g.input('b', 'float32', dims.b)
  g.output('y', g.op(node.opType, [a, b], node.attributes, { domain: node.domain }))
  // As the step runs: a copy of the output by the binding would count as arithmetic.
  const session = await openInPlaceSession(g.build())
  const feeds = { a: random(dims.a), b: random(dims.b) }
  const outputs = { y: zeros('float32', dims.output) }
  const run = () => session.run(feeds, outputs)
  for (let i = 0; i < warmUps; i++) await run()
  const ms = await bestOf(repeats, run)
  await session.release()
  return ms
}

function flopsOf({ output, inner }: ProductDims): number {
  return 2 * sizeOf(output) * inner
}

function random(dims: readonly number[]): Tensor {
  const source = createRandom(1, 'product')
  return { dtype: 'float32', dims, data: Float32Array.from({ length: sizeOf(dims) }, () => source.float() - 0.5) }
}
