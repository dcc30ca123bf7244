import { formatTable } from '../../base/index.ts'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'
import { formatTime } from '../print-table.ts'

export const run: CommandBody = async ({ io, json, options, openPlatform }) => {
  const { access } = await openPlatform()
  const entries = await access.listActs(options.limit === undefined ? {} : { limit: Number(options.limit) })
  if (json) {
    printJson(io, { entries })
    return 0
  }
  const titles = ['when', 'who', 'act', 'what'].map((title) => ({ title }))
  const rows = entries.map(({ at, actor, act, subject }) => [
    formatTime(at),
    actor,
    act,
    Object.entries(subject)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  ])
  if (rows.length === 0) printLine(io.stdout, 'Nothing has been done yet.')
  else for (const line of formatTable(titles, rows)) printLine(io.stdout, line)
  return 0
}
