import type { Span } from '../../data/index.ts'
import type { SpansReport } from './evaluation-report.ts'
import { countFound, f1OfSums } from './found-labels.ts'
import { estimate, ratio } from './intervals.ts'

/** The report on the spans found in each text against its own: right are those equal in start, end and label. */
export function evaluateSpans(
  pairs: readonly { actual: readonly Span[]; predicted: readonly Span[] }[],
  labels: readonly string[],
): SpansReport {
  const { rows, classes } = countFound(pairs, {
    keyOf: ({ start, end, label }) => `${start} ${end} ${label}`,
    labelOf: ({ label }) => label,
    labels,
  })
  const { value, interval } = estimate(rows, f1OfSums)
  const [hits = 0, extra = 0, missed = 0] = [0, 1, 2].map((i) => rows.reduce((sum, row) => sum + (row[i] as number), 0))
  return {
    kind: 'tag',
    count: pairs.length,
    primary: { name: 'span F1', value, interval },
    microF1: value,
    precision: ratio(hits, hits + extra),
    recall: ratio(hits, hits + missed),
    classes,
  }
}
