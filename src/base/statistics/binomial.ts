import { betaQuantile, incompleteBeta } from './beta.ts'
import { logGamma } from './gamma.ts'

/** P(X ≤ successes) of a binomial variable of `count` draws with probability p. */
export function binomialAtMost(successes: number, count: number, p: number): number {
  if (successes < 0) return 0
  return successes >= count ? 1 : incompleteBeta(1 - p, count - successes, successes + 1)
}

/** Clopper and Pearson (1934): the smallest p that `successes` or more of `count` do not refute at level `alpha`, one-sided. */
export function binomialLowerBound(successes: number, count: number, alpha: number): number {
  return successes === 0 ? 0 : betaQuantile(alpha, successes, count - successes + 1)
}

/** Clopper and Pearson (1934): the largest p that `successes` or fewer of `count` do not refute at level `alpha`, one-sided. */
export function binomialUpperBound(successes: number, count: number, alpha: number): number {
  return successes === count ? 1 : betaQuantile(1 - alpha, successes + 1, count - successes)
}

/** P(X ≥ hits) where `draws` are taken without replacement out of `total`, of which `marked` would be hits. */
export function hypergeometricAtLeast(hits: number, draws: number, marked: number, total: number): number {
  const logTotal = logChoose(total, draws)
  let sum = 0
  for (let k = Math.max(hits, draws + marked - total, 0); k <= Math.min(draws, marked); k++) {
    sum += Math.exp(logChoose(marked, k) + logChoose(total - marked, draws - k) - logTotal)
  }
  return Math.min(1, sum)
}

function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)
}
