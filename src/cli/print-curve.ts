import { formatTable } from '../base/index.ts'
import type { MeasuredCurve } from '../platform/index.ts'
import { formatInterval, formatPercent } from './print-table.ts'

type Extended = NonNullable<MeasuredCurve['extended']>

/** A measured curve, what it says of more labels, and what to do next. */
export function formatCurve(
  curve: MeasuredCurve,
  { task, testExamples, target }: { task: string; testExamples: number; target: number | null },
): string[] {
  const { base, points, extended } = curve
  const name = points[0]?.score.name ?? 'score'
  const sizes = [...new Set(points.map(({ labels }) => labels))]
  const rows = sizes.map((labels) => {
    const { scores, mean } = scoresAt(points, labels)
    const range = scores.length > 1 ? formatInterval([Math.min(...scores), Math.max(...scores)]) : ''
    return [String(labels), formatPercent(mean), range, String(scores.length)]
  })
  const columns = [
    { title: 'labels', align: 'right' },
    { title: name, align: 'right' },
    { title: 'lowest to highest' },
    { title: 'trainings', align: 'right' },
  ] as const
  return [
    `${task}: ${name} on ${testExamples} held-out examples, ${base}`,
    ...formatTable(columns, rows).map((line) => `  ${line}`),
    ...(extended ? formatExtended(extended, Math.max(...sizes)) : [`no curve  ${curve.why}`]),
    ...(extended ? formatNeeded(extended, target) : []),
  ]
}

/** Against the size of the model: the largest training set of each base. */
export function compareBases(curves: readonly MeasuredCurve[]): string[] {
  return curves
    .toSorted((one, other) => one.parameters - other.parameters)
    .map(({ base, parameters, points }) => {
      const most = Math.max(...points.map(({ labels }) => labels))
      const { mean } = scoresAt(points, most)
      return `${(parameters / 1e6).toFixed(1)} M weights, ${most} labels: ${formatPercent(mean)}  ${base}`
    })
}

function scoresAt(points: MeasuredCurve['points'], size: number): { scores: number[]; mean: number } {
  const scores = points.filter(({ labels }) => labels === size).map(({ score }) => score.value)
  return { scores, mean: scores.reduce((sum, score) => sum + score, 0) / scores.length }
}

function formatExtended({ form, trials, beatsLastValue, forecasts, slope }: Extended, largest: number): string[] {
  const misses = trials.map(({ form, miss }) => `${form} ${(100 * miss).toFixed(1)}`).join(', ')
  const tried = `missed ${largest} labels, fitted without them, by points: ${misses}`
  if (!beatsLastValue) {
    return [
      `form      none: ${tried}`,
      'beyond    refused: no form foresaw the largest size better than the size before it. Label more, or test on more.',
    ]
  }
  return [
    `form      ${form}: ${tried}`,
    ...forecasts.map(
      ({ labels, score, interval }) =>
        `${`at ${labels}`.padEnd(10)}${formatPercent(score)} (90 %: ${formatInterval(interval)})`,
    ),
    `100 more  ${(1e4 * slope).toFixed(2)} points at ${largest} labels`,
  ]
}

function formatNeeded({ needed }: Extended, target: number | null): string[] {
  if (!needed || target === null) return []
  const goal = `for ${formatPercent(target)}`
  if (needed.answer === 'refused') return [`${goal}: refused. ${needed.why}`]
  const [p10, p50, p90] = [needed.p10, needed.p50, needed.p90].map((labels) =>
    Number.isFinite(labels) ? String(Math.round(labels)) : 'never',
  )
  const next =
    needed.buyNow > 0 ? ` Label ${needed.buyNow} more now, measure again, and ask again.` : ' They are there.'
  return [`${goal}: ${p10} / ${p50} / ${p90} labels in all (P10 / P50 / P90).${next}`]
}
