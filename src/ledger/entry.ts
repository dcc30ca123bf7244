import { InvalidInputError, sha256 } from '../base/index.ts'
import { formatAmountMicro, type Posting } from '../contracts/index.ts'
import { refuseUnknownAccounts } from './account.ts'

/** What is asked to be posted; `source` and `key` make it the same event however often it is sent. */
export type NewEntry = {
  source: string
  key: string
  /** When it happened, which may be long before it is posted. */
  eventTime: Date
  description: string
  /** What it belongs to, for later sums: task, run, model version, customer. */
  dimensions?: Record<string, string>
  /** Id of the entry that this one takes back. */
  reverses?: string
  postings: readonly Posting[]
}

const int64Max = 2n ** 63n - 1n

/** Throws unless the entry may stand in the journal: well formed, known accounts, exactly zero for each commodity. */
export function checkEntry(entry: NewEntry): void {
  const problems = listProblems(entry)
  if (problems.length > 0) {
    throw new InvalidInputError('ledger.invalid-entry', `${nameEntry(entry)} is refused: ${problems.join('; ')}.`, {
      hint: 'Correct the entry and post it again: nothing was written.',
      details: { problems },
    })
  }
  refuseUnknownAccounts(entry.postings.map((posting) => posting.account))
  const excesses = [...sumByCommodity(entry.postings)].filter(([, sum]) => sum !== 0n)
  if (excesses.length === 0) return
  const amounts = excesses.map(([commodity, sum]) => `${formatAmountMicro(sum)} ${commodity}`)
  throw new InvalidInputError(
    'ledger.unbalanced',
    `${nameEntry(entry)} does not balance: off by ${amounts.join(', ')}.`,
    {
      hint: 'Debits (positive) and credits (negative) of each commodity add up to exactly zero.',
    },
  )
}

/** Equal for equal content; the order of postings and dimensions does not count. */
export function hashPayload(entry: NewEntry): string {
  const dimensions = Object.entries(entry.dimensions ?? {})
  const postings = entry.postings.map((posting) => [posting.account, posting.commodity, String(posting.amountMicro)])
  return sha256(
    JSON.stringify([entry.eventTime.toISOString(), entry.description, sortRows(dimensions), sortRows(postings)]),
  )
}

function listProblems({ source, key, eventTime, postings }: NewEntry): string[] {
  const problems: string[] = []
  if (source === '' || key === '') problems.push('source and key must not be empty')
  if (Number.isNaN(eventTime.getTime())) problems.push('its event time is not a date')
  if (postings.length < 2) problems.push(`it has ${postings.length} postings and needs at least 2`)
  for (const [index, { account, commodity, amountMicro }] of postings.entries()) {
    const where = `posting ${index + 1} (${account})`
    if (!/^[A-Z][A-Z0-9-]{1,23}$/.test(commodity)) problems.push(`${where} has an unusable commodity "${commodity}"`)
    if (amountMicro === 0n) problems.push(`${where} is zero`)
    if (amountMicro > int64Max || amountMicro < -int64Max) problems.push(`${where} is beyond 64 bits: ${amountMicro}`)
  }
  return problems
}

function sumByCommodity(postings: readonly Posting[]): Map<string, bigint> {
  const sums = new Map<string, bigint>()
  for (const { commodity, amountMicro } of postings) sums.set(commodity, (sums.get(commodity) ?? 0n) + amountMicro)
  return sums
}

/** How messages call an entry. */
export function nameEntry({ source, key }: Pick<NewEntry, 'source' | 'key'>): string {
  return `Entry ${source}/${key}`
}

function sortRows(rows: string[][]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort()
}
