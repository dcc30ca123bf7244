import { type Column, formatTable } from '../base/index.ts'
import { formatMoney, type RunDetails, type StepMetrics } from '../contracts/index.ts'
import type { EvaluationReport } from '../platform/index.ts'
import { formatPrimary, formatReport } from './print-report.ts'
import { formatTime, formatUsage } from './print-table.ts'
import { describeMeans, divide, meanOf, sparkline } from './summarize-series.ts'

const rowsShown = 10
const sparklineWidth = 60
const lineWidth = 110

/** One run: how it ended, its settings, what it used, and its series. */
export function formatRun(run: RunDetails): string[] {
  const { id, task, kind, status, error, startedAt, usage, cost, model, steps, epochs } = run
  const test = testReportOf(run)
  const settings = Object.entries(settingsOf(run))
    .sort()
    .map(([name, value]) => `${name} ${formatSetting(value)}`)
  return [
    `run       ${id}, ${kind} for ${task}: ${status}${error ? ` (${error.code}: ${error.message})` : ''}`,
    `started   ${formatTime(startedAt)}`,
    ...wrap('settings', settings),
    ...(usage ? [`used      ${formatUsage(usage)}`] : []),
    ...(cost ? [`cost      ${formatMoney(cost)}`] : []),
    ...(model
      ? [`model     ${model.task} version ${model.version}, ${model.stage}, from ${model.lineage.base.name}`]
      : []),
    ...(test ? ['', ...formatReport(test)] : []),
    ...(epochs.length > 0 ? ['', ...formatEpochs(run)] : []),
    ...(steps.length > 0 ? ['', ...formatSteps(steps), '', ...formatSparklines(steps)] : []),
  ]
}

/** What was asked for and, where training began, every setting that was in effect. */
export function settingsOf({ settings, effectiveSettings }: RunDetails): Record<string, unknown> {
  return { ...settings, ...effectiveSettings }
}

export function formatSetting(value: unknown): string {
  if (value === undefined || value === null) return '–'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(' ')
  return String(value)
}

/** The report on the test texts without its tables; null where the run made no model. */
export function testReportOf({ model }: RunDetails): EvaluationReport | null {
  return (model?.metrics.test ?? null) as EvaluationReport | null
}

function formatEpochs({ epochs, keptEpoch }: RunDetails): string[] {
  const number = (title: string): Column => ({ title, align: 'right' })
  const cells = epochs.map(({ epoch, step, loss, metrics }) => [
    String(epoch),
    String(step),
    loss === null ? '–' : loss.toFixed(4),
    formatPrimary(metrics),
    epoch === keptEpoch ? 'kept' : '',
  ])
  return formatTable([number('epoch'), number('step'), number('loss'), { title: 'validation' }, { title: '' }], cells)
}

function formatSteps(steps: readonly StepMetrics[]): string[] {
  const titles = ['steps', 'loss', 'learning rate', 'gradient norm', 'tokens/s']
  const cells = divide(steps, rowsShown).map((part) => {
    const [first, last] = [part[0]?.step, part.at(-1)?.step]
    return [first === last ? String(first) : `${first}–${last}`, ...describeMeans(part)]
  })
  return formatTable(
    titles.map((title) => ({ title, align: 'right' })),
    cells,
  )
}

function formatSparklines(steps: readonly StepMetrics[]): string[] {
  const parts = divide(steps, sparklineWidth)
  const line = (name: string, key: keyof StepMetrics) =>
    `${name.padEnd(15)}${sparkline(parts.map((part) => meanOf(part, key)))}`
  return [line('loss', 'loss'), line('gradient norm', 'gradientNorm')]
}

/** Items after a title, separated by commas, in lines that are not too long. */
function wrap(title: string, items: readonly string[]): string[] {
  const lines = [title.padEnd(10)]
  for (const [i, item] of items.entries()) {
    const word = i < items.length - 1 ? `${item}, ` : item
    if ((lines.at(-1) ?? '').length + word.length > lineWidth) lines.push(' '.repeat(10))
    lines[lines.length - 1] += word
  }
  return lines.map((line) => line.trimEnd())
}
