/**
 * Price sensitivity meter (van Westendorp, 1976): four prices of each respondent, four curves of shares, and where they cross.
 * Conventions as in the R package pricesensitivitymeter: the acceptable range is from too cheap × expensive to too expensive × cheap.
 */
import { InvalidInputError } from '../../base/index.ts'

/** What one respondent finds too cheap to be good, cheap, expensive, and too expensive to buy. */
export type PriceOpinion = { tooCheap: number; cheap: number; expensive: number; tooExpensive: number }

export type PriceSensitivity = {
  respondents: number
  /** Left out, because their prices do not rise from too cheap to too expensive. */
  inconsistent: number
  /** Point of marginal cheapness: below, more find it too cheap than expensive. */
  lowest: number
  /** Indifference: as many find it cheap as expensive. */
  indifferent: number
  /** As many find it too cheap as too expensive: least resistance. */
  optimal: number
  /** Point of marginal expensiveness. */
  highest: number
}

/** Throws InvalidInputError `plan.bad-survey` below five consistent respondents. */
export function measurePriceSensitivity(opinions: readonly PriceOpinion[]): PriceSensitivity {
  const consistent = opinions.filter(
    ({ tooCheap, cheap, expensive, tooExpensive }) =>
      tooCheap >= 0 && tooCheap <= cheap && cheap <= expensive && expensive <= tooExpensive,
  )
  refuseFew(consistent.length, 'whose four prices rise')
  const prices = [...new Set(consistent.flatMap((opinion) => Object.values(opinion)))].sort((a, b) => a - b)
  const falling = (key: keyof PriceOpinion) => prices.map((price) => share(consistent, (one) => one[key] >= price))
  const rising = (key: keyof PriceOpinion) => prices.map((price) => share(consistent, (one) => one[key] <= price))
  const crossAt = (down: number[], up: number[]) => cross(prices, down, up)
  return {
    respondents: consistent.length,
    inconsistent: opinions.length - consistent.length,
    lowest: crossAt(falling('tooCheap'), rising('expensive')),
    indifferent: crossAt(falling('cheap'), rising('expensive')),
    optimal: crossAt(falling('tooCheap'), rising('tooExpensive')),
    highest: crossAt(falling('cheap'), rising('tooExpensive')),
  }
}

/** Fewer say little, whatever they say. */
export function refuseFew(count: number, who: string): void {
  if (count >= 5) return
  throw new InvalidInputError('plan.bad-survey', `The survey has ${count} respondents ${who}; five are the least.`, {
    hint: 'Ask more people, and check the columns of the file.',
  })
}

function share<T>(all: readonly T[], isSo: (one: T) => boolean): number {
  return all.filter(isSo).length / all.length
}

/** Where a falling and a rising curve meet, straight between the prices; the middle, where they lie on each other. */
function cross(prices: readonly number[], down: readonly number[], up: readonly number[]): number {
  const excess = prices.map((_, i) => (up[i] as number) - (down[i] as number))
  const after = excess.findIndex((value) => value >= 0)
  if (after <= 0) return prices[Math.max(0, after)] as number
  if (excess[after] === 0) {
    const last = excess.lastIndexOf(0)
    return ((prices[after] as number) + (prices[last] as number)) / 2
  }
  const [left, right] = [excess[after - 1] as number, excess[after] as number]
  const [low, high] = [prices[after - 1] as number, prices[after] as number]
  return low + ((high - low) * -left) / (right - left)
}
