/** For each kind of task, how a model's predictions are measured against what is known of the texts. */
import { InvalidInputError, present } from '../base/index.ts'
import { type Prediction, type PredictionInput, predictionsOf, type TaskKind } from '../contracts/index.ts'
import { answerOf, type Example, labelsOf } from '../data/index.ts'
import type { Predictor } from '../serving/index.ts'
import {
  evaluateEmbeddings,
  evaluateGrades,
  evaluateLabels,
  evaluateLogits,
  evaluateNumbers,
  evaluateSpans,
  type ReportOf,
} from '../training/index.ts'

type Evaluator<Kind extends TaskKind> = (predictor: Predictor, examples: readonly Example[]) => Promise<ReportOf<Kind>>

export const evaluators: { [Kind in TaskKind]: Evaluator<Kind> } = {
  async classify(predictor, examples) {
    const { labels } = predictor
    const indices = refuseUnknown(examples, ({ answer }) => labelsOf(answer), labels)
    const predictions = predictionsOf(await predict(predictor, examples), 'classify')
    const logits = predictions.map(({ scores }) => {
      const row = new Float32Array(labels.length)
      // The logarithm of a probability is a logit; the smallest float keeps an impossible label finite.
      for (const { label, score } of scores) {
        row[present(indices.get(label), label)] = Math.log(Math.max(score, 1.2e-38))
      }
      return row
    })
    const actual = examples.map((example) => present(indices.get(answerOf(example, 'class').label), 'label'))
    return evaluateLogits(logits, actual, labels)
  },

  async multilabel(predictor, examples) {
    refuseUnknown(examples, ({ answer }) => labelsOf(answer), predictor.labels)
    const predictions = predictionsOf(await predict(predictor, examples), 'multilabel')
    const pairs = examples.map((example, i) => ({
      actual: answerOf(example, 'classes').labels,
      predicted: present(predictions[i], 'prediction').labels,
    }))
    return evaluateLabels(pairs, predictor.labels)
  },

  async regress(predictor, examples) {
    const predictions = predictionsOf(await predict(predictor, examples), 'regress')
    return evaluateNumbers(
      predictions.map(({ value }) => value),
      examples.map((example) => answerOf(example, 'value').value),
    )
  },

  async ordinal(predictor, examples) {
    const { labels } = predictor
    const { answer } = predictor.head
    const grades = answer.kind === 'ordinal' ? answer.values.map(String) : []
    const gradeOf = (example: Example) => String(answerOf(example, 'value').value)
    const indices = refuseUnknown(examples, (example) => [gradeOf(example)], grades)
    const predictions = predictionsOf(await predict(predictor, examples), 'ordinal')
    return evaluateGrades(
      predictions.map(({ label }) => labels.indexOf(label)),
      examples.map((example) => present(indices.get(gradeOf(example)), 'grade')),
      labels,
    )
  },

  async tag(predictor, examples) {
    refuseUnknown(examples, ({ answer }) => labelsOf(answer), predictor.labels)
    const predictions = predictionsOf(await predict(predictor, examples), 'tag')
    const pairs = examples.map((example, i) => ({
      actual: answerOf(example, 'spans').spans,
      predicted: present(predictions[i], 'prediction').spans,
    }))
    return evaluateSpans(pairs, predictor.labels)
  },

  async embed(predictor, examples) {
    const embed = async (texts: readonly string[]) =>
      predictionsOf(await predictor.predict(texts), 'embed').map(({ embedding }) => embedding)
    return evaluateEmbeddings(examples, embed)
  },
}

function predict(predictor: Predictor, examples: readonly Example[]): Promise<Prediction[]> {
  return predictor.predict(
    examples.map(
      ({ text, textPair }): PredictionInput => (textPair === undefined ? text : { text, text_pair: textPair }),
    ),
  )
}

/** The place of each label that the model knows. */
function refuseUnknown(
  examples: readonly Example[],
  labelsOfExample: (example: Example) => readonly string[],
  known: readonly string[],
): Map<string, number> {
  const places = new Map(known.map((label, i) => [label, i]))
  const unknown = new Map<string, number[]>()
  for (const example of examples) {
    for (const label of new Set(labelsOfExample(example))) {
      if (!places.has(label)) unknown.set(label, [...(unknown.get(label) ?? []), example.line])
    }
  }
  if (unknown.size === 0) return places
  const list = [...unknown].map(
    ([label, lines]) => `"${label}" (line ${lines.slice(0, 3).join(', ')}${lines.length > 3 ? ', …' : ''})`,
  )
  throw new InvalidInputError(
    'evaluation.unknown-label',
    `The model has never seen ${unknown.size} of the labels: ${list.slice(0, 20).join('; ')}`,
    {
      hint: `It knows: ${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}. Correct the labels or train with them.`,
      details: Object.fromEntries(unknown),
    },
  )
}
