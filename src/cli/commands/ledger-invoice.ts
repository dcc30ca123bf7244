import { formatTable } from '../../base/index.ts'
import { formatAmountMicro, type Invoice } from '../../contracts/index.ts'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'

export const run: CommandBody = async ({ io, json, options, openPlatform }) => {
  const { books } = await openPlatform()
  const invoice = await books.invoice({ customer: String(options.customer), month: String(options.month) })
  if (json) printJson(io, invoice)
  else for (const line of describe(invoice)) printLine(io.stdout, line)
  return 0
}

function describe(invoice: Invoice): string[] {
  const { number, customer, name, plan, currency, lines, netMicro, vatShare, vatMicro, grossMicro } = invoice
  const rows = [
    ...lines.map(({ description, amountMicro }) => [description, amountMicro] as const),
    ['Net', netMicro] as const,
    [`VAT ${formatShare(vatShare)}`, vatMicro] as const,
    ['Total', grossMicro] as const,
  ]
  return [
    `Invoice ${number}: ${name ?? customer}, plan ${plan}`,
    ...formatTable(
      [{ title: '' }, { title: currency, align: 'right' }],
      rows.map(([title, amountMicro]) => [title, formatAmountMicro(amountMicro)]),
    ),
    describeState(invoice),
  ]
}

function describeState({ isDraft, changeMicro, entries, currency }: Invoice): string {
  if (isDraft) return 'A draft: the month is not over, and nothing is posted.'
  if (entries.length === 0) return 'Posted before: nothing has changed.'
  return `Posted: it changes what the customer owes by ${formatAmountMicro(changeMicro)} ${currency}.`
}

/** "0.19" as "19 %", without floats. */
function formatShare(share: string): string {
  const [, digits = ''] = share.split('.')
  const percent = `${digits
    .padEnd(2, '0')
    .slice(0, 2)
    .replace(/^0(?=\d)/, '')}.${digits.slice(2)}`
  return `${percent.replace(/\.0*$/, '')} %`
}
