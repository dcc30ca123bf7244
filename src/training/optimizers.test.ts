import { describe, expect, it } from 'vitest'
import { encodeModel, GraphBuilder, scalar, type Tensor, zeros } from '../onnx/index.ts'
import { openSession } from '../runtime/index.ts'
import { type OptimizerName, optimizers } from './optimizers.ts'

const [rows, columns] = [2, 3]
const start = [0.5, -1, 2, 0, 0.25, -0.75]
const gradients = [
  [0.1, -0.2, 0.3, 3, 0.01, -0.5],
  [3, 0.01, -0.5, 0.2, 0.1, 0.7],
  [-0.3, 0.2, 1e-4, -0.1, 0.4, 0.2],
]
const learningRate = 0.01

type Update = (gradient: readonly number[], step: number) => number[]

/** The updates as the papers write them, in double precision. */
const references: Record<OptimizerName, () => Update> = {
  adamw() {
    const [m, v] = [start.map(() => 0), start.map(() => 0)]
    return (gradient, t) =>
      gradient.map((g, i) => {
        m[i] = 0.9 * (m[i] as number) + 0.1 * g
        v[i] = 0.999 * (v[i] as number) + 0.001 * g * g
        return (
          (learningRate * (m[i] as number)) / (1 - 0.9 ** t) / (Math.sqrt((v[i] as number) / (1 - 0.999 ** t)) + 1e-8)
        )
      })
  },
  sgd() {
    const m = start.map(() => 0)
    return (gradient) =>
      gradient.map((g, i) => {
        m[i] = 0.9 * (m[i] as number) + g
        return learningRate * (m[i] as number)
      })
  },
  lion() {
    const m = start.map(() => 0)
    return (gradient) =>
      gradient.map((g, i) => {
        const direction = Math.sign(0.9 * (m[i] as number) + 0.1 * g)
        m[i] = 0.99 * (m[i] as number) + 0.01 * g
        return learningRate * direction
      })
  },
  adafactor() {
    const [r, c] = [Array(rows).fill(0) as number[], Array(columns).fill(0) as number[]]
    const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length
    return (gradient, t) => {
      const kept = 1 - t ** -0.8
      const square = (row: number, column: number) => (gradient[row * columns + column] as number) ** 2 + 1e-30
      r.forEach((old, i) => {
        r[i] = kept * old + (1 - kept) * mean(c.map((_, j) => square(i, j)))
      })
      c.forEach((old, j) => {
        c[j] = kept * old + (1 - kept) * mean(r.map((_, i) => square(i, j)))
      })
      const update = gradient.map((g, at) => {
        const [i, j] = [Math.floor(at / columns), at % columns]
        return g / Math.sqrt(((r[i] as number) * (c[j] as number)) / mean(r))
      })
      const cut = Math.max(1, Math.sqrt(mean(update.map((u) => u * u))))
      return update.map((u) => (learningRate * u) / cut)
    }
  },
}

describe('optimizers', () => {
  it.each(Object.keys(optimizers) as OptimizerName[])(
    '%s follows its paper over several steps, its state updated in place',
    async (name) => {
      const optimizer = optimizers[name]
      const dims = [rows, columns]
      const slots = optimizer.slots({ dims, isSparse: false }).map((slotDims) => zeros('float32', slotDims))
      const session = await openUpdate(name, slots)
      const w: Tensor = { dtype: 'float32', dims, data: Float32Array.from(start) }
      const state = Object.fromEntries(slots.map((slot, i) => [`slot${i}`, slot]))
      const next = Object.fromEntries(slots.map((slot, i) => [`next${i}`, slot]))
      const reference = references[name]()
      const expected = [...start]
      for (const [i, gradient] of gradients.entries()) {
        const scalars = Object.entries(optimizer.scalars(learningRate, i + 1))
        const feeds = Object.fromEntries(scalars.map(([key, value]) => [key, scalar('float32', value)]))
        const dw: Tensor = { dtype: 'float32', dims, data: Float32Array.from(gradient) }
        await session.run({ ...feeds, ...state, w, gradient: dw }, { nextW: w, ...next })
        reference(gradient, i + 1).forEach((delta, at) => {
          expected[at] = (expected[at] as number) - delta
        })
      }
      expect(w.data as Float32Array).toBeClose(expected, { relative: 1e-5, absolute: 1e-7 })
      await session.release()
    },
  )

  it('keeps the whole second moment of a sparse table under adafactor, because a batch sees few of its rows', () => {
    expect(optimizers.adafactor.slots({ dims: [100, 4], isSparse: true })).toEqual([[100, 4]])
    expect(optimizers.adafactor.slots({ dims: [100, 4], isSparse: false })).toEqual([
      [100, 1],
      [1, 4],
    ])
  })
})

function openUpdate(name: OptimizerName, slots: readonly Tensor[]) {
  const optimizer = optimizers[name]
  const g = new GraphBuilder()
  const w = g.input('w', 'float32', [rows, columns])
  const gradient = g.input('gradient', 'float32', [rows, columns])
  const declared = slots.map(({ dims }, i) => g.input(`slot${i}`, 'float32', dims))
  const scalars = Object.keys(optimizer.scalars(1, 1)).map((key) => [key, g.input(key, 'float32', [])] as const)
  const next = optimizer.update(g, { gradient, slots: declared }, Object.fromEntries(scalars))
  g.output('nextW', g.sub(w, next.delta))
  next.slots.forEach((slot, i) => {
    g.output(`next${i}`, slot)
  })
  return openSession(encodeModel(g.build()))
}
