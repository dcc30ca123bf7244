import { writeFile } from 'node:fs/promises'
import { formatTable, InvalidInputError } from '../../base/index.ts'
import { formatMoney, type RunDetails } from '../../contracts/index.ts'
import { epochScalars, stepScalars } from '../../platform/index.ts'
import type { CommandBody, CommandContext } from '../command.ts'
import { printJson, printLine } from '../io.ts'
import { formatComparison } from '../print-comparison.ts'
import { formatRun } from '../print-run.ts'
import { formatMib, formatSeconds, formatTime } from '../print-table.ts'

export const run: CommandBody = async (context) => {
  const { io, json, positionals, options } = context
  if (positionals.length === 0) return listRuns(context)
  if (options.task !== undefined) throw badUsage('--task lists the runs of a task, and does not go with ids of runs')
  const platform = await context.openPlatform()
  const runs = await platform.readRuns(positionals)
  if (options.csv !== undefined) await writeSeries(String(options.csv), runs)
  if (json) printJson(io, { runs })
  else
    for (const line of runs.length === 1 ? runs.flatMap(formatRun) : formatComparison(runs)) printLine(io.stdout, line)
  return 0
}

async function listRuns({ io, json, options, openPlatform }: CommandContext): Promise<number> {
  if (options.csv !== undefined) throw badUsage('--csv needs the runs whose series are wanted')
  const platform = await openPlatform()
  const listed = await platform.listRuns(options.task === undefined ? {} : { task: String(options.task) })
  const costs = await platform.listRunCosts()
  const runs = listed.map((run) => ({ ...run, cost: costs.get(run.id) ?? null }))
  if (json) {
    printJson(io, { runs })
    return 0
  }
  if (runs.length === 0) {
    printLine(io.stdout, 'There are no runs yet.')
    return 0
  }
  const titles = [
    'run',
    'task',
    'kind',
    'status',
    'seed',
    'time',
    'CPU-seconds',
    'memory',
    'cost',
    'estimated',
    'started',
  ].map((title) => ({
    title,
  }))
  const cells = runs.map(({ id, task, kind, status, seed, usage, cost, estimate, error, startedAt }) => [
    id,
    task,
    kind,
    error ? `${status} (${error.code})` : status,
    String(seed),
    ...(usage
      ? [formatSeconds(usage.wallSeconds), usage.cpuSeconds.toFixed(0), formatMib(usage.memoryBytesPeak)]
      : ['–', '–', '–']),
    cost ? formatMoney(cost) : '–',
    estimate ? `${formatSeconds(estimate.seconds)}, ${formatMoney(estimate.cost)}` : '–',
    formatTime(startedAt),
  ])
  for (const line of formatTable(titles, cells)) printLine(io.stdout, line)
  return 0
}

/** One value a row, under the names that TensorBoard has too. */
async function writeSeries(path: string, runs: readonly RunDetails[]): Promise<void> {
  const rows = runs.flatMap(({ id, steps, epochs }) => [
    ...steps.flatMap((one) => toRows(id, one.step, stepScalars(one))),
    ...epochs.flatMap((one) => toRows(id, one.step, epochScalars(one))),
  ])
  try {
    await writeFile(path, `${['run,step,name,value', ...rows].join('\n')}\n`)
  } catch (cause) {
    throw new InvalidInputError('cli.cannot-write', `${path} cannot be written: ${String(cause)}`, {
      hint: 'Give a file in a folder that exists and may be written to.',
      cause,
    })
  }
}

function toRows(run: string, step: number, scalars: Readonly<Record<string, number>>): string[] {
  return Object.entries(scalars).map(([name, value]) => [run, step, name, value].join(','))
}

function badUsage(message: string): InvalidInputError {
  return new InvalidInputError('cli.bad-usage', message, { hint: 'capstan runs 01m853jp --csv series.csv' })
}
