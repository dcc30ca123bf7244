import { binomialAtMost } from '../../base/index.ts'

/** Neighbouring looks differ by this share of the examples. */
const stepShare = 0.02
/** The first look; earlier ones would cost level and could only find small thresholds. */
const startShare = 0.1
/** Terms of a step's distribution below this are left out: together they are no more than the rounding of the rest. */
const negligible = 1e-14

/** How many of the highest scores each look accepts, rising; one example more sets the threshold. Knows no label. */
export function planLooks(n: number, needed: number): number[] {
  const step = Math.max(1, Math.round(stepShare * n))
  const looks: number[] = []
  for (let count = Math.max(needed, Math.round(startShare * n)); count < n - 1; count += step) looks.push(count)
  if (needed <= n - 1) looks.push(n - 1)
  return looks
}

/**
 * The level at which each of several looks may test, so that any of them succeeds with probability `alpha` at most where
 * every example errs with probability `errorShare`: the errors among the first m examples are then a random walk, whose
 * chance of ever being among its lowest `level` is computed exactly. Between alpha / looks and alpha.
 */
export function shareLevel(looks: readonly number[], errorShare: number, alpha: number): number {
  let [low, high] = [alpha / Math.max(1, looks.length), alpha]
  if (crossingProbability(looks, errorShare, high) <= alpha) return high
  while (high / low > 1.001) {
    const middle = Math.sqrt(low * high)
    if (crossingProbability(looks, errorShare, middle) <= alpha) low = middle
    else high = middle
  }
  return low
}

/** The most errors with which a look at level `level` succeeds; −1 where none are few enough. */
function errorsAllowed(count: number, errorShare: number, level: number, from: number): number {
  let errors = from
  while (binomialAtMost(errors + 1, count, errorShare) <= level) errors++
  return errors
}

function crossingProbability(looks: readonly number[], errorShare: number, level: number): number {
  const allowed: number[] = []
  for (const count of looks) allowed.push(errorsAllowed(count, errorShare, level, allowed.at(-1) ?? -1))
  // With more errors than the last look allows, no look can succeed any more.
  const size = (allowed.at(-1) ?? -1) + 1
  let walk = new Float64Array(size)
  if (size > 0) walk[0] = 1
  let crossed = 0
  looks.forEach((count, i) => {
    walk = addErrors(walk, binomialTerms(count - (looks[i - 1] ?? 0), errorShare, size))
    for (let errors = 0; errors <= (allowed[i] as number); errors++) {
      crossed += walk[errors] as number
      walk[errors] = 0
    }
  })
  return crossed
}

/** P(X = 0), P(X = 1), … of a binomial variable, `size` of them at most. */
function binomialTerms(count: number, p: number, size: number): Float64Array {
  const terms = new Float64Array(Math.min(size, count + 1))
  let term = (1 - p) ** count
  for (let k = 0; k < terms.length; k++) {
    terms[k] = term
    term *= ((count - k) / (k + 1)) * (p / (1 - p))
  }
  return terms
}

function addErrors(walk: Float64Array, terms: Float64Array): Float64Array<ArrayBuffer> {
  const next = new Float64Array(walk.length)
  for (let errors = 0; errors < walk.length; errors++) {
    const share = walk[errors] as number
    if (share < negligible) continue
    for (let more = 0; more < terms.length && errors + more < next.length; more++)
      next[errors + more] = (next[errors + more] as number) + share * (terms[more] as number)
  }
  return next
}
