import { formatTable } from '../base/index.ts'
import type { EvaluationReport } from '../platform/index.ts'
import { formatInterval, formatPercent } from './print-table.ts'

const confusionsShown = 10

type Shown = {
  /** Names and values of the scores. */
  scores: [string, string][]
  classes?: Extract<EvaluationReport, { kind: 'classify' }>['classes']
  confusions?: Extract<EvaluationReport, { kind: 'classify' }>['confusions']
}

/** Lines of an evaluation report; `classesMax` shows only the classes with the lowest F1. */
export function formatReport(
  report: EvaluationReport,
  { classesMax = Number.POSITIVE_INFINITY }: { classesMax?: number } = {},
): string[] {
  const { scores, classes = [], confusions = [] } = describeReport(report)
  const width = Math.max(...scores.map(([name]) => name.length))
  return [
    ...scores.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    ...(classes.length > 0 ? ['', ...formatClasses(classes, classesMax)] : []),
    ...(confusions.length > 0 ? ['', 'Most confused:', ...formatConfusions(confusions)] : []),
  ]
}

/** The primary score on one line, such as "accuracy 93.0 % (92.0 to 93.8 %, n 3080)"; a dash where there is none. */
export function formatPrimary({ primary, count }: Partial<Pick<EvaluationReport, 'primary' | 'count'>> = {}): string {
  if (!primary) return '–'
  const { name, value, interval } = primary
  if (name === 'accuracy') return `${name} ${formatPercent(value)} (${formatInterval(interval)}, n ${count})`
  return `${name} ${value.toFixed(3)} (${interval.map((bound) => bound.toFixed(3)).join(' to ')}, n ${count})`
}

/** Names and values of a report's scores, the primary one first. */
export function describeScores(report: EvaluationReport): [name: string, value: string][] {
  return describeReport(report).scores
}

function describeReport(report: EvaluationReport): Shown {
  const { primary, count } = report
  const first: [string, string] = [
    primary.name,
    `${formatPercent(primary.value)} of ${count} texts (95 % interval ${formatInterval(primary.interval)})`,
  ]
  switch (report.kind) {
    case 'classify':
      return { ...report, scores: [first, ['macro F1', formatPercent(report.macroF1)]] }
    case 'multilabel':
      return {
        scores: [
          onTexts(report),
          ['macro F1', formatPercent(report.macroF1)],
          ['all right', `${formatPercent(report.exactMatch)} of the texts`],
        ],
        classes: report.classes,
      }
    case 'regress':
      return {
        scores: [
          onTexts(report),
          [
            'mean error',
            `${formatNumber(report.meanAbsoluteError)} (root of mean square ${formatNumber(report.rootMeanSquareError)})`,
          ],
          ['correlation', `${report.pearson.toFixed(3)} (of ranks ${report.spearman.toFixed(3)})`],
        ],
      }
    case 'ordinal':
      return {
        scores: [
          onTexts(report),
          ['right', `${formatPercent(report.accuracy)}, at most one grade off ${formatPercent(report.withinOne)}`],
          ['mean error', `${formatNumber(report.meanAbsoluteError)} grades`],
        ],
        confusions: report.confusions,
      }
    case 'tag':
      return {
        scores: [
          onTexts(report),
          ['precision', formatPercent(report.precision)],
          ['recall', formatPercent(report.recall)],
        ],
        classes: report.classes,
      }
    case 'embed':
      return {
        scores: [
          onTexts(report),
          ['match is nearest', `${formatPercent(report.recallAt1)}, of ${report.candidates} candidates`],
          ['among ten', formatPercent(report.recallAt10)],
        ],
      }
  }
}

/** The primary score, where it is no share of the texts. */
function onTexts({ primary, count }: EvaluationReport): [string, string] {
  const [low, high] = primary.interval.map((value) => value.toFixed(3))
  return [primary.name, `${primary.value.toFixed(3)} on ${count} texts (95 % interval ${low} to ${high})`]
}

function formatClasses(classes: NonNullable<Shown['classes']>, classesMax: number): string[] {
  const cut = classes.length > classesMax
  const shown = cut ? [...classes].sort((a, b) => a.f1 - b.f1).slice(0, classesMax) : classes
  const rows = shown.map(({ label, precision, recall, f1, support }) => [
    label,
    ...[precision, recall, f1].map((value) => value.toFixed(3)),
    String(support),
  ])
  const numbers = ['precision', 'recall', 'F1', 'support'].map((title) => ({ title, align: 'right' as const }))
  return [
    ...(cut ? [`The ${shown.length} weakest of ${classes.length} classes:`] : []),
    ...formatTable([{ title: 'class' }, ...numbers], rows),
  ]
}

function formatConfusions(confusions: NonNullable<Shown['confusions']>): string[] {
  return confusions
    .slice(0, confusionsShown)
    .map(({ actual, predicted, count }) => `  ${actual} taken for ${predicted}: ${count}`)
}

function formatNumber(value: number): string {
  return String(Number(value.toPrecision(3)))
}
