import { assert } from '../base/index.ts'

/**
 * Where `f` changes its sign between `low` and `high`, to the last bit of a double. The caller makes sure of the change:
 * bisection then cannot fail, whatever the form of `f`.
 */
export function bisect(f: (x: number) => number, low: number, high: number): number {
  assert(Number.isFinite(high - low), `internal: bisection between ${low} and ${high}`)
  const rising = f(high) > 0
  assert(f(low) === 0 || f(low) > 0 !== rising || f(high) === 0, `bisect: no change of sign in ${low} … ${high}`)
  let [a, b] = [low, high]
  for (;;) {
    const middle = a + (b - a) / 2
    if (middle <= Math.min(a, b) || middle >= Math.max(a, b)) return middle
    if (f(middle) > 0 === rising) b = middle
    else a = middle
  }
}

/** Newton's method that never leaves a bracket: `f` rises from below 0 at `low` to above 0 at `high`; halves where a step would leave. */
export function newtonInBracket(options: {
  f: (x: number) => number
  slope: (x: number) => number
  low: number
  high: number
  start: number
}): number {
  let { low, high, start: x } = options
  if (!(x > low && x < high)) x = (low + high) / 2
  for (let i = 0; i < 200; i++) {
    const value = options.f(x)
    if (value === 0) return x
    if (value > 0) high = x
    else low = x
    const step = x - value / options.slope(x)
    const next = step > low && step < high ? step : low + (high - low) / 2
    if (Math.abs(next - x) <= 4 * Number.EPSILON * Math.abs(x)) return next
    x = next
  }
  return x
}
