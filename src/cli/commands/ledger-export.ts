import { createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { InvalidInputError } from '../../base/index.ts'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'

export const run: CommandBody = async ({ io, json, options, openPlatform }) => {
  const format = options.format as 'beancount' | 'hledger' | 'csv' | 'ocf'
  const output = options.output === undefined ? null : String(options.output)
  if (output === null && (json || format === 'ocf')) {
    throw new InvalidInputError('cli.bad-usage', 'With --json or --format ocf the export needs --output', {
      hint: 'capstan ledger export --format ocf --output cap-table',
    })
  }
  const { books } = await openPlatform()
  await books.meter()
  if (format === 'ocf') await writeFolder(String(output), await books.exportShares(String(options.issuer ?? 'Issuer')))
  else if (output === null) for await (const line of books.export(format)) printLine(io.stdout, line)
  else await writing(output, pipeline(Readable.from(withNewlines(books.export(format))), createWriteStream(output)))
  if (json) printJson(io, { format, output })
  else if (output !== null) printLine(io.stdout, `Written: ${output}`)
  return 0
}

async function writeFolder(folder: string, files: Record<string, unknown>): Promise<void> {
  await writing(folder, mkdir(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files))
    await writing(folder, writeFile(join(folder, name), `${JSON.stringify(content, null, 2)}\n`))
}

async function writing(path: string, work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (cause) {
    throw new InvalidInputError('cli.cannot-write', `${path} cannot be written: ${String(cause)}`, {
      hint: 'Give a place that exists and may be written to.',
      cause,
    })
  }
}

async function* withNewlines(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`
}
