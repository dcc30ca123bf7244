import { formatMoney } from '../../contracts/index.ts'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'
import { formatMib, formatSeconds, formatTable } from '../print-table.ts'

export const run: CommandBody = async ({ io, json, options, openPlatform }) => {
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
    startedAt.slice(0, 16).replace('T', ' '),
  ])
  for (const line of formatTable(titles, cells)) printLine(io.stdout, line)
  return 0
}
