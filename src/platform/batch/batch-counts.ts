import type { BatchCounts, Prediction } from '../../contracts/index.ts'

export function emptyCounts(): BatchCounts {
  return { answered: 0, failed: 0, truncated: 0, texts: 0, tokens: 0, tokensPadded: 0, labels: {} }
}

export function addCounts(sum: BatchCounts, more: BatchCounts): BatchCounts {
  const labels = { ...sum.labels }
  for (const [label, count] of Object.entries(more.labels)) labels[label] = (labels[label] ?? 0) + count
  return {
    answered: sum.answered + more.answered,
    failed: sum.failed + more.failed,
    truncated: sum.truncated + more.truncated,
    texts: sum.texts + more.texts,
    tokens: sum.tokens + more.tokens,
    tokensPadded: sum.tokensPadded + more.tokensPadded,
    labels,
  }
}

/** Counts a row's answer. */
export function countPrediction(counts: BatchCounts, prediction: Prediction): void {
  counts.answered++
  if (prediction.truncated) counts.truncated++
  for (const label of labelsOf(prediction)) counts.labels[label] = (counts.labels[label] ?? 0) + 1
}

function labelsOf(prediction: Prediction): readonly string[] {
  if (prediction.kind === 'classify' || prediction.kind === 'ordinal') return [prediction.label]
  if (prediction.kind === 'multilabel') return prediction.labels
  return prediction.kind === 'tag' ? [...new Set(prediction.spans.map(({ label }) => label))] : []
}
