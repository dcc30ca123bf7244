import { present } from '../../base/index.ts'
import type { Prediction, TaskConfig } from '../../contracts/index.ts'
import { type Answer, labelsOf } from '../../data/index.ts'
import {
  type CalibrationScore,
  chooseRejection,
  chooseThreshold,
  type ExampleRecord,
  fitTemperature,
  type Gate,
  type Rejection,
  sameAnswer,
  toLogits,
} from '../../flywheel/index.ts'
import { answerOfPrediction, confidenceOf, strangenessOf } from './read-prediction.ts'

export type Calibration = {
  temperature: number
  gate: Gate
  outOfScope: Rejection | null
  labels: string[]
  /** Of every example. */
  scores: CalibrationScore[]
  /** The share of representative examples that were answered right, and their number. */
  accuracy: number
  n: number
}

/**
 * Chooses temperature, threshold and rejection from out-of-fold predictions. Only representative examples since the traffic
 * was last another count: those are drawn as requests come.
 */
export function calibrateGate(options: {
  examples: readonly ExampleRecord[]
  predictions: readonly Prediction[]
  settings: Pick<TaskConfig, 'target' | 'outOfScope'>
  since: Date | null
}): Calibration {
  const { examples, predictions, settings, since } = options
  const rows = examples.map((example, i) => ({ example, prediction: present(predictions[i], 'prediction') }))
  const counts = rows.filter(({ example }) => example.representative && (since === null || example.createdAt >= since))
  const calibrates = new Set(counts.map(({ example }) => example.id))
  const temperature = fitToRows(counts)
  const labels = [...new Set(examples.flatMap(({ answer }) => labelsOf(answer)))].sort()
  const scores = rows.map(({ example, prediction }): CalibrationScore => {
    const answer = answerOfPrediction(prediction) as Answer
    return {
      example: example.id,
      answer,
      score: confidenceOf(prediction, temperature) ?? 0,
      agrees: sameAnswer(answer, example.answer),
      representative: calibrates.has(example.id),
      probabilities: probabilitiesOf(prediction, labels),
    }
  })
  const pairs = scores.filter(({ representative }) => representative)
  const { agreement: target, confidence } = settings.target
  const gate = chooseThreshold(pairs, { target, confidence })
  const energies = counts.flatMap(({ prediction }) => strangenessOf(prediction) ?? [])
  const outOfScope =
    settings.outOfScope === undefined || energies.length === 0
      ? null
      : chooseRejection(energies, { shareMax: settings.outOfScope, confidence })
  const accuracy = pairs.filter(({ agrees }) => agrees).length / Math.max(1, pairs.length)
  return { temperature, gate, outOfScope, labels, scores, accuracy, n: pairs.length }
}

/** To four places: enough to find labels that are likely wrong. */
function probabilitiesOf(prediction: Prediction, labels: readonly string[]): number[] | null {
  if (prediction.kind !== 'classify') return null
  const scores = new Map(prediction.scores.map(({ label, score }) => [label, score]))
  return labels.map((label) => Math.round(1e4 * (scores.get(label) ?? 0)) / 1e4)
}

/** Of predictions of one label whose right one the model knows; 1 where there are none. */
function fitToRows(rows: readonly { example: ExampleRecord; prediction: Prediction }[]): number {
  const known = rows.flatMap(({ example, prediction }) => {
    if (prediction.kind !== 'classify' || example.answer.kind !== 'class') return []
    const { label } = example.answer
    // The label's score first: classes have no order here.
    const scores = prediction.scores.toSorted((a, b) => Number(b.label === label) - Number(a.label === label))
    return scores[0]?.label === label ? [scores.map(({ score }) => score)] : []
  })
  const width = known[0]?.length ?? 0
  const same = known.filter((row) => row.length === width)
  if (same.length === 0) return 1
  const logits = toLogits(same.flat())
  return fitTemperature({ logits, width }, new Uint8Array(same.length)).temperature
}
