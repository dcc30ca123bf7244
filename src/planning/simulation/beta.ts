// The beta distribution. Incomplete beta function by its continued fraction (modified Lentz); quantile by Newton steps on
// the log-odds inside a bracket. Sources: DLMF 8.17; Numerical Recipes, 3rd ed., 6.4.
import { newtonInBracket } from '../find-root.ts'
import { logGamma } from './incomplete-gamma.ts'

/** I_x(a, b): the probability that a beta value is below `x`. */
export function lowerBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  return lowerBetaOf(a, b, x, 1 - x, logBeta(a, b))
}

/** The x below which a beta value falls with probability `u`, 0 < u < 1. */
export function createBetaQuantile(a: number, b: number): (u: number) => number {
  const logB = logBeta(a, b)
  const share = (y: number) => 1 / (1 + Math.exp(-y))
  // Beyond these log-odds a double holds 0 or 1.
  const [low, high] = [-700, 700]
  return (u) => {
    const f = (y: number) => lowerBetaOf(a, b, share(y), share(-y), logB) - u
    if (f(low) >= 0) return 0
    if (f(high) <= 0) return 1
    const y = newtonInBracket({
      f,
      slope: (y) => Math.exp(a * Math.log(share(y)) + b * Math.log(share(-y)) - logB),
      low,
      high,
      start: startOf(a, b, u, logB),
    })
    return share(y)
  }
}

/** The tail that is nearer, as if the other factor of the density were 1, in log-odds (Numerical Recipes' `invbetai`). */
function startOf(a: number, b: number, u: number, logB: number): number {
  const left = a * Math.log(a / (a + b))
  const right = b * Math.log(b / (a + b))
  const [t, w] = [Math.exp(left) / a, Math.exp(right) / b]
  if (u < t / (t + w)) {
    const x = Math.exp(Math.min(-1e-9, (Math.log(a * u) + logB) / a))
    return Math.log(x) - Math.log1p(-x)
  }
  const x = Math.exp(Math.min(-1e-9, (Math.log(b * (1 - u)) + logB) / b))
  return Math.log1p(-x) - Math.log(x)
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b)
}

/** `rest` is 1 - x, which may have more digits than the difference. */
function lowerBetaOf(a: number, b: number, x: number, rest: number, logB: number): number {
  const front = Math.exp(a * Math.log(x) + b * Math.log(rest) - logB)
  return x < (a + 1) / (a + b + 2) ? (front * fraction(a, b, x)) / a : 1 - (front * fraction(b, a, rest)) / b
}

function fraction(a: number, b: number, x: number): number {
  let c = 1
  let d = 1 / (1 - ((a + b) * x) / (a + 1))
  let product = d
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / (1 + even * d)
    c = 1 + even / c
    product *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / (1 + odd * d)
    c = 1 + odd / c
    const change = d * c
    product *= change
    if (Math.abs(change - 1) < 1e-16) break
  }
  return product
}
