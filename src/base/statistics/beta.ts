import { bisect } from './bisect.ts'
import { continuedFraction, logGamma } from './gamma.ts'

/** ln B(a, b) for a, b > 0. */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b)
}

/** I_x(a, b), the regularised incomplete beta function: P(X ≤ x) of a beta variable. Continued fraction of DLMF 8.17.22. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const factor = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)) / a
  return factor * continuedFraction(1, (i) => ({ a: betaTerm(x, a, b, i), b: 1 }))
}

/** The x with I_x(a, b) = p. */
export function betaQuantile(p: number, a: number, b: number): number {
  return bisect((x) => incompleteBeta(x, a, b) < p, 0, 1)
}

function betaTerm(x: number, a: number, b: number, i: number): number {
  const m = i >> 1
  const numerator = i % 2 === 0 ? m * (b - m) : -(a + m) * (a + b + m)
  return (numerator * x) / ((a + i - 1) * (a + i))
}
