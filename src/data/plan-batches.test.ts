import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chooseBuckets, planBatches, rowsPerBatch } from './index.ts'

const someLengths = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 80 })

function countTokens(lengths: ArrayLike<number>, bucketLengths: number[], tokensPerBatch: number): number {
  const batches = planBatches(lengths, { tokensPerBatch, bucketLengths })
  return batches.reduce((sum, { rows, length }) => sum + rows * length, 0)
}

describe('planning batches', () => {
  it('has every text once an epoch, in a bucket it fits, with the same rows for the same length', () => {
    const epochs = { seed: fc.nat(), epoch: fc.nat({ max: 50 }) }
    fc.assert(
      fc.property(
        someLengths,
        fc.record(epochs),
        fc.integer({ min: 8, max: 300 }),
        (lengths, shuffle, tokensPerBatch) => {
          const bucketLengths = chooseBuckets(lengths, { tokensPerBatch })
          const batches = planBatches(lengths, { tokensPerBatch, bucketLengths, shuffle })
          expect(batches.flatMap(({ indices }) => indices).sort((a, b) => a - b)).toEqual([...lengths.keys()])
          for (const { indices, length, rows } of batches) {
            expect(rows).toBe(rowsPerBatch(length, tokensPerBatch))
            expect(indices.length).toBeGreaterThan(0)
            expect(indices.length).toBeLessThanOrEqual(rows)
            const shorter = bucketLengths[bucketLengths.indexOf(length) - 1] ?? 0
            for (const index of indices) {
              expect(lengths[index]).toBeLessThanOrEqual(length)
              expect(lengths[index]).toBeGreaterThan(shorter)
            }
          }
          for (const length of bucketLengths) {
            const partial = batches.filter((batch) => batch.length === length && batch.indices.length < batch.rows)
            expect(partial.length).toBeLessThanOrEqual(1)
          }
        },
      ),
    )
  })

  it('shuffles companions and order by seed and epoch, the same way each time', () => {
    const lengths = Array.from({ length: 200 }, (_, i) => 1 + ((i * 37) % 60))
    const plan = (seed: number, epoch: number) =>
      planBatches(lengths, { tokensPerBatch: 512, bucketLengths: [20, 60], shuffle: { seed, epoch } })
    const companions = (batches: { indices: number[] }[]) =>
      new Set(batches.map(({ indices }) => indices.toSorted((a, b) => a - b).join()))
    expect(plan(1, 0)).toEqual(plan(1, 0))
    for (const other of [plan(1, 1), plan(2, 0)]) {
      expect([...companions(plan(1, 0))].filter((batch) => companions(other).has(batch))).toEqual([])
      expect(other.map(({ length }) => length)).not.toEqual(plan(1, 0).map(({ length }) => length))
    }
  })

  it('keeps the order of the input where it is not to shuffle', () => {
    expect(planBatches([3, 9, 2, 4, 1], { tokensPerBatch: 8, bucketLengths: [4, 10] })).toEqual([
      { indices: [0, 2], length: 4, rows: 2 },
      { indices: [3, 4], length: 4, rows: 2 },
      { indices: [1], length: 10, rows: 1 },
    ])
  })

  it('stops at a text longer than every bucket', () => {
    expect(() => planBatches([5], { tokensPerBatch: 8, bucketLengths: [4] })).toThrow('internal: text 0 of 5 tokens')
  })
})

describe('choosing buckets', () => {
  it('finds the least padded tokens of all choices of bucket lengths', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 24 }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(
        lengths,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 10, max: 60 }),
        (texts, bucketsMax, tokens) => {
          const chosen = chooseBuckets(texts, { tokensPerBatch: tokens, bucketsMax })
          expect(chosen.length).toBeLessThanOrEqual(bucketsMax)
          const top = Math.ceil(Math.max(...texts) / 4) * 4
          const below = Array.from({ length: top / 4 - 1 }, (_, i) => 4 * (i + 1))
          const choices = Array.from({ length: 2 ** below.length }, (_, bits) =>
            below.filter((_, i) => bits & (1 << i)),
          )
            .filter((set) => set.length < bucketsMax)
            .map((set) => countTokens(texts, [...set, top], tokens))
          expect(countTokens(texts, chosen, tokens)).toBe(Math.min(...choices))
        },
      ),
    )
  })

  it('rounds up to multiples, but not over the longest that is allowed', () => {
    const options = { tokensPerBatch: 64, bucketsMax: 2, multipleOf: 8 }
    const lengths = [...Array<number>(64).fill(5), 30]
    expect(chooseBuckets(lengths, options)).toEqual([8, 32])
    expect(chooseBuckets(lengths, { ...options, lengthMax: 30 })).toEqual([8, 30])
    expect(() => chooseBuckets(lengths, { ...options, lengthMax: 29 })).toThrow('internal: text 64 has 30 tokens')
  })

  it('takes fewer buckets where more do not help, and none for no texts', () => {
    expect(chooseBuckets([7, 8, 8], { tokensPerBatch: 64, bucketsMax: 5 })).toEqual([8])
    expect(chooseBuckets([], { tokensPerBatch: 64 })).toEqual([])
  })
})
