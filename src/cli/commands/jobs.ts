import { formatTable } from '../../base/index.ts'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'
import { formatTime } from '../print-table.ts'

export const run: CommandBody = async ({ io, json, openPlatform }) => {
  const platform = await openPlatform()
  const jobs = await platform.listJobs()
  if (json) printJson(io, { jobs })
  else if (jobs.length === 0) printLine(io.stdout, 'Nothing was queued.')
  else {
    const titles = ['job', 'kind', 'task', 'state', 'tries', 'queued', 'ended', 'error']
    const rows = jobs.map(({ id, name, data, state, tries, createdAt, endedAt, error }) => [
      id,
      name,
      'task' in data ? String(data.task) : '',
      state,
      String(tries),
      formatTime(createdAt),
      endedAt ? formatTime(endedAt) : '',
      error ? `${error.code}: ${error.message.split('\n')[0]}` : '',
    ])
    for (const line of formatTable(
      titles.map((title) => ({ title })),
      rows,
    ))
      printLine(io.stdout, line)
  }
  return 0
}
