import { describe, expect, it } from 'vitest'
import { createRandom } from '../base/index.ts'
import { encodeModel, GraphBuilder, type Model, sizeOf, type Tensor, tensor } from '../onnx/index.ts'
import { openSession } from '../runtime/index.ts'
import { hasExactIntegerProducts, useIntegerProducts } from './integer-products.ts'

const [tokens, width, outer] = [96, 64, 80]

/** A linear layer with an adapter, one with a bias, two gradients, a product between activations, and a narrow one. */
function layer(): Model {
  const g = new GraphBuilder()
  const x = g.input('x', 'float32', [tokens, width])
  const dy = g.input('dy', 'float32', [tokens, outer])
  const weight = g.input('weight', 'float32', [width, outer])
  const adapted = g.add(weight, g.gemm(g.input('a', 'float32', [width, 2]), g.input('b', 'float32', [2, outer]), null))
  g.output('y', g.gemm(x, adapted, null))
  const plain = g.gemm(x, g.input('plain', 'float32', [width, outer]), null)
  g.output('biased', g.add(plain, g.input('bias', 'float32', [outer])))
  g.output('dx', g.gemm(dy, adapted, null, { transB: true }))
  g.output('dw', g.gemm(x, dy, null, { transA: true }))
  g.output('scores', g.gemm(x, x, null, { transB: true }))
  g.output('narrow', g.gemm(x, g.input('head', 'float32', [width, 3]), null))
  return g.build()
}

const weights = ['weight', 'a', 'b', 'head', 'plain', 'bias']

const feeds = (scale = 1): Record<string, Tensor> => {
  const random = createRandom(1, 'layer')
  const draw = (dims: number[], size = 1) => {
    const data = Float32Array.from({ length: sizeOf(dims) }, () => size * (random.float() - 0.4))
    return tensor('float32', dims, data)
  }
  return {
    x: draw([tokens, width]),
    dy: draw([tokens, outer], 1e-4),
    weight: draw([width, outer], scale),
    a: draw([width, 2], scale),
    b: draw([2, outer]),
    plain: draw([width, outer], scale),
    bias: draw([outer], 100),
    head: draw([width, 3]),
  }
}

async function run(model: Model, inputs: Record<string, Tensor>): Promise<Record<string, Float32Array>> {
  const session = await openSession(encodeModel(model))
  const results = await session.run(inputs)
  await session.release()
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]))
}

/** ‖a − b‖ / ‖b‖. */
function relativeError(a: Float32Array, b: Float32Array): number {
  return Math.hypot(...a.map((value, i) => value - (b[i] ?? Number.NaN))) / Math.hypot(...b)
}

const productsOf = ({ graph }: Model) => graph.nodes.filter(({ opType }) => opType === 'MatMulIntegerToFloat')

describe.runIf(await hasExactIntegerProducts())('useIntegerProducts', () => {
  it('comes within a percent of the floats, forward and in both gradients', async () => {
    const integer = useIntegerProducts(layer(), { tokens, weights, weightGradients: true })
    expect(productsOf(integer)).toHaveLength(4)
    expect(integer.graph.nodes.filter(({ opType }) => opType === 'Add')).toHaveLength(1)
    const [expected, got] = [await run(layer(), feeds()), await run(integer, feeds())]
    for (const name of ['y', 'biased', 'dx', 'dw']) {
      const error = relativeError(got[name] as Float32Array, expected[name] as Float32Array)
      expect(error, name).toBeLessThan(0.012)
      expect(error, name).toBeGreaterThan(0)
    }
  })

  it('leaves products between activations, narrow ones, and unless asked those of weight gradients', async () => {
    const integer = useIntegerProducts(layer(), { tokens, weights, weightGradients: false })
    expect(productsOf(integer)).toHaveLength(3)
    const [expected, got] = [await run(layer(), feeds()), await run(integer, feeds())]
    for (const name of ['dw', 'scores', 'narrow']) expect(got[name]).toEqual(expected[name])
  })

  it('leaves products over other rows than the tokens', () => {
    const integer = useIntegerProducts(layer(), { tokens: tokens + 1, weights, weightGradients: true })
    expect(productsOf(integer)).toHaveLength(0)
  })

  it('gives zero for weights of zero', async () => {
    const { y } = await run(useIntegerProducts(layer(), { tokens, weights, weightGradients: true }), feeds(0))
    expect(y?.every((value) => value === 0)).toBe(true)
  })
})
