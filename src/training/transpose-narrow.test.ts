import { describe, expect, it } from 'vitest'
import { encodeModel, GraphBuilder, type Model, sizeOf, tensor } from '../onnx/index.ts'
import { openSession } from '../runtime/index.ts'
import { transposeNarrowOperands } from './transpose-narrow.ts'

function weightGradients(rows: number, width: number): Model {
  const g = new GraphBuilder()
  const x = g.input('x', 'float32', [rows, width])
  for (const name of ['q', 'k']) {
    const dy = g.input(name, 'float32', [rows, 16])
    g.output(`d${name}`, g.gemm(x, dy, null, { transA: true }))
  }
  return g.build()
}

const numbers = (dims: readonly number[]) =>
  tensor(
    'float32',
    dims,
    Float32Array.from({ length: sizeOf(dims) }, (_, i) => Math.sin(i)),
  )

async function run(model: Model, rows: number, width: number) {
  const session = await openSession(encodeModel(model))
  const results = await session.run({
    x: numbers([rows, width]),
    q: numbers([rows, 16]),
    k: numbers([rows, 16]),
  })
  await session.release()
  return [results.dq?.data, results.dk?.data] as Float32Array[]
}

describe('transposeNarrowOperands', () => {
  const turns = (model: Model) => model.graph.nodes.filter(({ opType }) => opType === 'Transpose').length

  it('turns an operand that two products share once, and changes no result', async () => {
    const model = weightGradients(300, 8)
    const turned = transposeNarrowOperands(model)
    expect(turns(turned)).toBe(1)
    expect(turned.graph.nodes.some(({ attributes }) => attributes.transA?.value === 1n)).toBe(false)
    const [before, after] = [await run(model, 300, 8), await run(turned, 300, 8)]
    for (const i of [0, 1]) expect(after[i]).toBeClose(before[i] as Float32Array, { absolute: 1e-4 })
  })

  it('turns the other operand and the result where that is the narrower one', async () => {
    const model = weightGradients(300, 32)
    const turned = transposeNarrowOperands(model)
    expect(turns(turned)).toBe(4)
    const [before, after] = [await run(model, 300, 32), await run(turned, 300, 32)]
    for (const i of [0, 1]) expect(after[i]).toBeClose(before[i] as Float32Array, { absolute: 1e-4 })
  })

  it('leaves batches of few rows', () => {
    expect(turns(transposeNarrowOperands(weightGradients(100, 8)))).toBe(0)
  })
})
