import { formatTable } from '../base/index.ts'
import { formatMoney, type RunDetails } from '../contracts/index.ts'
import { describeScores, formatPrimary } from './print-report.ts'
import { formatSetting, settingsOf, testReportOf } from './print-run.ts'
import { formatMib, formatSeconds, formatTime } from './print-table.ts'
import { describeMeans, divide } from './summarize-series.ts'

/** A name, and a cell for each run. */
type Row = [name: string, ...cells: string[]]

/** Runs side by side: what differs in their settings, what came out, and what it took. */
export function formatComparison(runs: readonly RunDetails[]): string[] {
  const row = (name: string, cell: (run: RunDetails) => string): Row => [name, ...runs.map(cell)]
  const { differing, sameCount } = compareSettings(runs)
  const rows = [
    row('task', ({ task }) => task),
    row('status', ({ status, error }) => (error ? `${status} (${error.code})` : status)),
    row('started', ({ startedAt }) => formatTime(startedAt)),
    ...differing,
    ...compareScores(runs),
    row('kept epoch', ({ keptEpoch }) => String(keptEpoch ?? '–')),
    row('validation', describeKept),
    row('steps', ({ steps }) => String(steps.length)),
    // The last tenth of the steps: a single one says little.
    row('training loss', ({ steps }) => (steps.length > 0 ? describeMeans(divide(steps, 10).at(-1) ?? [])[0] : '–')),
    row('tokens/s', ({ steps }) => (steps.length > 0 ? describeMeans(steps)[3] : '–')),
    row('time', ({ usage }) => (usage ? formatSeconds(usage.wallSeconds) : '–')),
    row('CPU-seconds', ({ usage }) => (usage ? usage.cpuSeconds.toFixed(0) : '–')),
    ...(runs.some(({ usage }) => usage && usage.gpuSeconds > 0)
      ? [row('GPU-seconds', ({ usage }) => (usage ? usage.gpuSeconds.toFixed(0) : '–'))]
      : []),
    row('memory', ({ usage }) => (usage ? formatMib(usage.memoryBytesPeak) : '–')),
    row('cost', ({ cost }) => (cost ? formatMoney(cost) : '–')),
  ]
  const fingerprints = new Set(runs.flatMap(({ model }) => model?.lineage.datasetFingerprint ?? []))
  return [
    ...formatTable(
      ['', ...runs.map(({ id }) => id)].map((title) => ({ title })),
      rows,
    ),
    '',
    `${sameCount} settings are the same.`,
    ...(fingerprints.size > 1 ? ['The runs had different data or splits: their scores are of different texts.'] : []),
  ]
}

function compareSettings(runs: readonly RunDetails[]): { differing: Row[]; sameCount: number } {
  const settings = runs.map((run) => ({ ...settingsOf(run), base: run.model?.lineage.base.name ?? run.settings.base }))
  const names = [...new Set(settings.flatMap(Object.keys))]
  const rows = names.map(
    (name): Row => [name, ...settings.map((one) => formatSetting((one as Record<string, unknown>)[name]))],
  )
  const differing = rows.filter(([, first, ...rest]) => rest.some((cell) => cell !== first))
  return { differing, sameCount: rows.length - differing.length }
}

function compareScores(runs: readonly RunDetails[]): Row[] {
  const scores = runs.map((run) => {
    const test = testReportOf(run)
    return new Map(test ? describeScores(test) : [])
  })
  const names = [...new Set(scores.flatMap((one) => [...one.keys()]))]
  return names.map((name): Row => [name, ...scores.map((one) => one.get(name) ?? '–')])
}

function describeKept({ epochs, keptEpoch }: RunDetails): string {
  return formatPrimary(epochs.find(({ epoch }) => epoch === keptEpoch)?.metrics)
}
