import type { OutcomeSpent, Spent, TokenCounts } from './teacher.ts'

/** Adds up what the tries of one call spend. */
export type Spending = {
  add(spent: Spent, costMicroMax: bigint): void
  total(latencyMs: number): OutcomeSpent
}

export function createSpending(currency: string): Spending {
  let known = 0n
  let most = 0n
  let tries = 0
  const tokens: TokenCounts = { input: 0, cachedInput: 0, output: 0 }
  return {
    add(spent, costMicroMax) {
      tries++
      known += spent.costMicro ?? 0n
      most += spent.costMicro ?? costMicroMax
      tokens.input += spent.tokens?.input ?? 0
      tokens.cachedInput += spent.tokens?.cachedInput ?? 0
      tokens.output += spent.tokens?.output ?? 0
    },
    total: (latencyMs) => ({
      cost: { amountMicro: known, currency },
      costMax: { amountMicro: most, currency },
      tokens,
      latencyMs,
      tries,
    }),
  }
}
