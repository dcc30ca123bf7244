/** A choice by several criteria: the weighted mean of scores, and how far each weight may move before another option is best. */
import { createRandom, InvalidInputError } from '../../base/index.ts'

export type ScoreQuestion = {
  /** Weight of each criterion, at least 0; they need not add up to 1. */
  weights: Readonly<Record<string, number>>
  /** Scores by option and criterion, 0 to 10. */
  options: Readonly<Record<string, Readonly<Record<string, number>>>>
  seed: number
}

export type ScoredOption = {
  option: string
  score: number
  /** Share of random weights, every mix equally likely, under which it is best. */
  bestShare: number
}

export type ScoreReport = {
  /** The best first. */
  ranking: ScoredOption[]
  /** By criterion: its share of all weight, and the shares between which the best option stays the best. */
  sensitivity: { criterion: string; weight: number; from: number; to: number; otherwise: string | null }[]
}

const mixes = 4096

/** Throws InvalidInputError `plan.bad-scores` with every score that is missing or no number from 0 to 10. */
export function scoreOptions({ weights, options, seed }: ScoreQuestion): ScoreReport {
  const criteria = Object.keys(weights).sort()
  const names = Object.keys(options).sort()
  const total = criteria.reduce((sum, criterion) => sum + (weights[criterion] as number), 0)
  checkScores(criteria, names, options, total)
  const scoresOf = (option: string) => criteria.map((criterion) => options[option]?.[criterion] as number)
  const table = names.map(scoresOf)
  const shares = criteria.map((criterion) => (weights[criterion] as number) / total)
  const scores = table.map((row) => dot(row, shares))
  const best = indexOfLargest(scores)
  const wins = countWins(table, criteria.length, seed)
  return {
    ranking: names
      .map((option, i) => ({ option, score: scores[i] as number, bestShare: (wins[i] as number) / mixes }))
      .sort((one, other) => other.score - one.score || (one.option < other.option ? -1 : 1)),
    sensitivity: criteria.map((criterion, c) => {
      const { from, to, rival } = rangeOf(table, shares, c, best)
      return { criterion, weight: shares[c] as number, from, to, otherwise: names[rival] ?? null }
    }),
  }
}

/**
 * The shares of criterion c, the others in proportion, under which option `best` stays first: its lead is linear in the share,
 * lead(w) = w·(own on c) + (1 − w)·(own on the rest), so each rival gives one bound.
 */
function rangeOf(table: readonly number[][], shares: readonly number[], c: number, best: number) {
  const rest = 1 - (shares[c] as number)
  let [from, to, rival, nearest] = [0, 1, -1, Number.POSITIVE_INFINITY]
  table.forEach((row, i) => {
    if (i === best) return
    const lead = (table[best] as number[]).map((score, k) => score - (row[k] as number))
    const onCriterion = lead[c] as number
    const onRest = rest === 0 ? 0 : (dot(lead, shares) - (shares[c] as number) * onCriterion) / rest
    if (onCriterion === onRest) return
    const turn = onRest / (onRest - onCriterion)
    if (!(turn > 0 && turn < 1)) return
    if (onCriterion < onRest) to = Math.min(to, turn)
    else from = Math.max(from, turn)
    const distance = Math.abs(turn - (shares[c] as number))
    if (distance < nearest) [rival, nearest] = [i, distance]
  })
  return { from, to, rival }
}

/** Weights from the flat Dirichlet distribution: exponential draws, made to add up to 1. */
function countWins(table: readonly number[][], count: number, seed: number): number[] {
  const random = createRandom(seed, 'score weights')
  const wins = table.map(() => 0)
  for (let k = 0; k < mixes; k++) {
    const drawn = Array.from({ length: count }, () => -Math.log(1 - random.float()))
    const best = indexOfLargest(table.map((row) => dot(row, drawn)))
    wins[best] = (wins[best] as number) + 1
  }
  return wins
}

function checkScores(
  criteria: readonly string[],
  names: readonly string[],
  options: ScoreQuestion['options'],
  total: number,
): void {
  const problems = [
    ...(total > 0 ? [] : ['the weights add up to 0']),
    ...(names.length > 0 ? [] : ['there are no options']),
    ...names.flatMap((name) =>
      criteria.flatMap((criterion) => {
        const score = options[name]?.[criterion]
        if (score === undefined) return [`${name} has no score for ${criterion}`]
        return score >= 0 && score <= 10 ? [] : [`${name} has ${score} for ${criterion}`]
      }),
    ),
  ]
  if (problems.length === 0) return
  throw new InvalidInputError('plan.bad-scores', `The options cannot be compared: ${problems.join('; ')}.`, {
    hint: 'Give every option a score from 0 to 10 for every criterion that has a weight.',
    details: problems,
  })
}

function dot(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, i) => sum + value * (other[i] as number), 0)
}

function indexOfLargest(values: readonly number[]): number {
  return values.indexOf(Math.max(...values))
}
