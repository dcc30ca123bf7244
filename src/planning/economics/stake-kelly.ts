import { InvalidInputError } from '../../base/index.ts'
import { bisect } from '../find-root.ts'

/** One outcome of a bet: what a stake of 1 becomes, 0 when it is lost. */
export type Outcome = { probability: number; multiple: number }

/**
 * The share of capital that grows it fastest over many such bets (Kelly 1956): the root of Σ p(r - 1)/(1 + f(r - 1)).
 * A ceiling for bets that can be repeated, mostly halved; a venture that takes all one has is a question of ruin instead.
 * `growth` is the mean of ln of the capital's multiple. Throws InvalidInputError `plan.invalid-outcomes`.
 */
export function stakeKelly(outcomes: readonly Outcome[]): { fraction: number; half: number; growth: number } {
  const total = outcomes.reduce((sum, { probability }) => sum + probability, 0)
  const worst = Math.min(...outcomes.map(({ multiple }) => multiple))
  const valid = outcomes.every(
    ({ probability, multiple }) => probability > 0 && multiple >= 0 && Number.isFinite(multiple),
  )
  if (!valid || Math.abs(total - 1) > 1e-9 || worst >= 1) {
    throw new InvalidInputError(
      'plan.invalid-outcomes',
      `The outcomes have probabilities that add up to ${total} and multiples of at least ${worst}.`,
      { hint: 'Give probabilities above 0 that add up to 1, and multiples of the stake of which one is below 1.' },
    )
  }
  const slope = (f: number) =>
    outcomes.reduce(
      (sum, { probability, multiple }) => sum + (probability * (multiple - 1)) / (1 + f * (multiple - 1)),
      0,
    )
  const ruin = 1 / (1 - worst)
  const fraction = slope(0) <= 0 ? 0 : bisect(slope, 0, ruin * (1 - 1e-12))
  const growth = outcomes.reduce(
    (sum, { probability, multiple }) => sum + probability * Math.log1p(fraction * (multiple - 1)),
    0,
  )
  return { fraction, half: fraction / 2, growth }
}
