import { describe, expect, it } from 'vitest'
import { encodeModel, GraphBuilder, scalar, type Tensor, zeros } from '../onnx/index.ts'
import { openSession } from '../runtime/index.ts'
import { adamW, adamWDefaults, adamWScalars } from './optimizer.ts'

/** AdamW as its paper writes it (algorithm 2), in double precision. */
function referenceAdamW(weights: number[], gradients: number[][], learningRate: number): number[] {
  const { beta1, beta2, epsilon, weightDecay } = adamWDefaults
  return weights.map((start, i) => {
    let [w, m, v] = [start, 0, 0]
    gradients.forEach((step, t) => {
      const g = step[i] as number
      m = beta1 * m + (1 - beta1) * g
      v = beta2 * v + (1 - beta2) * g * g
      const corrected = m / (1 - beta1 ** (t + 1)) / (Math.sqrt(v / (1 - beta2 ** (t + 1))) + epsilon)
      w -= learningRate * (corrected + weightDecay * w)
    })
    return w
  })
}

describe('adamW', () => {
  it('follows the paper over several steps, its state updated in place', async () => {
    const g = new GraphBuilder()
    const input = (name: string, dims: number[] = [3]) => g.input(name, 'float32', dims)
    const names = ['stepSize', 'epsilon', 'decay'] as const
    const [stepSize, epsilon, decay] = names.map((name) => input(name, [])) as [never, never, never]
    const state = { weight: input('w'), moments: [input('m'), input('v')] as const, gradient: input('g') }
    const next = adamW(g, state, { stepSize, epsilon, decay }, adamWDefaults)
    g.output('nextW', next.weight)
    g.output('nextM', next.moments[0])
    g.output('nextV', next.moments[1])
    const session = await openSession(encodeModel(g.build()))

    const start = [0.5, -1, 2]
    const gradients = [
      [0.1, -0.2, 0],
      [3, 0.01, -0.5],
      [-0.3, 0.2, 1e-4],
    ]
    const w: Tensor = { dtype: 'float32', dims: [3], data: Float32Array.from(start) }
    const [m, v] = [zeros('float32', [3]), zeros('float32', [3])]
    for (const [t, gradient] of gradients.entries()) {
      const scalars = adamWScalars(0.01, t + 1, adamWDefaults)
      const feeds = Object.fromEntries(names.map((name) => [name, scalar('float32', scalars[name])]))
      const dw: Tensor = { dtype: 'float32', dims: [3], data: Float32Array.from(gradient) }
      await session.run({ ...feeds, w, m, v, g: dw }, { nextW: w, nextM: m, nextV: v })
    }
    expect(w.data as Float32Array).toBeClose(referenceAdamW(start, gradients, 0.01), { relative: 1e-5 })
    await session.release()
  })
})
