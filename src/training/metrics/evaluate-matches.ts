import { present } from '../../base/index.ts'
import { answerOf, type Example } from '../../data/index.ts'
import type { MatchesReport } from './evaluation-report.ts'
import { estimate, mean, ratio } from './intervals.ts'

const ranksCounted = 10

/** A vector to look for the nearest of, and which of the candidates are its matches. */
type MatchQuery = {
  vector: readonly number[]
  isMatch(candidate: number): boolean
  /** A candidate that is the text itself, and does not count. */
  self?: number
}

/**
 * The report on how near texts stand to their matches: for each query the rank of its first match among all candidates,
 * by inner product; of equals those that are no match come first, so that a model which sees no difference gains nothing.
 */
function evaluateMatches(queries: readonly MatchQuery[], candidates: readonly (readonly number[])[]): MatchesReport {
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

/** The same from examples, with matches or labels, and what turns texts into vectors. */
export async function evaluateEmbeddings(
  examples: readonly Example[],
  embed: (texts: readonly string[]) => Promise<readonly (readonly number[])[]>,
): Promise<MatchesReport> {
  const vectors = await embed(examples.map(({ text }) => text))
  if (examples[0]?.answer.kind === 'class') return evaluateMatches(matchesByLabel(examples, vectors), vectors)
  const positives = examples.map((example) => answerOf(example, 'match').positive)
  const candidates = [...new Set(positives)]
  const queries = positives.map((positive, i) => ({
    vector: present(vectors[i], 'embedding'),
    isMatch: (candidate: number) => candidates[candidate] === positive,
  }))
  return evaluateMatches(queries, await embed(candidates))
}

/** A query for each text whose label another one bears too. */
function matchesByLabel(examples: readonly Example[], vectors: readonly (readonly number[])[]): MatchQuery[] {
  const labels = examples.map((example) => answerOf(example, 'class').label)
  return labels.flatMap((label, self) => {
    if (labels.indexOf(label) === labels.lastIndexOf(label)) return []
    return [{ vector: present(vectors[self], 'embedding'), isMatch: (candidate) => labels[candidate] === label, self }]
  })
}

/** Counted from 1; infinite where no candidate matches. */
function findRank({ vector, isMatch, self }: MatchQuery, candidates: readonly (readonly number[])[]): number {
  const scores = candidates.map((candidate) => candidate.reduce((sum, x, i) => sum + x * (vector[i] as number), 0))
  const others = [...scores.keys()].filter((candidate) => candidate !== self)
  const best = others.filter(isMatch).reduce((highest, i) => Math.max(highest, scores[i] as number), -Infinity)
  if (best === -Infinity) return Infinity
  return 1 + others.filter((i) => !isMatch(i) && (scores[i] as number) >= best).length
}
