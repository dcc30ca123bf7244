import { createRandom, present } from '../base/index.ts'
import { sizeOf, type Tensor } from '../onnx/index.ts'
import type { DropoutMask } from './step-graph.ts'

/**
 * Dropout masks as a pure function of seed, step and node: windows into one fixed pool of random keep / drop factors,
 * each at its own random place. Nothing is computed per step, and a resumed run draws the same masks.
 */
export type DropoutPool = { draw(step: number, masks: readonly DropoutMask[]): Tensor[] }

const poolSizeMin = 1 << 22

/** A pool for each rate among `masks`, all the masks that will ever be drawn. */
export function createDropoutPool(seed: number, masks: readonly DropoutMask[]): DropoutPool {
  const sizeMax = Math.max(0, ...masks.map(({ dims }) => sizeOf(dims)))
  const rates = [...new Set(masks.map(({ rate }) => rate))]
  const pools = new Map(rates.map((rate) => [rate, drawFactors(rate, seed, Math.max(poolSizeMin, 2 * sizeMax))]))
  return {
    draw(step, masks) {
      const place = createRandom(seed, 'dropout', step)
      return masks.map(({ dims, rate }) => {
        const pool = present(pools.get(rate), `dropout pool of rate ${rate}`)
        const start = place.integer(pool.length - sizeOf(dims) + 1)
        return { dtype: 'float32', dims, data: pool.subarray(start, start + sizeOf(dims)) }
      })
    },
  }
}

/** `rate` of the factors are 0, the others 1 / (1 − rate). */
function drawFactors(rate: number, seed: number, size: number): Float32Array {
  const random = createRandom(seed, 'dropout-pool')
  const kept = 1 / (1 - rate)
  const factors = new Float32Array(size)
  for (let i = 0; i < size; i++) factors[i] = random.float() < rate ? 0 : kept
  return factors
}
