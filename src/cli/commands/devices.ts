import { formatTable } from '../../base/index.ts'
import { listDevices } from '../../platform/index.ts'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'

export const run: CommandBody = async ({ io, json }) => {
  const devices = await listDevices()
  if (json) {
    printJson(io, { platform: process.platform, architecture: process.arch, devices })
    return 0
  }
  const cells = devices.map(({ device, usable, reason }) => [device, usable ? 'yes' : 'no', reason ?? ''])
  const titles = ['device', 'usable', 'why not'].map((title) => ({ title }))
  for (const line of formatTable(titles, cells)) printLine(io.stdout, line)
  const missing = devices.flatMap(({ device, hint }) => (hint === null ? [] : [`${device}: ${hint}`]))
  if (missing.length > 0) printLine(io.stdout)
  for (const line of missing) printLine(io.stdout, line)
  return 0
}
