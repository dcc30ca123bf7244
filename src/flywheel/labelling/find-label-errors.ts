export type LikelyLabelError = {
  /** Index of the example. */
  index: number
  given: number
  /** The class that the model, trained without the example, is confident of. */
  suggested: number
  /** Probability of the given label less that of the suggested one: the lower, the more likely an error. */
  margin: number
}

export type LabelErrors = {
  /** The most likely first. */
  errors: LikelyLabelError[]
  /** For each class, the mean probability of it among examples labelled so: from there on a model is confident of it. */
  thresholds: number[]
  /** joint[given][true]: estimated shares of all examples. */
  joint: number[][]
  /** Estimated share of examples with a wrong label: what lies off the joint's diagonal. */
  noise: number
}

/**
 * Confident learning (Northcutt et al. 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels"): counts, for
 * each given label, the examples of whose other class the model is confident, and takes those for likely errors.
 * `probabilities` are out-of-fold, row after row of `width` classes; `labels` are class numbers.
 */
export function findLabelErrors(
  probabilities: ArrayLike<number>,
  width: number,
  labels: ArrayLike<number>,
): LabelErrors {
  const at = (row: number, label: number) => probabilities[row * width + label] as number
  const sums = new Float64Array(width)
  const counts = new Float64Array(width)
  for (let i = 0; i < labels.length; i++) {
    const given = labels[i] as number
    sums[given] = (sums[given] as number) + at(i, given)
    counts[given] = (counts[given] as number) + 1
  }
  // Of a class that no example is labelled with, nothing is ever confident.
  const thresholds = Array.from(sums, (sum, label) => (counts[label] ? sum / (counts[label] as number) : Infinity))
  const confident = Array.from({ length: width }, () => new Array<number>(width).fill(0))
  const errors: LikelyLabelError[] = []
  for (let i = 0; i < labels.length; i++) {
    const given = labels[i] as number
    let suggested = -1
    for (let label = 0; label < width; label++) {
      const isConfident = at(i, label) >= (thresholds[label] as number)
      if (isConfident && (suggested < 0 || at(i, label) > at(i, suggested))) suggested = label
    }
    if (suggested < 0) continue
    const row = confident[given] as number[]
    row[suggested] = (row[suggested] as number) + 1
    if (suggested !== given) errors.push({ index: i, given, suggested, margin: at(i, given) - at(i, suggested) })
  }
  errors.sort((a, b) => a.margin - b.margin)
  const joint = confident.map((row, given) => scaleRow(row, given, (counts[given] as number) / labels.length))
  const noise = 1 - joint.reduce((sum, row, given) => sum + (row[given] as number), 0)
  return { errors, thresholds, joint, noise: Math.max(0, noise) }
}

/** The row with the sum `share`; a label of which no example is confident is taken as right. */
function scaleRow(row: readonly number[], given: number, share: number): number[] {
  const total = row.reduce((sum, count) => sum + count, 0)
  return row.map((count, label) => (total > 0 ? (share * count) / total : label === given ? share : 0))
}
