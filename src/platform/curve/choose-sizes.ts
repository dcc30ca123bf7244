import { InvalidInputError } from '../../base/index.ts'
import { countLabels, type Example } from '../../data/index.ts'

/** As many as all forms of curve can be told apart by, with one held out. */
const sizesWanted = 5
/** Below them no curve can be checked against the largest: see chooseLearningCurve. */
export const sizesMin = 4
/** The smallest set is no more than that much smaller than the largest: far below, a curve is another one. */
const rangeMax = 16
const perLabelMin = 2
const smallestMin = 16

/** Sizes of nested training sets, ascending and in equal ratios, up to all examples. */
export function chooseSizes(examples: readonly Example[], given?: readonly number[]): number[] {
  const labels = countLabels(examples).size
  if (given) return checkSizes(given, { labels, most: examples.length })
  const most = examples.length
  const least = Math.max(smallestMin, perLabelMin * labels, Math.ceil(most / rangeMax))
  const ratio = (most / least) ** (1 / (sizesWanted - 1))
  if (ratio < 1.2) {
    throw new InvalidInputError(
      'curve.too-few-examples',
      `There are ${most} examples to train on, and the smallest part of them has to have ${least}: too few for ${sizesWanted} sizes`,
      { hint: `Label more: ${Math.ceil(2 * least)} show a first bend, ${rangeMax * least} the whole curve.` },
    )
  }
  return Array.from({ length: sizesWanted }, (_, i) => Math.round(least * ratio ** i))
}

function checkSizes(given: readonly number[], { labels, most }: { labels: number; most: number }): number[] {
  const sizes = [...new Set(given)].sort((a, b) => a - b)
  const wrong = sizes.filter((size) => !Number.isInteger(size) || size < Math.max(2, labels) || size > most)
  if (wrong.length > 0 || sizes.length === 0) {
    throw new InvalidInputError(
      'curve.bad-sizes',
      wrong.length === 0
        ? 'No size of training set was given'
        : `These sizes cannot be trained on: ${wrong.join(', ')}`,
      { hint: `Give whole numbers from ${Math.max(2, labels)} (one example of each label) to ${most}, all there are.` },
    )
  }
  return sizes
}
