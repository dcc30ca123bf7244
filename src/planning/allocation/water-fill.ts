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
  const least = parts.map(({ min }) => min)
  const greatest = parts.map(({ max }) => max)
  /** What all take at a price, known to lie between `from` and `to`. */
  const take = (price: number, from: readonly number[], to: readonly number[]) =>
    parts.map((part, i) => inverseSlope(part, price, from[i] as number, to[i] as number))
  const most = take(0, least, greatest)
  if (sum(most) <= budget) return { spend: most, price: 0 }
  // Any start above 0 will do; the largest slope is a near one.
  let high = Math.max(0, ...parts.map(({ min, slope }) => slope(min)).filter(Number.isFinite)) || 1
  let less = take(high, least, greatest)
  while (sum(less) > budget) {
    high *= 2
    less = take(high, least, less)
  }
  let low = high
  let more = less
  while (low > 0 && sum(more) <= budget) {
    low /= 1024
    more = take(low, less, greatest)
  }
  for (let i = 0; i < 200; i++) {
    const middle = low > 0 ? Math.sqrt(low) * Math.sqrt(high) : high / 2
    if (middle <= low || middle >= high) break
    const between = take(middle, less, more)
    if (sum(between) > budget) {
      low = middle
      more = between
    } else {
      high = middle
      less = between
    }
  }
  return { spend: fillUp(less, more, budget), price: high }
}

/** Between the two spends at neighbouring prices: parts with a flat slope share what is left in proportion. */
function fillUp(less: readonly number[], more: readonly number[], budget: number): number[] {
  const rest = budget - sum(less)
  const width = sum(more) - sum(less)
  const share = width > 0 ? Math.min(1, rest / width) : 0
  return less.map((x, i) => x + share * ((more[i] as number) - x))
}

/** The largest x between two at which the slope is still above the price. */
function inverseSlope({ slope }: Taker, price: number, from: number, to: number): number {
  if (slope(to) > price) return to
  if (slope(from) <= price) return from
  let low = from
  let high = to
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
