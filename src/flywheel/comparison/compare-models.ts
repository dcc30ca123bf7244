import { binomialAtMost, bisect, normalQuantile } from '../../base/index.ts'

export type ComparisonVerdict = 'better' | 'not-worse' | 'worse' | 'unclear'

export type ModelComparison = {
  n: number
  /** Examples that only the candidate, and that only the live version, answers right. */
  onlyCandidate: number
  onlyLive: number
  /** Accuracy of the candidate less that of the live version, with its interval. */
  difference: number
  interval: [number, number]
  /** Exact two-sided McNemar test of "both are right equally often". */
  p: number
  margin: number
  confidence: number
  /** Better: the interval lies above 0. Not worse: above −margin. Worse: below 0. Unclear: none of these. */
  verdict: ComparisonVerdict
}

/**
 * Two models on the same held-out examples: McNemar's exact test (1947), and the score interval of the difference of
 * paired proportions (Tango 1998). "Not worse" is non-inferiority: the whole interval lies above −margin, so that a
 * candidate which is worse by the margin passes with probability (1 − confidence) / 2 at most.
 */
export function compareModels(
  candidateRight: ArrayLike<boolean>,
  liveRight: ArrayLike<boolean>,
  { margin, confidence = 0.95 }: { margin: number; confidence?: number },
): ModelComparison {
  const n = candidateRight.length
  let [onlyCandidate, onlyLive] = [0, 0]
  for (let i = 0; i < n; i++) {
    if (candidateRight[i] && !liveRight[i]) onlyCandidate++
    if (liveRight[i] && !candidateRight[i]) onlyLive++
  }
  const discordant = onlyCandidate + onlyLive
  const interval = tangoInterval(onlyCandidate, onlyLive, n, confidence)
  return {
    n,
    onlyCandidate,
    onlyLive,
    difference: n === 0 ? 0 : (onlyCandidate - onlyLive) / n,
    interval,
    p: Math.min(1, 2 * binomialAtMost(Math.min(onlyCandidate, onlyLive), discordant, 0.5)),
    margin,
    confidence,
    verdict: judge(interval, margin),
  }
}

function judge([low, high]: [number, number], margin: number): ComparisonVerdict {
  if (low > 0) return 'better'
  if (high < 0) return 'worse'
  return low > -margin ? 'not-worse' : 'unclear'
}

/** All differences that the score test does not refute; [-1, 1] without examples. */
export function tangoInterval(b: number, c: number, n: number, confidence: number): [number, number] {
  if (n === 0) return [-1, 1]
  const z = normalQuantile((1 + confidence) / 2)
  const difference = (b - c) / n
  return [
    bisect((delta) => scoreOf(b, c, n, delta) > z, -1, difference),
    bisect((delta) => scoreOf(b, c, n, delta) > -z, difference, 1),
  ]
}

/** (b − c − nΔ) over its standard error under Δ, with the nuisance probability at its maximum likelihood (Tango 1998). */
function scoreOf(b: number, c: number, n: number, delta: number): number {
  const linear = (2 * n - b + c) * delta - b - c
  const constant = -c * delta * (1 - delta)
  const nuisance = (Math.sqrt(Math.max(0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
  const variance = n * (2 * nuisance + delta * (1 - delta))
  const distance = b - c - n * delta
  if (variance <= 0) return distance === 0 ? 0 : Math.sign(distance) * Number.POSITIVE_INFINITY
  return distance / Math.sqrt(variance)
}
