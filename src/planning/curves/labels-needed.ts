/** From a learning curve to a purchase: how many labels for a target error, and how many are worth their price. */
import { InvalidInputError } from '../../base/index.ts'
import { toAnchors } from './fit-learning-curve.ts'
import { errorSlopeAt, type LearningForm, type LearningParameters, labelsFor } from './learning-form.ts'
import type { LearningBootstrap } from './learning-uncertainty.ts'
import { quantile } from './quantile.ts'

/** Above this share of curves whose floor is not below the target no number of labels is named. */
const unreachableShareMax = 0.1

export type LabelsNeeded =
  | {
      answer: 'labels'
      p10: number
      p50: number
      /** Infinity where more than a tenth of the curves never get there. */
      p90: number
      /** Share of the curves that never reach the target. */
      unreachableShare: number
      /** Labels to buy now; then measure and ask again, because a single answer overshoots (Mahmood et al., 2022). */
      buyNow: number
    }
  | { answer: 'refused'; unreachableShare: number; why: string }

/**
 * Labels in total that bring the error to `target`, over the bootstrap's curves. Refuses where the data cannot say: where
 * P(floor ≥ target) > 10 %, or where the form did not beat the last value. `rounds` is how often one is ready to buy.
 */
export function findLabelsNeeded(
  { fit, draws }: LearningBootstrap,
  { target, beatsLastValue = true, rounds = 5 }: { target: number; beatsLastValue?: boolean; rounds?: number },
): LabelsNeeded {
  if (!(target > 0 && rounds >= 1)) {
    throw new InvalidInputError('planning.bad-target', `The target error is ${target}, in ${rounds} rounds.`, {
      hint: 'Give an error above 0 and at least one round.',
    })
  }
  const needed = draws.map(({ form, parameters }) => labelsFor(form, parameters, target))
  const unreachableShare = needed.filter((labels) => labels === Number.POSITIVE_INFINITY).length / needed.length
  if (!beatsLastValue || unreachableShare > unreachableShareMax) {
    const why = beatsLastValue
      ? `${Math.round(100 * unreachableShare)} % of the curves that fit the measurements never reach an error of ${target}.`
      : 'No curve foresaw the largest training set better than the last value did, so that none can be extended.'
    return { answer: 'refused', unreachableShare, why }
  }
  const [p10, p50, p90] = [0.1, 0.5, 0.9].map((q) => quantile(needed, q)) as [number, number, number]
  const have = Math.max(...toAnchors(fit.observations).map(({ labels }) => labels))
  // Equal ratios: early rounds are cheap, and the last is bought with the best knowledge.
  const buyNow = p50 <= have ? 0 : Math.ceil(have * (p50 / have) ** (1 / rounds)) - have
  return { answer: 'labels', p10, p50, p90, unreachableShare, buyNow }
}

/**
 * The labels at which one more costs what it brings: value · −error'(n) = price. `valuePerError` is what an error lower by
 * 1 (100 points) is worth, in the currency of the price. At most `labelsMax`; 0 where the first label is not worth it.
 */
export function findOptimalLabels(
  form: LearningForm,
  parameters: LearningParameters,
  { valuePerError, price, labelsMax = 1e12 }: { valuePerError: number; price: number; labelsMax?: number },
): number {
  if (!(valuePerError > 0 && price > 0)) {
    throw new InvalidInputError('planning.bad-price', `The value is ${valuePerError}, the price of a label ${price}.`, {
      hint: 'Both must be above 0.',
    })
  }
  const isWorthIt = (labels: number) => -valuePerError * errorSlopeAt(form, parameters, labels) > price
  // A sigmoid of labels is worth little at both ends: look for the last place where a label pays, from the top down.
  let high = labelsMax
  if (isWorthIt(high)) return high
  while (high > 1 && !isWorthIt(high / 2)) high /= 2
  if (high <= 1) return 0
  let low = high / 2
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2
    if (isWorthIt(middle)) low = middle
    else high = middle
  }
  return low
}
