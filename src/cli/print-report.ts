import type { EvaluationReport } from '../platform/index.ts'
import { formatInterval, formatPercent, formatTable } from './print-table.ts'

const confusionsShown = 10

/** Lines of an evaluation report; `classesMax` shows only the classes with the lowest F1. */
export function formatReport(
  report: EvaluationReport,
  { classesMax = Number.POSITIVE_INFINITY }: { classesMax?: number } = {},
): string[] {
  const { count, accuracy, accuracyInterval, macroF1, classes, confusions } = report
  const cut = classes.length > classesMax
  const shown = cut ? [...classes].sort((a, b) => a.f1 - b.f1).slice(0, classesMax) : classes
  const rows = shown.map(({ label, precision, recall, f1, support }) => [
    label,
    ...[precision, recall, f1].map((value) => value.toFixed(3)),
    String(support),
  ])
  const numbers = ['precision', 'recall', 'F1', 'support'].map((title) => ({ title, align: 'right' as const }))
  return [
    `accuracy  ${formatPercent(accuracy)} of ${count} texts (95 % interval ${formatInterval(accuracyInterval)})`,
    `macro F1  ${formatPercent(macroF1)}`,
    '',
    ...(cut ? [`The ${shown.length} weakest of ${classes.length} classes:`] : []),
    ...formatTable([{ title: 'class' }, ...numbers], rows),
    ...(confusions.length > 0 ? ['', 'Most confused:', ...formatConfusions(confusions)] : []),
  ]
}

function formatConfusions(confusions: EvaluationReport['confusions']): string[] {
  return confusions
    .slice(0, confusionsShown)
    .map(({ actual, predicted, count }) => `  ${actual} taken for ${predicted}: ${count}`)
}
