import { InvalidInputError } from '../../base/index.ts'
import type { ImportRequest } from '../../platform/index.ts'
import type { CommandBody, Values } from '../command.ts'
import { printJson, printLine } from '../io.ts'

export const run: CommandBody = async ({ io, json, positionals, options, openPlatform }) => {
  const request = readRequest(String(positionals[0]), options)
  const { books } = await openPlatform()
  const imported = await books.import(request)
  if (json) printJson(io, imported)
  else {
    const { posted, repeated, rates, format } = imported
    const more = [
      ...(repeated > 0 ? [`${repeated} stood there already`] : []),
      ...(rates > 0 ? [`${rates} rates were recorded`] : []),
    ]
    printLine(io.stdout, `${posted} entries were posted (${format})${more.map((text) => `; ${text}`).join('')}.`)
  }
  return 0
}

function readRequest(file: string, options: Values): ImportRequest {
  const { format, account, counter, currency, decimal, dates, map, rule, late } = options
  return {
    file,
    ...(format === undefined ? {} : { format: format as NonNullable<ImportRequest['format']> }),
    ...(account === undefined ? {} : { account: String(account) }),
    ...(counter === undefined ? {} : { counter: String(counter) }),
    ...(currency === undefined ? {} : { currency: String(currency) }),
    ...(decimal === undefined ? {} : { decimal: decimal as '.' | ',' }),
    ...(dates === undefined ? {} : { dates: dates as 'YMD' | 'DMY' | 'MDY' }),
    ...(map === undefined ? {} : { columns: Object.fromEntries(readPairs(map)) }),
    ...(rule === undefined ? {} : { rules: readPairs(rule).map(([text, to]) => ({ text, account: to })) }),
    isLateAllowed: late === true,
  }
}

function readPairs(list: Values[string]): [string, string][] {
  return (list as readonly string[]).map((pair) => {
    const at = pair.lastIndexOf('=')
    if (at > 0 && at < pair.length - 1) return [pair.slice(0, at), pair.slice(at + 1)]
    throw new InvalidInputError('cli.bad-usage', `"${pair}" is no pair`, { hint: 'Write it like date=Buchungstag.' })
  })
}
