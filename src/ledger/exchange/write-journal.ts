/** The ledger as text that other programs read, and that `parseJournal` reads back to the same entries. */
import { type DatedRate, type Entry, formatAmountMicro } from '../../contracts/index.ts'
import { type JournalFormat, reservedNotes } from './parse-journal.ts'

/** Lines before the entries: for Beancount the accounts that are used, from the day on which each is. */
export function writePreamble(format: JournalFormat, opened: ReadonlyMap<string, string>, rates: readonly DatedRate[]) {
  const accounts =
    format === 'beancount'
      ? [...opened].map(([account, day]) => `${day} open ${account}`)
      : [...opened.keys()].map((account) => `account ${account}`)
  const prices = rates.map(({ day, commodity, price, currency }) =>
    format === 'beancount'
      ? `${day} price ${commodity} ${price} ${currency}`
      : `P ${day} ${nameCommodity(format, commodity)} ${price} ${nameCommodity(format, currency)}`,
  )
  return [...accounts, '', ...prices, '']
}

export function writeEntry(format: JournalFormat, entry: Entry): string[] {
  const { source, key, eventTime, bookedAt, description, dimensions, postings } = entry
  const day = eventTime.slice(0, 10)
  const plain = Object.entries(dimensions).filter(([name]) => isPlainName(name))
  const others = Object.entries(dimensions).filter(([name]) => !isPlainName(name))
  const notes = {
    source,
    key,
    'event-time': eventTime,
    ...(bookedAt ? { 'booked-at': bookedAt } : {}),
    ...(format === 'hledger' && !isPlainDescription(description) ? { description } : {}),
    ...(others.length > 0 ? { dimensions: JSON.stringify(Object.fromEntries(others)) } : {}),
    ...Object.fromEntries(plain),
  }
  const amounts = postings.map(({ account, amountMicro, commodity }) => {
    return `  ${account}  ${formatAmountMicro(amountMicro)} ${nameCommodity(format, commodity)}`
  })
  const noteLines = Object.entries(notes).map(([name, value]) =>
    format === 'beancount' ? `  ${name}: ${JSON.stringify(value)}` : `  ; ${name}: ${JSON.stringify(value)}`,
  )
  const head =
    format === 'beancount'
      ? `${day} * ${JSON.stringify(description)}`
      : `${day} * ${description.replaceAll(/[;\r\n]+/g, ' ').trim()}`
  return [head, ...noteLines, ...amounts, '']
}

/** A dimension that can be metadata by its own name. */
function isPlainName(name: string): boolean {
  return /^[a-z][\w-]*$/.test(name) && !reservedNotes.includes(name)
}

/** What hledger would read back as it is: no comment, flag or code. */
function isPlainDescription(description: string): boolean {
  return description === description.trim() && !/[;\r\n]|^[!*(]/.test(description)
}

/** hledger wants quotes around a commodity that is not only letters. */
function nameCommodity(format: JournalFormat, commodity: string): string {
  return format === 'hledger' && !/^[A-Za-z]+$/.test(commodity) ? `"${commodity}"` : commodity
}
