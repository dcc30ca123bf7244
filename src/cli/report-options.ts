import { InvalidInputError } from '../base/index.ts'
import type { OptionSpec, Values } from './command.ts'

/** Options of every report on the ledger. */
export const reportOptions = {
  from: { flags: '--from <day>', description: 'what counts from this day or month on, in UTC' },
  to: { flags: '--to <day>', description: 'what counts up to this day or month, inclusive' },
  asOf: {
    flags: '--as-of <day>',
    description: 'what had happened by the end of this day or month, or before this time',
  },
  recordedBy: { flags: '--recorded-by <day>', description: 'what the ledger knew by then' },
  account: { flags: '--account <name>', description: 'only this account and those below it' },
  currency: { flags: '--currency <code>', description: 'value what has a rate in this currency' },
} satisfies Record<string, OptionSpec>

export type ReportFilter = {
  account?: string
  currency?: string
  bookedFrom?: Date
  bookedBefore?: Date
  eventTimeBefore?: Date
  recordedBefore?: Date
}

/** The filter that a report's options say. */
export function readReportFilter({ from, to, asOf, recordedBy, account, currency }: Values): ReportFilter {
  return {
    ...(account === undefined ? {} : { account: String(account) }),
    ...(currency === undefined ? {} : { currency: readCurrency(String(currency)) }),
    ...(from === undefined ? {} : { bookedFrom: readSpan(String(from)).start }),
    ...(to === undefined ? {} : { bookedBefore: readSpan(String(to)).end }),
    ...(asOf === undefined ? {} : { eventTimeBefore: readSpan(String(asOf)).end }),
    ...(recordedBy === undefined ? {} : { recordedBefore: readSpan(String(recordedBy)).end }),
  }
}

/** First moment of a day or month, and the first after it; a time is a span of no length. */
function readSpan(text: string): { start: Date; end: Date } {
  const [, month, day] = /^(\d{4}-\d{2})(-\d{2})?$/.exec(text) ?? []
  const start = new Date(month === undefined ? text : `${month}${day ?? '-01'}T00:00:00Z`)
  const isRead = !Number.isNaN(start.getTime()) && (month === undefined || start.toISOString().startsWith(text))
  if (!isRead || (month === undefined && !/T.*(Z|[+-]\d{2}:\d{2})$/.test(text))) {
    throw new InvalidInputError('cli.bad-day', `"${text}" is no day`, {
      hint: 'Write a day as 2026-10-31, a month as 2026-10, or a time as 2026-10-31T12:00:00Z.',
    })
  }
  if (month === undefined) return { start, end: start }
  const end = new Date(start)
  if (day === undefined) end.setUTCMonth(end.getUTCMonth() + 1)
  else end.setUTCDate(end.getUTCDate() + 1)
  return { start, end }
}

function readCurrency(text: string): string {
  if (/^[A-Z]{3}$/.test(text)) return text
  throw new InvalidInputError('cli.bad-usage', `"${text}" is no currency`, { hint: 'Three capitals, such as USD.' })
}
