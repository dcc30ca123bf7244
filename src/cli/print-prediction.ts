import type { Prediction } from '../contracts/index.ts'
import { formatPercent } from './print-table.ts'

const numbersShown = 4

/** A prediction on one line, such as "card_arrival  97.3 %  (then lost_or_stolen_card 1.2 %)". */
export function formatPrediction(prediction: Prediction): string {
  return `${formatAnswer(prediction)}${prediction.truncated ? '  [only the beginning was read]' : ''}`
}

function formatAnswer(prediction: Prediction): string {
  switch (prediction.kind) {
    case 'classify': {
      const { label, score, scores } = prediction
      return `${label}  ${formatPercent(score)}${formatRest(scores[1])}`
    }
    case 'multilabel': {
      const { labels, scores } = prediction
      const reached = scores.filter(({ label }) => labels.includes(label))
      const named = reached.map(({ label, score }) => `${label} ${formatPercent(score)}`).join(', ')
      return reached.length > 0 ? named : `(no label)${formatRest(scores[0])}`
    }
    case 'regress':
      return formatNumber(prediction.value)
    case 'ordinal': {
      const { label, value, scores } = prediction
      const share = scores.find((scored) => scored.label === label)?.score ?? 0
      return `${label}  ${formatPercent(share)}  (mean ${formatNumber(value)})`
    }
    case 'tag': {
      const named = prediction.spans.map(
        ({ text, label, start, end, score }) =>
          `${JSON.stringify(text)} ${label} (${start} to ${end}) ${formatPercent(score)}`,
      )
      return named.length > 0 ? named.join(', ') : '(no spans)'
    }
    case 'embed': {
      const { embedding } = prediction
      const first = embedding.slice(0, numbersShown).map((value) => value.toFixed(4))
      return `[${first.join(', ')}${embedding.length > numbersShown ? ', …' : ''}]  ${embedding.length} numbers`
    }
  }
}

function formatRest(next: { label: string; score: number } | undefined): string {
  return next ? `  (then ${next.label} ${formatPercent(next.score)})` : ''
}

function formatNumber(value: number): string {
  return String(Number(value.toPrecision(4)))
}
