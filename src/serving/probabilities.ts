import { CapstanError } from '../base/index.ts'

/** Softmax over each row of `width` logits, in place; refuses a row with a number that is not finite. */
export function toProbabilities(logits: Float32Array, width: number): Float32Array {
  for (let start = 0; start < logits.length; start += width) {
    const row = logits.subarray(start, start + width)
    let highest = Number.NEGATIVE_INFINITY
    for (const logit of row) highest = Math.max(highest, logit)
    if (!Number.isFinite(highest)) throw notFinite(highest)
    let sum = 0
    for (const logit of row) sum += Math.exp(logit - highest)
    for (let i = 0; i < width; i++) row[i] = Math.exp((row[i] as number) - highest) / sum
  }
  return logits
}

/** −ln Σ exp(logit), the energy of a text (Liu et al. 2020): low where some class is sure, higher the farther it is from all. */
export function energyOf(logits: Float32Array): number {
  let highest = Number.NEGATIVE_INFINITY
  for (const logit of logits) highest = Math.max(highest, logit)
  let sum = 0
  for (const logit of logits) sum += Math.exp(logit - highest)
  return -(highest + Math.log(sum))
}

/** 1 / (1 + exp(−x)) of each logit; refuses a number that is not finite. */
export function toSigmoids(logits: Float32Array): Float32Array {
  return requireFinite(logits).map((logit) => 1 / (1 + Math.exp(-logit)))
}

/** The numbers, where all are finite. */
export function requireFinite(numbers: Float32Array): Float32Array {
  for (const number of numbers) if (!Number.isFinite(number)) throw notFinite(number)
  return numbers
}

/**
 * Probabilities of K grades from those of lying above each of the first K − 1: differences of neighbours. These fall with
 * the grade, up to the model's errors, which a running minimum takes out.
 */
export function toGradeShares(above: Float32Array): Float32Array {
  const shares = new Float32Array(above.length + 1)
  let reached = 1
  above.forEach((probability, grade) => {
    const next = Math.min(reached, probability)
    shares[grade] = reached - next
    reached = next
  })
  shares[above.length] = reached
  return shares
}

function notFinite(value: number): CapstanError {
  return new CapstanError('serving.not-finite', `The model answered with a value of ${value}`, {
    hint: 'Its weights are damaged or its training diverged: serve another version.',
  })
}
