import { formatTable } from '../../base/index.ts'
import type { ApiKey } from '../../contracts/index.ts'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'
import { formatTime } from '../print-table.ts'

export const run: CommandBody = async ({ io, json, openPlatform }) => {
  const { access } = await openPlatform()
  const keys = await access.listKeys()
  if (json) printJson(io, { keys })
  else if (keys.length === 0)
    printLine(io.stdout, 'There are no API keys yet. Make one: capstan keys create --name <name>')
  else for (const line of describe(keys)) printLine(io.stdout, line)
  return 0
}

function describe(keys: readonly ApiKey[]): string[] {
  const titles = ['id', 'name', 'tasks', 'rate', 'created', 'until'].map((title) => ({ title }))
  const rows = keys.map(({ id, name, tasks, requestsPerMinute, createdAt, expiresAt, revokedAt }) => [
    id,
    name,
    tasks?.join(', ') ?? 'all',
    requestsPerMinute === null ? '–' : `${requestsPerMinute}/min`,
    formatTime(createdAt),
    revokedAt === null ? (expiresAt === null ? '–' : formatTime(expiresAt)) : `revoked ${formatTime(revokedAt)}`,
  ])
  return formatTable(titles, rows)
}
