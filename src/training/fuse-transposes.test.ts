import { expect, it } from 'vitest'
import { encodeModel, GraphBuilder, ints, type Model, sizeOf, type Tensor, tensor, type Value } from '../onnx/index.ts'
import { openSession } from '../runtime/index.ts'
import { fuseTransposes } from './fuse-transposes.ts'

const dims = [2, 5, 3, 4]

/** Scores of attention and the products of their gradient, from rows [batch, position, head, width]. */
function attention(): Model {
  const g = new GraphBuilder()
  const turn = (x: Value, perm: number[]) => g.op('Transpose', [x], { perm: ints(perm) })
  const q = turn(g.input('q', 'float32', dims), [0, 2, 1, 3])
  const k = turn(g.input('k', 'float32', dims), [0, 2, 3, 1])
  const scores = g.matMul(q, k)
  g.output('scores', scores)
  g.output('dq', g.matMul(scores, turn(k, [0, 1, 3, 2])))
  g.output('dk', g.matMul(turn(q, [0, 1, 3, 2]), scores))
  g.output('turned', turn(scores, [0, 1, 3, 2]))
  return g.build()
}

const numbers = (shift: number): Tensor =>
  tensor(
    'float32',
    dims,
    Float32Array.from({ length: sizeOf(dims) }, (_, i) => Math.sin(i + shift)),
  )

async function run(model: Model): Promise<Record<string, Tensor>> {
  const session = await openSession(encodeModel(model), { optimization: 'off' })
  const results = await session.run({ q: numbers(0), k: numbers(1) })
  await session.release()
  return results
}

it('fuseTransposes turns each operand once, along whole rows, and changes no result', async () => {
  const fused = fuseTransposes(attention())
  const turns = fused.graph.nodes.filter(({ opType }) => opType === 'Transpose').map(({ inputs }) => inputs[0])
  expect(turns.sort()).toEqual(['k', 'q', 'scores'])
  const [before, after] = [await run(attention()), await run(fused)]
  for (const [name, { data, dims }] of Object.entries(before)) {
    expect(after[name]?.dims, name).toEqual(dims)
    expect(after[name]?.data, name).toBeClose(data as Float32Array, { absolute: 1e-6 })
  }
})
