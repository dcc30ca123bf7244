import { createRandom } from '../base/index.ts'
import { sizeOf, type Tensor } from '../onnx/index.ts'
import type { DropoutMask } from './step-graph.ts'

/**
 * Dropout masks as a pure function of seed, step and node: windows into one fixed pool of random keep / drop factors,
 * each at its own random place. Nothing is computed per step, and a resumed run draws the same masks.
 */
export type DropoutPool = { draw(step: number, masks: readonly DropoutMask[]): Tensor[] }

const poolSizeMin = 1 << 22

/** `rate` of the factors are 0, the others 1 / (1 − rate). `sizeMax` is the largest mask's number of elements. */
export function createDropoutPool(rate: number, seed: number, sizeMax: number): DropoutPool {
  const random = createRandom(seed, 'dropout-pool')
  const kept = 1 / (1 - rate)
  const pool = new Float32Array(Math.max(poolSizeMin, 2 * sizeMax))
  for (let i = 0; i < pool.length; i++) pool[i] = random.float() < rate ? 0 : kept
  return {
    draw(step, masks) {
      const place = createRandom(seed, 'dropout', step)
      return masks.map(({ dims }) => {
        const start = place.integer(pool.length - sizeOf(dims) + 1)
        return { dtype: 'float32', dims, data: pool.subarray(start, start + sizeOf(dims)) }
      })
    },
  }
}
