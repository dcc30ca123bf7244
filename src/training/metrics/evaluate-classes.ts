import { wilsonInterval } from '../../base/index.ts'
import type { ClassMetrics, ClassReport } from './evaluation-report.ts'
import { macroF1Of, toClassMetrics } from './found-labels.ts'
import { ratio } from './intervals.ts'

/** The report on each text's logits, one for each label, against the index of its true label. */
export function evaluateLogits(
  logits: readonly Float32Array[],
  actual: readonly number[],
  labels: readonly string[],
): ClassReport {
  const scoresOf = (row: number) => logits[row] as Float32Array
  const predicted = actual.map((_, row) => indexOfMax(scoresOf(row)))
  const loss = actual.reduce((sum, label, row) => sum + logSumExp(scoresOf(row)) - (scoresOf(row)[label] as number), 0)
  const classes = labels.map((label, i): ClassMetrics => {
    const hits = actual.filter((a, row) => a === i && predicted[row] === i).length
    const extra = predicted.filter((p) => p === i).length - hits
    const missed = actual.filter((a) => a === i).length - hits
    return toClassMetrics(label, { hits, extra, missed })
  })
  const correct = actual.filter((label, row) => predicted[row] === label).length
  const accuracy = ratio(correct, actual.length)
  const accuracyInterval = wilsonInterval(correct, actual.length)
  return {
    kind: 'classify',
    count: actual.length,
    primary: { name: 'accuracy', value: accuracy, interval: accuracyInterval },
    accuracy,
    accuracyInterval,
    macroF1: macroF1Of(classes),
    loss: ratio(loss, actual.length),
    classes,
    confusions: listConfusions(predicted, actual, labels),
  }
}

/** Pairs of different labels by how often the first was taken for the second, most frequent first. */
export function listConfusions(
  predicted: readonly number[],
  actual: readonly number[],
  labels: readonly string[],
): ClassReport['confusions'] {
  const counts = new Map<number, number>()
  actual.forEach((label, row) => {
    const pair = label * labels.length + (predicted[row] as number)
    if (label !== predicted[row]) counts.set(pair, (counts.get(pair) ?? 0) + 1)
  })
  const named = [...counts]
    .sort(([a], [b]) => a - b)
    .map(([pair, count]) => ({
      actual: labels[Math.floor(pair / labels.length)] as string,
      predicted: labels[pair % labels.length] as string,
      count,
    }))
  return named.sort((a, b) => b.count - a.count || (a.actual < b.actual ? -1 : a.actual > b.actual ? 1 : 0))
}

function indexOfMax(values: Float32Array): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i
  return best
}

function logSumExp(values: Float32Array): number {
  const max = values[indexOfMax(values)] as number
  return max + Math.log(values.reduce((sum, value) => sum + Math.exp(value - max), 0))
}
