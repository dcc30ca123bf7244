/** What the gate reads of a model's prediction: its answer, how sure it is, and how strange the text was. */
import type { Prediction } from '../../contracts/index.ts'
import type { Answer } from '../../data/index.ts'
import { applyTemperature, toLogits } from '../../flywheel/index.ts'

/** The answer in the form in which examples have theirs; null for embeddings, which are not kept. */
export function answerOfPrediction(prediction: Prediction): Answer | null {
  switch (prediction.kind) {
    case 'classify':
      return { kind: 'class', label: prediction.label }
    case 'multilabel':
      return { kind: 'classes', labels: prediction.labels }
    case 'regress':
    case 'ordinal':
      return { kind: 'value', value: prediction.value }
    case 'tag':
      return { kind: 'spans', spans: prediction.spans.map(({ start, end, label }) => ({ start, end, label })) }
    case 'embed':
      return null
  }
}

/**
 * How sure an answer is, from 0 to 1: the largest probability at the temperature; for several labels the probability that
 * all are right, were they independent. Null where a kind has no such number.
 */
export function confidenceOf(prediction: Prediction, temperature: number): number | null {
  if (prediction.kind === 'classify') {
    const logits = toLogits(prediction.scores.map(({ score }) => score))
    return Math.max(...applyTemperature({ logits, width: logits.length }, temperature))
  }
  if (prediction.kind !== 'multilabel') return null
  return prediction.scores.reduce((product, { score }) => product * Math.max(score, 1 - score), 1)
}

/** The energy of the text; null where the kind has none. */
export function strangenessOf(prediction: Prediction): number | null {
  return prediction.kind === 'classify' ? (prediction.energy ?? null) : null
}
