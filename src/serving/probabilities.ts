import { CapstanError } from '../base/index.ts'
import type { Prediction } from '../contracts/index.ts'

/** Softmax over each row of `logits`, in place; refuses a row with a number that is not finite. */
export function toProbabilities(logits: Float32Array, labelCount: number): Float32Array {
  for (let start = 0; start < logits.length; start += labelCount) {
    const row = logits.subarray(start, start + labelCount)
    let highest = Number.NEGATIVE_INFINITY
    for (const logit of row) highest = Math.max(highest, logit)
    if (!Number.isFinite(highest)) throw notFinite(highest)
    let sum = 0
    for (const logit of row) sum += Math.exp(logit - highest)
    for (let i = 0; i < labelCount; i++) row[i] = Math.exp((row[i] as number) - highest) / sum
  }
  return logits
}

/** One text's probabilities as a prediction with all scores, best first; equal scores keep the order of the labels. */
export function toPrediction(labels: readonly string[], probabilities: Float32Array, truncated: boolean): Prediction {
  const scores = labels.map((label, index) => ({ label, score: probabilities[index] as number }))
  scores.sort((a, b) => b.score - a.score)
  const [best] = scores as [(typeof scores)[number]]
  return { label: best.label, score: best.score, scores, truncated }
}

function notFinite(value: number): CapstanError {
  return new CapstanError('serving.not-finite', `The model answered with a logit of ${value}`, {
    hint: 'Its weights are damaged or its training diverged: serve another version.',
  })
}
