import { accounts } from '../account.ts'
import { holderAccounts, type OcfFiles, ocfSource, shareCommodities } from './ocf.ts'
import type { ReadJournal } from './parse-journal.ts'
import { readDecimal } from './read-decimal.ts'
import { toAccountName } from './read-statement.ts'

type Item = Record<string, unknown> & { id: string; object_type: string }

/** Issuances and cancellations of stock; other transactions of a cap table are named as problems, at their place in the file. */
export function readOcf(files: OcfFiles): ReadJournal {
  const read: ReadJournal = { entries: [], rates: [], problems: [] }
  const itemsOf = (type: string) =>
    Object.values(files).flatMap((file) => {
      const { file_type: fileType, items } = (file ?? {}) as { file_type?: string; items?: Item[] }
      return fileType === type && Array.isArray(items) ? items : []
    })
  const holders = new Map(itemsOf('OCF_STAKEHOLDERS_FILE').map((item) => [item.id, nameHolder(item)]))
  const classes = new Map(itemsOf('OCF_STOCK_CLASSES_FILE').map((item) => [item.id, nameClass(item)]))
  const transactions = itemsOf('OCF_TRANSACTIONS_FILE')
  const securities = new Map<string, { account: string; commodity: string }>()
  // What is left after a cancellation is issued anew, though nothing moves.
  const balances = new Set(transactions.map((item) => item.balance_security_id))
  for (const [index, item] of transactions.entries()) {
    const problem = (message: string) =>
      read.problems.push({ line: index + 1, message: `${item.object_type} ${item.id}: ${message}` })
    const quantity = readDecimal(String(item.quantity ?? ''), '.')
    if (item.object_type === 'TX_STOCK_ISSUANCE') {
      const account = holders.get(String(item.stakeholder_id))
      const commodity = classes.get(String(item.stock_class_id))
      if (account === undefined || commodity === undefined)
        problem('its stakeholder or stock class is not in the files')
      else securities.set(String(item.security_id), { account, commodity })
      if (balances.has(item.security_id)) continue
    } else if (item.object_type !== 'TX_STOCK_CANCELLATION') {
      problem('is not read: only issuances and cancellations of stock are')
      continue
    }
    const security = securities.get(String(item.security_id))
    const time = new Date(`${item.date}T00:00:00Z`)
    if (!security) problem('its security was not issued before')
    if (quantity === null || quantity <= 0n) problem(`its quantity is not above zero: ${item.quantity}`)
    if (Number.isNaN(time.getTime())) problem(`its date is none: ${item.date}`)
    if (!security || quantity === null || quantity <= 0n || Number.isNaN(time.getTime())) continue
    const { account, commodity } = security
    const issued = item.object_type === 'TX_STOCK_ISSUANCE' ? quantity : -quantity
    const { amount, currency } = (item.share_price ?? {}) as { amount?: string; currency?: string }
    read.entries.push({
      line: index + 1,
      source: ocfSource,
      key: item.id,
      eventTime: time,
      description: String((item.comments as string[] | undefined)?.[0] ?? item.reason_text ?? ''),
      dimensions: amount === undefined ? {} : { price: `${amount} ${currency}` },
      postings: [
        { account: accounts.issued, commodity, amountMicro: issued },
        { account, commodity, amountMicro: -issued },
      ],
    })
  }
  return read
}

function nameHolder({ id, name }: Item): string {
  const { legal_name: legalName } = (name ?? {}) as { legal_name?: string }
  return `${holderAccounts}${toAccountName(legalName ?? id)}`
}

function nameClass({ id, name }: Item): string {
  const text = String(name ?? id).toUpperCase()
  return `${shareCommodities}${text.replace(/[^A-Z0-9]+/g, '-')}`.slice(0, 24)
}
