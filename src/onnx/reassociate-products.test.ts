import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openSession } from '../runtime/index.ts'
import { encodeModel } from './codec.ts'
import { float } from './graph.ts'
import { GraphBuilder } from './graph-builder.ts'
import { reassociateProducts } from './reassociate-products.ts'
import { sizeOf, type Tensor } from './tensor.ts'

type Plan = { m: number; k: number; n: number; p: number; flips: boolean[]; side: 'left' | 'right'; innerFlip: boolean }

/** (u·v)·q or q·(u·v), each operand stored either way round. */
function build({ m, k, n, p, flips, side, innerFlip }: Plan) {
  const g = new GraphBuilder()
  const [fu, fv, fq] = flips as [boolean, boolean, boolean]
  const stored = (rows: number, columns: number, flip: boolean) => (flip ? [columns, rows] : [rows, columns])
  const u = g.input('u', 'float32', stored(m, k, fu))
  const v = g.input('v', 'float32', stored(k, n, fv))
  const inner = g.gemm(u, v, null, { alpha: 0.5, transA: fu, transB: fv })
  const [rows, columns] = innerFlip ? [n, m] : [m, n]
  const dims = side === 'left' ? stored(columns, p, fq) : stored(p, rows, fq)
  const q = g.input('q', 'float32', dims)
  g.output(
    'y',
    side === 'left'
      ? g.gemm(inner, q, null, { alpha: 3, transA: innerFlip, transB: fq })
      : g.gemm(q, inner, null, { alpha: 3, transA: fq, transB: innerFlip }),
  )
  return g.build()
}

async function run(model: ReturnType<typeof build>): Promise<number[]> {
  const session = await openSession(encodeModel(model), { optimization: 'off' })
  const feeds = Object.fromEntries(
    model.graph.inputs.map(({ name, dims }, i): [string, Tensor] => {
      const data = Float32Array.from({ length: sizeOf(dims as number[]) }, (_, at) => Math.sin(at * (i + 1)))
      return [name, { dtype: 'float32', dims: dims as number[], data }]
    }),
  )
  const { y } = await session.run(feeds)
  await session.release()
  return Array.from(y?.data as Float32Array)
}

const size = fc.integer({ min: 1, max: 9 })
const plans: fc.Arbitrary<Plan> = fc.record({
  m: size,
  k: size,
  n: size,
  p: size,
  flips: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  side: fc.constantFrom('left', 'right'),
  innerFlip: fc.boolean(),
})

describe('reassociateProducts', () => {
  it('never changes what is computed', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const model = build(plan)
        expect(await run(reassociateProducts(model))).toBeClose(await run(model), { absolute: 1e-4, relative: 1e-4 })
      }),
      { numRuns: 60 },
    )
  })

  it('takes the cheaper order, and leaves a product alone that is wanted by itself', () => {
    const model = build({ m: 40, k: 8, n: 30, p: 2, flips: [true, false, false], side: 'left', innerFlip: false })
    const products = (changed: typeof model) => changed.graph.nodes.map(({ inputs }) => inputs.join('·'))
    expect(products(reassociateProducts(model))).toEqual(['v·q', 'u·y/reassociated'])
    const [inner] = model.graph.nodes
    const wanted = { name: inner?.outputs[0] as string, dtype: 'float32' as const, dims: [40, 30] }
    const watched = { ...model, graph: { ...model.graph, outputs: [...model.graph.outputs, wanted] } }
    expect(reassociateProducts(watched).graph.nodes).toEqual(watched.graph.nodes)
  })

  it('keeps a third operand and its factor', async () => {
    const g = new GraphBuilder()
    const [u, v, q] = [
      g.input('u', 'float32', [9, 2]),
      g.input('v', 'float32', [2, 9]),
      g.input('q', 'float32', [9, 2]),
    ]
    const c = g.input('c', 'float32', [9, 2])
    g.output('y', g.op('Gemm', [g.gemm(u, v, null), q, c], { beta: float(0.25) }))
    const model = g.build()
    const changed = reassociateProducts(model)
    expect(changed.graph.nodes).not.toEqual(model.graph.nodes)
    expect(await run(changed)).toBeClose(await run(model), { absolute: 1e-4 })
  })
})
