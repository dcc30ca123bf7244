import { InvalidInputError } from '../base/index.ts'
import { type PredictionInput, predictionsOf } from '../contracts/index.ts'
import { answerOf, type Example } from '../data/index.ts'
import { openPredictor } from '../serving/index.ts'
import { type EvaluationReport, evaluateLogits } from '../training/index.ts'

/**
 * Measures a saved model on labelled texts, through the same code that serves it.
 * Throws InvalidInputError `evaluation.unknown-label` naming every label that the model does not know.
 */
export async function evaluateFolder(folder: string, examples: readonly Example[]): Promise<EvaluationReport> {
  const predictor = await openPredictor(folder)
  try {
    const { labels } = predictor
    const indices = new Map(labels.map((label, i) => [label, i]))
    refuseUnknownLabels(examples, indices)
    const predictions = predictionsOf(await predictor.predict(examples.map(toInput)), 'classify')
    const logits = new Float32Array(examples.length * labels.length)
    predictions.forEach(({ scores }, row) => {
      // The logarithm of a probability is a logit; the smallest float keeps an impossible label finite.
      for (const { label, score } of scores) {
        logits[row * labels.length + (indices.get(label) as number)] = Math.log(Math.max(score, 1.2e-38))
      }
    })
    return evaluateLogits(
      logits,
      examples.map((example) => indices.get(answerOf(example, 'class').label) as number),
      labels,
    )
  } finally {
    await predictor.close()
  }
}

function toInput({ text, textPair }: Example): PredictionInput {
  return textPair === undefined ? text : { text, text_pair: textPair }
}

function refuseUnknownLabels(examples: readonly Example[], known: ReadonlyMap<string, number>): void {
  const unknown = new Map<string, number[]>()
  for (const example of examples) {
    const { line } = example
    const { label } = answerOf(example, 'class')
    if (!known.has(label)) unknown.set(label, [...(unknown.get(label) ?? []), line])
  }
  if (unknown.size === 0) return
  const list = [...unknown].map(
    ([label, lines]) => `"${label}" (line ${lines.slice(0, 3).join(', ')}${lines.length > 3 ? ', …' : ''})`,
  )
  throw new InvalidInputError(
    'evaluation.unknown-label',
    `The model has never seen ${unknown.size} of the labels: ${list.slice(0, 20).join('; ')}`,
    {
      hint: `It knows: ${[...known.keys()].slice(0, 20).join(', ')}${known.size > 20 ? ', …' : ''}. Correct the labels or train with them.`,
      details: Object.fromEntries(unknown),
    },
  )
}
