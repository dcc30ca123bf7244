import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupByLength } from './group-by-length.ts'

describe('groupByLength', () => {
  it('groups rows of similar length', () => {
    expect(groupByLength([130, 4, 131, 5, 3], 512)).toEqual([
      [4, 1, 3],
      [0, 2],
    ])
  })

  it('pads a little rather than run once more', () => {
    expect(groupByLength([10, 12, 20], 512)).toEqual([[0, 1, 2]])
  })

  it('gives a row above the budget a batch of its own', () => {
    expect(groupByLength([8, 500, 8], 64)).toEqual([[0, 2], [1]])
  })

  it('plans nothing for no rows', () => {
    expect(groupByLength([], 64)).toEqual([])
  })

  it('holds every row once, keeps to the budget, and never puts a longer row before a shorter one', () => {
    const lengthsArbitrary = fc.array(fc.integer({ min: 1, max: 600 }), { maxLength: 80 })
    fc.assert(
      fc.property(lengthsArbitrary, fc.integer({ min: 1, max: 2048 }), (lengths, budget) => {
        const batches = groupByLength(lengths, budget)
        expect(batches.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, index) => index))
        const planned = batches.flat().map((index) => lengths[index] as number)
        expect(planned).toEqual([...lengths].sort((a, b) => a - b))
        for (const batch of batches) {
          const longest = Math.max(...batch.map((index) => lengths[index] as number))
          expect(batch.length === 1 || batch.length * longest <= budget).toBe(true)
        }
      }),
    )
  })

  it('costs no more than any other cut of the same rows', () => {
    const costOf = (batches: number[][]) => batches.reduce((sum, rows) => sum + 24 + rows.length * Math.max(...rows), 0)
    const cuts = (rows: number[]): number[][][] =>
      rows.length === 0
        ? [[]]
        : rows.flatMap((_, i) => cuts(rows.slice(i + 1)).map((rest) => [rows.slice(0, i + 1), ...rest]))
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 8 }), (lengths) => {
        const sorted = [...lengths].sort((a, b) => a - b)
        const plan = groupByLength(lengths, 1000).map((batch) => batch.map((index) => lengths[index] as number))
        expect(costOf(plan)).toBe(Math.min(...cuts(sorted).map(costOf)))
      }),
    )
  })
})
