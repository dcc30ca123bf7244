import { describe, expect, it } from 'vitest'
import { createDropoutPool } from './dropout-pool.ts'

describe('the dropout pool', () => {
  const masks = [
    { name: 'a', dims: [40, 50], rate: 0.1 },
    { name: 'b', dims: [2000], rate: 0.1 },
  ]
  const draw = (seed: number, step: number) =>
    createDropoutPool(seed, masks)
      .draw(step, masks)
      .map(({ data }) => Float32Array.from(data as Float32Array))

  it('draws the same masks for the same seed and step', () => {
    expect(draw(1, 7)).toEqual(draw(1, 7))
  })

  it('draws other masks for another step, node or seed', () => {
    const [a, b] = draw(1, 7)
    expect(a).not.toEqual(b)
    expect(draw(1, 8)[0]).not.toEqual(a)
    expect(draw(2, 7)[0]).not.toEqual(a)
  })

  it('drops about its rate and scales the rest so that the mean stays 1', () => {
    const values = draw(3, 1).flatMap((mask) => [...mask])
    const dropped = values.filter((value) => value === 0).length / values.length
    expect(dropped).toBeGreaterThan(0.07)
    expect(dropped).toBeLessThan(0.13)
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / 0.9)]))
  })
})
