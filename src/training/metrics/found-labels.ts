import type { ClassMetrics } from './evaluation-report.ts'
import { mean, ratio, type SumStatistic } from './intervals.ts'

/** Of what a text bears and what was found in it: both, only found, only borne. */
export type FoundCounts = { hits: number; extra: number; missed: number }

/** F1 from the sums of hits, extra and missed: 2 h / (2 h + e + m). */
export const f1OfSums: SumStatistic = ([hits = 0, extra = 0, missed = 0]) => ratio(2 * hits, 2 * hits + extra + missed)

export function toClassMetrics(label: string, { hits, extra, missed }: FoundCounts): ClassMetrics {
  return {
    label,
    precision: ratio(hits, hits + extra),
    recall: ratio(hits, hits + missed),
    f1: f1OfSums([hits, extra, missed]),
    support: hits + missed,
  }
}

/** Mean F1 of the labels that any text bears. */
export function macroF1Of(classes: readonly ClassMetrics[]): number {
  return mean(classes.filter(({ support }) => support > 0).map(({ f1 }) => f1))
}

/**
 * For each text [hits, extra, missed] over all labels, and for each label its metrics, from what each text bears and what
 * was found in it; items are told apart by `keyOf`, and `labelOf` gives an item's label.
 */
export function countFound<Item>(
  pairs: readonly { actual: readonly Item[]; predicted: readonly Item[] }[],
  { keyOf, labelOf, labels }: { keyOf(item: Item): string; labelOf(item: Item): string; labels: readonly string[] },
): { rows: number[][]; classes: ClassMetrics[] } {
  const counts = new Map(labels.map((label): [string, FoundCounts] => [label, { hits: 0, extra: 0, missed: 0 }]))
  const rows = pairs.map(({ actual, predicted }) => {
    const total: FoundCounts = { hits: 0, extra: 0, missed: 0 }
    const add = (item: Item, what: keyof FoundCounts) => {
      const ofLabel = counts.get(labelOf(item))
      total[what]++
      if (ofLabel) ofLabel[what]++
    }
    const borne = new Set(actual.map(keyOf))
    const found = new Set(predicted.map(keyOf))
    for (const item of predicted) add(item, borne.has(keyOf(item)) ? 'hits' : 'extra')
    for (const item of actual) if (!found.has(keyOf(item))) add(item, 'missed')
    return [total.hits, total.extra, total.missed]
  })
  return { rows, classes: [...counts].map(([label, found]) => toClassMetrics(label, found)) }
}
