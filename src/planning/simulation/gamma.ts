// The quantile of the gamma distribution, by Newton steps on ln x inside a bracket.
import { newtonInBracket } from '../find-root.ts'
import { logGamma, lowerGamma } from './incomplete-gamma.ts'
import { normalQuantile } from './normal.ts'

/** The x below which a gamma value of shape `a` and scale 1 falls with probability `u`, 0 < u < 1. */
export function createGammaQuantile(a: number): (u: number) => number {
  const logGammaOfA = logGamma(a)
  return (u) => {
    // P(a, x) ≤ x^a / Γ(a + 1), so this is a lower bound of ln x, close where u or a is small; Wilson and Hilferty's elsewhere.
    const low = (Math.log(u) + logGammaOfA + Math.log(a)) / a
    if (low < -700) return 0
    const cube = 1 - 1 / (9 * a) + normalQuantile(u) / (3 * Math.sqrt(a))
    const start = cube > 0 ? Math.log(a) + 3 * Math.log(cube) : low
    let high = Math.max(low, start) + 1
    while (lowerGamma(a, Math.exp(high)) < u) high++
    const y = newtonInBracket({
      f: (y) => lowerGamma(a, Math.exp(y)) - u,
      slope: (y) => Math.exp(a * y - Math.exp(y) - logGammaOfA),
      low: low - 1e-9 * Math.max(1, Math.abs(low)),
      high,
      start: Math.max(low, start),
    })
    return Math.exp(y)
  }
}
