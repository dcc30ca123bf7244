import { describe, expect, it } from 'vitest'
import { exponentialCurve, hillCurve } from '../curves/spend-curve.ts'
import { allocate } from './allocate.ts'
import { chooseBudget } from './choose-budget.ts'
import { tabulateValue, toValueCurve } from './tabulate-value.ts'
import type { ValueNode } from './value-tree.ts'

const chain: ValueNode = {
  combine: 'product',
  scale: 1000,
  parts: [
    { name: 'quality', curve: hillCurve({ max: 1, half: 20, shape: 1 }) },
    { name: 'reach', curve: hillCurve({ max: 1, half: 30, shape: 2 }) },
    { name: 'team', curve: hillCurve({ max: 1, half: 10, shape: 1.5 }) },
  ],
}

describe('the best budget', () => {
  it('is the maximum of value minus budget, never the minimum at which the price is 1 as well', () => {
    const { budget, profit, allocation, atLargest } = chooseBudget(chain, { budgetMax: 600, steps: 600 })
    expect(budget).toBeClose(283.9051, { relative: 1e-6 })
    expect([allocation.value, profit]).toBeClose([741.796009, 457.890909], { relative: 1e-6 })
    expect(Object.values(allocation.spend)).toBeClose([112.2126, 107.3927, 64.2998], { absolute: 6e-5 })
    expect(atLargest).toBe(false)
    const worst = allocate(chain, 20.183087)
    expect([worst.shadowPrice, worst.value - worst.budget]).toBeClose([1, -14.673267], { relative: 1e-6 })
  })

  it('is nothing where every small budget loses and no larger one is asked about', () => {
    expect(chooseBudget(chain, { budgetMax: 30, steps: 100 }).budget).toBe(0)
  })

  it('says so where the largest budget is the best', () => {
    expect(chooseBudget(chain, { budgetMax: 200, steps: 100 })).toMatchObject({ budget: 200, atLargest: true })
  })
})

describe('the curve of value by budget', () => {
  it('has every budget, starts at the least spends, and its slope is the price of the plan there', () => {
    const root: ValueNode = {
      combine: 'sum',
      parts: [
        { name: 'a', curve: exponentialCurve({ max: 100, scale: 20 }), min: 5 },
        { name: 'b', curve: hillCurve({ max: 80, half: 15, shape: 0.9 }) },
      ],
    }
    const { budgets, values, shadowPrices } = toValueCurve(tabulateValue(root, { budgetMax: 105, steps: 1000 }))
    expect([budgets[0], budgets.at(-1), budgets.length]).toEqual([5, 105, 1001])
    for (const j of [200, 500, 900]) {
      const plan = allocate(root, budgets[j] as number)
      expect(values[j]).toBeClose(plan.value, { relative: 1e-5 })
      expect(shadowPrices[j]).toBeClose(plan.shadowPrice, { relative: 1e-2 })
    }
  })

  it('refuses grids that would take minutes', () => {
    expect(() => tabulateValue(chain, { budgetMax: 10, steps: 1e6 })).toThrow('A table of 1000000 steps was asked for.')
  })
})
