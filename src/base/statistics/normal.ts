import { bisect } from './bisect.ts'
import { upperGamma } from './gamma.ts'

/** P(Z ≥ z) of a standard normal variable. */
export function normalTail(z: number): number {
  const half = upperGamma(0.5, (z * z) / 2) / 2
  return z >= 0 ? half : 1 - half
}

/** The z with P(Z ≤ z) = p. */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p)
  return -bisect((z) => normalTail(z) > p, 0, 40)
}
