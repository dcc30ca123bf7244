import { expect, it } from 'vitest'
import { GraphBuilder, tensor, zeros } from '../onnx/index.ts'
import { openInPlaceSession } from './in-place-session.ts'

/** x ← x + y, the sum of its numbers, and row `i` of it. */
async function openAdder() {
  const g = new GraphBuilder()
  const next = g.add(g.input('x', 'float32', [2, 2]), g.input('y', 'float32', [2, 2]))
  g.output('next', next)
  g.output('sum', g.reduceSum(next, undefined, false))
  g.output('row', g.gather(next, g.input('i', 'int64', [1])))
  return await openInPlaceSession(g.build())
}

const y = tensor('float32', [2, 2], Float32Array.of(1, 2, 3, 4))
const index = (i: number) => tensor('int64', [1], BigInt64Array.of(BigInt(i)))

it('writes every output into the tensor that is given for it, which may be an input too', async () => {
  const session = await openAdder()
  const [x, sum, row] = [zeros('float32', [2, 2]), zeros('float32', []), zeros('float32', [1, 2])]
  for (const count of [1, 2, 3]) {
    await session.run({ x, y, i: index(1) }, { next: x, sum, row })
    expect([...(x.data as Float32Array)]).toEqual([1, 2, 3, 4].map((value) => value * count))
    expect([...(sum.data as Float32Array)]).toEqual([10 * count])
    expect([...(row.data as Float32Array)]).toEqual([3 * count, 4 * count])
  }
  await session.release()
})

it('makes no arrays of its own', async () => {
  const g = new GraphBuilder()
  const x = zeros('float32', [1 << 20])
  g.output('next', g.add(g.input('x', 'float32', x.dims), 1))
  const session = await openInPlaceSession(g.build())
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 4; i++) await session.run({ x }, { next: x })
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20)
  await session.release()
})

it('throws what a run fails with', async () => {
  const session = await openAdder()
  const outputs = { next: zeros('float32', [2, 2]), sum: zeros('float32', []), row: zeros('float32', [1, 2]) }
  await expect(session.run({ x: y, y }, outputs)).rejects.toThrow(/'i' is missing/)
  await expect(session.run({ x: y, y, i: index(7) }, outputs)).rejects.toThrow(/out of data bounds/)
  await session.release()
})
