/** For each kind of task, how a model's predictions are measured against what is known of the texts. */
import { InvalidInputError, present } from '../base/index.ts'
import { type Prediction, type PredictionInput, predictionsOf, type TaskKind } from '../contracts/index.ts'
import { answerOf, type Example, labelsOf } from '../data/index.ts'
import type { Predictor } from '../serving/index.ts'
import {
  evaluateGrades,
  evaluateLabels,
  evaluateLogits,
  evaluateMatches,
  evaluateNumbers,
  evaluateSpans,
  type MatchQuery,
  type ReportOf,
} from '../training/index.ts'

type Evaluator<Kind extends TaskKind> = (predictor: Predictor, examples: readonly Example[]) => Promise<ReportOf<Kind>>

export const evaluators: { [Kind in TaskKind]: Evaluator<Kind> } = {
  async classify(predictor, examples) {
    const { labels } = predictor
    const indices = refuseUnknown(examples, ({ answer }) => labelsOf(answer), labels)
    const predictions = predictionsOf(await predict(predictor, examples), 'classify')
    const logits = new Float32Array(examples.length * labels.length)
    predictions.forEach(({ scores }, row) => {
      // The logarithm of a probability is a logit; the smallest float keeps an impossible label finite.
      for (const { label, score } of scores) {
        logits[row * labels.length + present(indices.get(label), label)] = Math.log(Math.max(score, 1.2e-38))
      }
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
    const vectors = await embed(examples.map(({ text }) => text))
    if (examples[0]?.answer.kind === 'class') return evaluateMatches(matchesByLabel(examples, vectors), vectors)
    const positives = examples.map((example) => answerOf(example, 'match').positive)
    const candidates = [...new Set(positives)]
    const queries = positives.map((positive, i) => ({
      vector: present(vectors[i], 'embedding'),
      isMatch: (candidate: number) => candidates[candidate] === positive,
    }))
    return evaluateMatches(queries, await embed(candidates))
  },
}

/** A query for each text whose label another one bears too. */
function matchesByLabel(examples: readonly Example[], vectors: readonly number[][]): MatchQuery[] {
  const labels = examples.map((example) => answerOf(example, 'class').label)
  return labels.flatMap((label, self) => {
    if (labels.indexOf(label) === labels.lastIndexOf(label)) return []
    return [{ vector: present(vectors[self], 'embedding'), isMatch: (candidate) => labels[candidate] === label, self }]
  })
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
