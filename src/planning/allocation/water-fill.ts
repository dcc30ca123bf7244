/** Engine A: one price for everybody. Each part takes as much as it wants at a price, and the price is bisected. */

export type Taker = {
  min: number
  max: number
  /** What the next unit brings at x; falls in x, and is at least 0. */
  slope(x: number): number
}

export type Filling = { spend: number[]; price: number }

/**
 * Splits `budget` ≥ Σ min so that every part between its bounds has the same slope, the price; exact for slopes that fall,
 * to working precision, on any scale of money. Spends less than the budget, at price 0, where more brings nothing.
 */
export function waterFill(takers: readonly Taker[], budget: number): Filling {
  const parts = takers.map((taker) => ({ ...taker, max: Math.min(taker.max, taker.min + budget) }))
  const take = (price: number) => parts.map((part) => inverseSlope(part, price))
  const most = take(0)
  if (sum(most) <= budget) return { spend: most, price: 0 }
  // Any start above 0 will do; the largest slope is a near one.
  let high = Math.max(...parts.map(({ min, slope }) => slope(min)).filter((value) => Number.isFinite(value))) || 1
  if (!Number.isFinite(high)) high = 1
  while (sum(take(high)) > budget) high *= 2
  let low = high
  while (low > 0 && sum(take(low)) <= budget) low /= 1024
  for (let i = 0; i < 200; i++) {
    const middle = low > 0 ? Math.sqrt(low) * Math.sqrt(high) : high / 2
    if (middle <= low || middle >= high) break
    if (sum(take(middle)) > budget) low = middle
    else high = middle
  }
  return { spend: fillUp(take(high), take(low), budget), price: high }
}

/** Between the two spends at neighbouring prices: parts with a flat slope share what is left in proportion. */
function fillUp(less: readonly number[], more: readonly number[], budget: number): number[] {
  const rest = budget - sum(less)
  const width = sum(more) - sum(less)
  const share = width > 0 ? Math.min(1, rest / width) : 0
  return less.map((x, i) => x + share * ((more[i] as number) - x))
}

/** The largest x within the bounds at which the slope is still above the price. */
function inverseSlope({ min, max, slope }: Taker, price: number): number {
  if (slope(max) > price) return max
  if (slope(min) <= price) return min
  let low = min
  let high = max
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2
    if (middle <= low || middle >= high) break
    if (slope(middle) > price) low = middle
    else high = middle
  }
  return low
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
