import { InvalidInputError } from '../../base/index.ts'
import { isAccount } from '../account.ts'

/** One use of something measured: so much of a commodity goes from one account to another. */
export type MeteredEvent = {
  /** With `id` it is the same event however often it is sent. */
  source: string
  id: string
  eventTime: Date
  /** Where it arrives, such as Expenses:Model:Compute. */
  debit: string
  /** Where it comes from, such as Equity:Metered. */
  credit: string
  /** A measured unit such as GPU-SECOND, or a currency. */
  commodity: string
  /** Above zero: what was too much goes back with debit and credit exchanged, as another event. */
  amountMicro: bigint
  /** What it belongs to: task, model, caller. */
  dimensions?: Readonly<Record<string, string>>
}

const int64Max = 2n ** 63n - 1n
const problemsShown = 20

/** Throws InvalidInputError `ledger.invalid-event` with the place and fault of each unusable event. */
export function checkEvents(events: readonly MeteredEvent[]): void {
  const known = new Set<string>()
  const problems: string[] = []
  for (const [index, event] of events.entries()) {
    for (const fault of listFaults(event, known)) {
      problems.push(`event ${index + 1} (${event.source}/${event.id}) ${fault}`)
    }
  }
  if (problems.length === 0) return
  const shown = problems.slice(0, problemsShown)
  const more = problems.length > shown.length ? `; and ${problems.length - shown.length} more` : ''
  throw new InvalidInputError('ledger.invalid-event', `Events are refused: ${shown.join('; ')}${more}.`, {
    hint: 'Correct them and send all of the call again: nothing was written.',
    details: { problems },
  })
}

/** `known`: names that are good, so that a million events check each name once. */
function listFaults(event: MeteredEvent, known: Set<string>): string[] {
  const { source, id, eventTime, debit, credit, commodity, amountMicro } = event
  const faults: string[] = []
  if (source === '' || id === '') faults.push('needs a source and an id')
  if (Number.isNaN(eventTime.getTime())) faults.push('has an event time that is no date')
  for (const account of [debit, credit]) {
    if (known.has(account)) continue
    if (isAccount(account)) known.add(account)
    else faults.push(`names an account that has no place in the chart: ${account}`)
  }
  if (debit === credit) faults.push(`moves from ${credit} to itself`)
  if (!known.has(commodity)) {
    if (/^[A-Z][A-Z0-9-]{1,23}$/.test(commodity)) known.add(commodity)
    else faults.push(`has an unusable commodity "${commodity}"`)
  }
  if (amountMicro <= 0n || amountMicro > int64Max)
    faults.push(`has an amount of ${amountMicro}, not above zero and within 64 bits`)
  return faults
}
