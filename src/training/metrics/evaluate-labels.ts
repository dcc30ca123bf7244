import type { LabelsReport } from './evaluation-report.ts'
import { countFound, f1OfSums, macroF1Of } from './found-labels.ts'
import { estimate, mean } from './intervals.ts'

/** The report on the labels found in each text against those it bears. */
export function evaluateLabels(
  pairs: readonly { actual: readonly string[]; predicted: readonly string[] }[],
  labels: readonly string[],
): LabelsReport {
  const itself = (label: string) => label
  const { rows, classes } = countFound(pairs, { keyOf: itself, labelOf: itself, labels })
  const { value, interval } = estimate(rows, f1OfSums)
  return {
    kind: 'multilabel',
    count: pairs.length,
    primary: { name: 'micro F1', value, interval },
    microF1: value,
    macroF1: macroF1Of(classes),
    exactMatch: mean(rows.map(([, extra, missed]) => (extra === 0 && missed === 0 ? 1 : 0))),
    classes,
  }
}
