/** The q-quantile of numbers, linear between neighbours; infinite ones sort last. Empty input gives NaN. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = Float64Array.from(values).sort()
  const place = q * (sorted.length - 1)
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below === above ? below : below + (place - Math.floor(place)) * (above - below)
}
