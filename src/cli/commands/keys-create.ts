import { InvalidInputError } from '../../base/index.ts'
import { newApiKeySchema } from '../../contracts/index.ts'
import type { CommandBody, Values } from '../command.ts'
import { printJson, printLine } from '../io.ts'

const secondsPer = { s: 1, m: 60, h: 3600, d: 86_400 } as const

export const run: CommandBody = async ({ io, json, options, openPlatform }) => {
  const wanted = newApiKeySchema.safeParse({
    name: options.name,
    tasks: options.task,
    lifetimeSeconds: readSeconds(options),
    requestsPerMinute: readRate(options),
  })
  if (!wanted.success) {
    const problems = wanted.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    throw new InvalidInputError('cli.bad-key', `No key can be made like this: ${problems.join('; ')}`, {
      hint: 'capstan keys create --help shows what there is.',
    })
  }
  const { access } = await openPlatform()
  const { key, token } = await access.createKey(wanted.data)
  if (json) printJson(io, { key, token })
  else {
    printLine(io.stdout, token)
    printLine(io.stderr, `This is ${key.id}. Keep it now: it is shown once. Send it as Authorization: Bearer cap_…`)
  }
  return 0
}

function readSeconds({ expires }: Values): number | undefined {
  if (expires === undefined) return undefined
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(String(expires)) ?? []
  if (count !== undefined) return Number(count) * secondsPer[unit as keyof typeof secondsPer]
  throw new InvalidInputError('cli.bad-duration', `"${expires}" is no time`, { hint: 'Write it like 90d, 12h or 30m.' })
}

function readRate({ rate }: Values): number | undefined {
  if (rate === undefined) return undefined
  const [, count] = /^(\d{1,9})(?:\/min)?$/.exec(String(rate)) ?? []
  if (count !== undefined) return Number(count)
  throw new InvalidInputError('cli.bad-rate', `"${rate}" is no rate`, { hint: 'Write requests a minute: 600/min.' })
}
