import type { MatchesReport } from './evaluation-report.ts'
import { estimate, mean, ratio } from './intervals.ts'

const ranksCounted = 10

/** A vector to look for the nearest of, and which of the candidates are its matches. */
export type MatchQuery = {
  vector: readonly number[]
  isMatch(candidate: number): boolean
  /** A candidate that is the text itself, and does not count. */
  self?: number
}

/**
 * The report on how near texts stand to their matches: for each query the rank of its first match among all candidates,
 * by inner product; of equals those that are no match come first, so that a model which sees no difference gains nothing.
 */
export function evaluateMatches(
  queries: readonly MatchQuery[],
  candidates: readonly (readonly number[])[],
): MatchesReport {
  const ranks = queries.map((query) => findRank(query, candidates))
  const reciprocal = ranks.map((rank) => (rank <= ranksCounted ? 1 / rank : 0))
  const { value, interval } = estimate(
    reciprocal.map((share) => [1, share]),
    ([count = 0, sum = 0]) => ratio(sum, count),
  )
  return {
    kind: 'embed',
    count: queries.length,
    primary: { name: 'mean reciprocal rank', value, interval },
    meanReciprocalRank: value,
    recallAt1: mean(ranks.map((rank) => (rank === 1 ? 1 : 0))),
    recallAt10: mean(ranks.map((rank) => (rank <= ranksCounted ? 1 : 0))),
    candidates: candidates.length,
  }
}

/** Counted from 1; infinite where no candidate matches. */
function findRank({ vector, isMatch, self }: MatchQuery, candidates: readonly (readonly number[])[]): number {
  const scores = candidates.map((candidate) => candidate.reduce((sum, x, i) => sum + x * (vector[i] as number), 0))
  const others = [...scores.keys()].filter((candidate) => candidate !== self)
  const best = others.filter(isMatch).reduce((highest, i) => Math.max(highest, scores[i] as number), -Infinity)
  if (best === -Infinity) return Infinity
  return 1 + others.filter((i) => !isMatch(i) && (scores[i] as number) >= best).length
}
