/**
 * Plain-text journals: Beancount (https://beancount.github.io/docs/beancount_language_syntax.html) and hledger
 * (https://hledger.org/hledger.html#journal). Read are entries with their postings, prices, tags and metadata; directives that
 * say nothing about money (open, option, account, comments) are passed over, and all else is named as a problem.
 */
import { sha256 } from '../../base/index.ts'
import { divideHalfEven, microUnitsPerUnit } from '../../contracts/index.ts'
import type { NewEntry } from '../entry.ts'
import type { NewRate } from '../rates/dated-rates.ts'
import { completePostings, type WrittenPosting } from './complete-postings.ts'
import { readDecimal } from './read-decimal.ts'

export type LineProblem = { line: number; message: string }

/** What a file says: entries with the line each begins in, dated rates, and what could not be read. */
export type ReadJournal = {
  entries: (NewEntry & { line: number })[]
  rates: (NewRate & { line: number })[]
  problems: LineProblem[]
}

export type JournalFormat = 'beancount' | 'hledger'

type Block = {
  line: number
  day: string
  description: string
  code: string | null
  dimensions: Record<string, string>
  postings: WrittenPosting[]
  /** A line of it could not be read, which has been said. */
  isFaulty: boolean
}

const entryHead = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:=\S+)?(?:\s+(txn|[*!]))?(?:\s+\(([^)]*)\))?(?:\s+(.*))?$/
const silent: Record<JournalFormat, RegExp> = {
  beancount:
    /^(option|plugin|include|pushtag|poptag)\b|^\d{4}-\d{2}-\d{2}\s+(open|close|commodity|note|document|event|query|custom)\b/,
  hledger: /^(account|commodity|decimal-mark|payee|tag|end|D)\b/,
}
const price: Record<JournalFormat, RegExp> = {
  beancount: /^(\d{4}-\d{2}-\d{2})\s+price\s+(\S+)\s+([\d.,]+)\s+(\S+)$/,
  hledger: /^P\s+(\d{4}-\d{2}-\d{2})(?:\s+\d{2}:\d{2}(?::\d{2})?)?\s+(\S+)\s+([\d.,]+)\s+(\S+)$/,
}
/** Metadata that says which event an entry is; all other names are dimensions. */
export const reservedNotes = ['source', 'key', 'event-time', 'booked-at', 'description', 'dimensions']

/** What an entry says, and its place among the like, is the key of those that bring none: a renamed file is the same. */
export function parseJournal(text: string, format: JournalFormat): ReadJournal {
  const read: ReadJournal = { entries: [], rates: [], problems: [] }
  const seen = new Map<string, number>()
  let block: Block | null = null
  const finish = () => {
    if (block && !block.isFaulty) finishBlock(read, block, { format, seen })
    block = null
  }
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index + 1
    const problem = (message: string) => read.problems.push({ line, message })
    if (raw.trim() === '') finish()
    else if (/^\s/.test(raw)) {
      if (block === null) continue
      const fault = readIndented(raw.trim(), block, format)
      if (fault === null) continue
      block.isFaulty = true
      problem(fault)
    } else {
      finish()
      const content = stripComment(raw, format)
      if (content === '' || /^[*#;%|]/.test(content) || silent[format].test(content)) continue
      const rate = price[format].exec(content)
      if (rate) {
        const [, day = '', commodity = '', amount = '', currency = ''] = rate
        const name = 'price directive'
        read.rates.push({
          line,
          day,
          commodity: unquote(commodity),
          price: amount.replaceAll(',', ''),
          currency: unquote(currency),
          source: name,
        })
        continue
      }
      block = readHead(content, line, format)
      if (block === null) problem(`"${content}" cannot be read`)
    }
  }
  finish()
  return read
}

function readHead(content: string, line: number, format: JournalFormat): Block | null {
  const match = entryHead.exec(content)
  if (!match) return null
  const [, year = '', month = '', date = '', flag, code, rest = ''] = match
  if (format === 'beancount' && flag === undefined) return null
  const day = `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`
  const time = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(time.getTime()) || !time.toISOString().startsWith(day)) return null
  const strings = [...rest.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([quoted]) => readString(quoted))
  const description = format === 'beancount' ? strings.join(' · ') : rest.trim()
  return { line, day, description, code: code ?? null, dimensions: {}, postings: [], isFaulty: false }
}

/** A posting, a line of metadata or a comment; what is wrong with it, or null. */
function readIndented(content: string, block: Block, format: JournalFormat): string | null {
  const note = format === 'beancount' ? content : /^[;#]\s*(.*)$/.exec(content)?.[1]
  const [, name, value = ''] = /^([a-z][\w-]*):\s*(.*)$/.exec(note ?? '') ?? []
  if (name !== undefined) {
    block.dimensions[name] = value.startsWith('"') ? readString(value) : value.trim()
    return null
  }
  const posting = stripComment(content, format)
  if (posting === '') return null
  const [, account = '', amountText = ''] =
    (format === 'beancount'
      ? /^(?:[!*]\s+)?(\S+)\s*(.*)$/
      : /^(?:[!*]\s+)?(.+?)(?:\s{2,}|\t+)(.*)$|^(?:[!*]\s+)?(\S.*)$/
    )
      .exec(posting)
      ?.filter((part) => part !== undefined) ?? []
  if (/^[([]/.test(account)) return `virtual posting ${account} is not booked: leave it out`
  const read = readAmounts(amountText.trim())
  if (typeof read === 'string') return `${account}: ${read}`
  block.postings.push({ account: account.trim(), ...read })
  return null
}

/** `100 EUR @ 1.10 USD`, `$100`, `2 HOOL {500.00 USD}`; nothing for an amount that is left out. */
function readAmounts(text: string): Pick<WrittenPosting, 'amount' | 'worth'> | string {
  if (text === '') return { amount: null, worth: null }
  if (/\s==?\*?\s/.test(` ${text}`)) return readAmounts(text.replace(/\s*==?\*?\s.*$/, ''))
  const [, amountText = '', costText, mark, priceText] =
    /^([^{@]+?)\s*(?:\{\{?([^}]*)\}\}?)?\s*(?:(@@?)\s*(.+))?$/.exec(text) ?? []
  const amount = readAmount(amountText)
  if (amount === null) return `"${text}" is no amount of at most six decimals with a commodity`
  const worthText = costText?.split(',')[0]?.trim() || priceText
  if (worthText === undefined) return { amount, worth: null }
  const unit = readAmount(worthText)
  if (unit === null) return `"${worthText}" is no price`
  const sign = amount.amountMicro < 0n ? -1n : 1n
  const isTotal = costText === undefined ? mark === '@@' : text.includes('{{')
  const amountMicro = isTotal
    ? sign * unit.amountMicro
    : divideHalfEven(amount.amountMicro * unit.amountMicro, microUnitsPerUnit)
  return { amount, worth: { commodity: unit.commodity, amountMicro } }
}

const symbols: Record<string, string> = { $: 'USD', '€': 'EUR', '£': 'GBP', '¥': 'JPY' }

function readAmount(text: string): { commodity: string; amountMicro: bigint } | null {
  const [, sign = '', before, number = '', after] =
    /^([+-]?)\s*("[^"]+"|[A-Z][\w.'-]*|[$€£¥])?\s*([+-]?[\d.,]+)\s*("[^"]+"|[A-Z][\w.'-]*|[$€£¥])?$/.exec(
      text.trim(),
    ) ?? []
  const name = before ?? after
  if (name === undefined || (before !== undefined && after !== undefined)) return null
  const mark = /^[+-]?\d+,\d{1,2}$/.test(number) ? ',' : '.'
  const amountMicro = readDecimal(`${sign}${number}`, mark)
  return amountMicro === null ? null : { commodity: symbols[name] ?? unquote(name), amountMicro }
}

function finishBlock(
  read: ReadJournal,
  block: Block,
  { format, seen }: { format: JournalFormat; seen: Map<string, number> },
): void {
  const postings = completePostings(block.postings)
  if (typeof postings === 'string') {
    read.problems.push({ line: block.line, message: postings })
    return
  }
  const { source, key, 'event-time': time, description = block.description, dimensions: others } = block.dimensions
  const plain = Object.entries(block.dimensions).filter(([name]) => !reservedNotes.includes(name))
  const dimensions = { ...readNames(others), ...Object.fromEntries(plain) }
  // Without a key of its own an entry is known by what it says, and by how many of the same stand before it.
  const said = [block.day, block.code, block.description, block.postings]
  const content = sha256(JSON.stringify(said, (_, value) => (typeof value === 'bigint' ? value.toString() : value)))
  const before = seen.get(content) ?? 0
  seen.set(content, before + 1)
  read.entries.push({
    line: block.line,
    source: source ?? `import.${format}`,
    key: key ?? block.code ?? `${content}#${before + 1}`,
    eventTime: new Date(time ?? `${block.day}T00:00:00Z`),
    description,
    dimensions,
    postings,
  })
}

/** Without what stands behind a semicolon, outside of quotes. */
function stripComment(text: string, format: JournalFormat): string {
  const [kept = ''] = /^(?:"(?:[^"\\]|\\.)*"|[^";])*/.exec(text) ?? []
  return (format === 'beancount' || text.includes(';') ? kept : text).trim()
}

function readNames(json: string | undefined): Record<string, string> {
  try {
    const names: unknown = JSON.parse(json ?? '{}')
    const isFlat =
      typeof names === 'object' && names !== null && Object.values(names).every((value) => typeof value === 'string')
    return isFlat ? (names as Record<string, string>) : {}
  } catch {
    return {}
  }
}

function readString(quoted: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch {
    return quoted.replace(/^"|"$/g, '')
  }
}

function unquote(name: string): string {
  return name.replace(/^"(.*)"$/, '$1')
}
