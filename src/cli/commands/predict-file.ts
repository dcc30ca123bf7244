import { formatTable, InvalidInputError } from '../../base/index.ts'
import type { PredictFileResult } from '../../platform/index.ts'
import { createBatchProgress } from '../batch-progress.ts'
import type { CommandContext, Values } from '../command.ts'
import { leaveAtOnce, printJson, printLine } from '../io.ts'
import { printQueued } from '../print-queued.ts'
import { formatPercent, formatSeconds } from '../print-table.ts'
import { textOptions } from './train.ts'

const fileOptions = {
  out: '--out',
  scores: '--scores',
  skipBad: '--skip-bad',
  prefix: '--prefix',
  resume: '--resume',
  queue: '--queue',
}
const labelsShown = 10

/** True where a file is to be answered, false for texts; refuses half of one and a mix of both. */
export function isFilePrediction({ positionals, options }: CommandContext): boolean {
  const given = Object.entries(fileOptions).flatMap(([name, flag]) => (options[name] === undefined ? [] : [flag]))
  if (options.in === undefined && given.length === 0) return false
  const mistakes = [
    ...(options.in === undefined ? [`${given.join(', ')} without --in`] : []),
    ...(options.in !== undefined && options.out === undefined ? ['--in without --out'] : []),
    ...(positionals.length > 0 ? ['texts beside files'] : []),
    ...(options.pairs ? ['--pairs beside files, whose columns tell'] : []),
    ...(options.queue && options.resume ? ['--resume beside --queue, whose workers go on by themselves'] : []),
  ]
  if (mistakes.length === 0) return true
  throw new InvalidInputError('cli.bad-usage', `capstan predict cannot take ${mistakes.join(', ')}`, {
    hint: 'capstan predict --task support --in tickets.csv --out scored.csv',
  })
}

/** Answers a file while showing progress; the first signal stops after the rows in work, the second leaves at once. */
export async function predictFile(context: CommandContext): Promise<number> {
  const { io, json, options } = context
  if (options.queue) return enqueue(context)
  const platform = await context.openPlatform()
  const progress = createBatchProgress(io)
  const stop = new AbortController()
  const leave = io.onSignal(() => {
    if (stop.signal.aborted) leaveAtOnce()
    progress.end()
    printLine(io.stderr, 'Stopping after the rows in work; --resume goes on from there. Once more leaves at once.')
    stop.abort()
  })
  const request = {
    ...readRequest(options),
    ...(options.resume ? { resume: true } : {}),
    onEvent: progress.show,
    signal: stop.signal,
  }
  const result = await platform.predictFile(request).finally(() => {
    progress.end()
    leave()
  })
  if (json) printJson(io, toJson(result))
  else for (const line of formatFileResult(result)) printLine(io.stdout, line)
  return result.status === 'stopped' ? 130 : 0
}

/** Leaves the file to a worker. */
async function enqueue(context: CommandContext): Promise<number> {
  const job = await (await context.openPlatform()).enqueuePrediction(readRequest(context.options))
  return printQueued(context, job, 'answers it')
}

function readRequest(options: Values) {
  return {
    task: String(options.task),
    input: String(options.in),
    output: String(options.out),
    ...textOptions(options, ['textColumn', 'pairColumn', 'prefix']),
    ...(options.version === undefined ? {} : { version: Number(options.version) }),
    ...(options.scores === undefined ? {} : { scoresMax: Number(options.scores) }),
    ...(options.skipBad ? { skipBadRows: true } : {}),
  }
}

function toJson({ model: { id, task, version }, counts, ...result }: PredictFileResult) {
  const { labels, ...sums } = counts
  return { model: { id, task, version }, ...result, ...sums, labels }
}

export function formatFileResult({
  model,
  output,
  status,
  rows,
  rowsBefore,
  counts,
  ...result
}: PredictFileResult): string[] {
  const { answered, failed, truncated, texts, tokens, labels } = counts
  const ranked = Object.entries(labels).sort(([, a], [, b]) => b - a)
  const more = ranked.length - labelsShown
  return [
    `rows      ${answered} answered${failed > 0 ? `, ${failed} without an answer` : ''}${truncated > 0 ? `, ${truncated} of them only by their beginning` : ''}`,
    ...Object.entries(result.problemsByKind).map(([kind, count]) => `          ${count} rows: ${kind}`),
    `took      ${formatSeconds(result.seconds)}${rowsBefore > 0 ? ` for the last ${rows - rowsBefore}` : ''}, ${result.rowsPerSecond.toFixed(0)} rows a second; ` +
      `${texts} texts of ${tokens} tokens ran, padding ${formatPercent(result.paddingShare)}`,
    ...(ranked.length > 0
      ? ['', ...formatTable([{ title: 'label' }, { title: 'rows', align: 'right' }], toCells(ranked))]
      : []),
    ...(more > 0 ? [`… and ${more} more labels`] : []),
    '',
    status === 'finished'
      ? `${output} is by ${model.task} version ${model.version}`
      : `${output} is not finished: --resume goes on`,
  ]
}

function toCells(ranked: readonly (readonly [string, number])[]): string[][] {
  return ranked.slice(0, labelsShown).map(([label, count]) => [label, String(count)])
}
