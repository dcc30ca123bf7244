import { describe, expect, it } from 'vitest'
import { toAmountsMicro, toUnits } from './amounts.ts'

describe('amounts of a plan', () => {
  it('cross the border between micro-units and units', () => {
    expect(toUnits(12_500_000n)).toBe(12.5)
  })

  it('are rounded down, and what that leaves goes to the largest remainders', () => {
    const spend = { a: 1.0000005, b: 2.0000007, c: 0.9999988 }
    expect(toAmountsMicro(spend, 4_000_000n)).toEqual({ a: 1_000_000n, b: 2_000_001n, c: 999_999n })
  })

  it('never sum to more than the budget, also where numbers are coarser than micro-units', () => {
    const budgetMicro = 10n ** 18n
    const amounts = Object.values(toAmountsMicro({ a: 6e11 + 1e-4, b: 4e11 + 1e-4 }, budgetMicro))
    expect(amounts.reduce((sum, amount) => sum + amount, 0n) <= budgetMicro).toBe(true)
  })
})
