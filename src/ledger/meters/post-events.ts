/**
 * Many small events into few rows of the journal. Each event stands once in `metered_events`, by its source and id. Those
 * that a transaction adds are summed by source, minute and dimensions, and each sum is an entry of the same transaction: as an
 * event takes from one account what it gives to another, every sum balances, and events and entries are there together or
 * not at all. Calls that come while a transaction is under way share the next one.
 */
import { type Kysely, sql } from 'kysely'
import { type Clock, ConflictError, createGroupCommit, createId } from '../../base/index.ts'
import type { Posting } from '../../contracts/index.ts'
import type { Schema } from '../../storage/index.ts'
import { periodClosed, selectLastClosedMonth, type WhenClosed } from '../close-period.ts'
import { checkEntry, type NewEntry } from '../entry.ts'
import { monthOf } from '../month.ts'
import { writeEntries } from '../write-entries.ts'
import { checkEvents, type MeteredEvent } from './metered-event.ts'

/** How many events of a call were new, and how many stood there already. */
export type PostedEvents = { posted: number; repeated: number }

type Call = { events: readonly MeteredEvent[]; whenClosed: WhenClosed; result?: PostedEvents; error?: unknown }

const eventsPerStatement = 10_000
const conflictsShown = 20

export function createEventPoster({ database, clock }: { database: Kysely<Schema>; clock: Clock }) {
  const write = (calls: readonly Call[]) =>
    database.transaction().execute(async (transaction) => {
      for (const call of calls) call.result = await writeCall(transaction, call, clock.now())
    })
  const group = createGroupCommit<Call>(async (calls) => {
    try {
      await write(calls)
    } catch {
      // One call's fault is not that of the others: each has a transaction of its own.
      for (const call of calls) await write([call]).catch((error: unknown) => Object.assign(call, { error }))
    }
  })
  return async (
    events: readonly MeteredEvent[],
    { whenClosed = 'refuse' }: { whenClosed?: WhenClosed } = {},
  ): Promise<PostedEvents> => {
    checkEvents(events)
    const call: Call = { events, whenClosed }
    await group.add(call)
    if (call.error !== undefined) throw call.error
    return call.result as PostedEvents
  }
}

async function writeCall(transaction: Kysely<Schema>, { events, whenClosed }: Call, now: Date): Promise<PostedEvents> {
  const lastClosedMonth = await selectLastClosedMonth(transaction)
  const batch = createId('batch', now)
  const posted: MeteredEvent[] = []
  for (let start = 0; start < events.length; start += eventsPerStatement) {
    const part = events.slice(start, start + eventsPerStatement)
    posted.push(...(await insertEvents(transaction, part, batch)))
  }
  const late = posted.find(({ eventTime }) => lastClosedMonth !== null && monthOf(eventTime) <= lastClosedMonth)
  if (late && lastClosedMonth !== null && whenClosed === 'refuse')
    throw periodClosed(`An event of ${late.source}`, late.eventTime, lastClosedMonth)
  const entries = sumEvents(posted, batch)
  for (const entry of entries) checkEntry(entry)
  await writeEntries(transaction, entries, { recordedAt: now, lastClosedMonth })
  return { posted: posted.length, repeated: events.length - posted.length }
}

/** Stores those that were not there yet, and gives them. */
async function insertEvents(
  transaction: Kysely<Schema>,
  events: readonly MeteredEvent[],
  batch: string,
): Promise<readonly MeteredEvent[]> {
  const sent = sql`(${selectSent(events)}) as sent`
  const { numAffectedRows } = await sql`
    insert into metered_events
    select source, id, event_time, debit, credit, commodity, amount_micro, dimensions, ${batch} from ${sent}
    on conflict do nothing`.execute(transaction)
  if (numAffectedRows === BigInt(events.length)) return events
  const { rows } = await sql<{ at: number; added: boolean; other: boolean }>`
    select sent.at, stored.batch = ${batch} as added,
      (sent.event_time, sent.debit, sent.credit, sent.commodity, sent.amount_micro, sent.dimensions)
      is distinct from
      (stored.event_time, stored.debit, stored.credit, stored.commodity, stored.amount_micro, stored.dimensions) as other
    from ${sent} join metered_events as stored using (source, id) order by sent.at`.execute(transaction)
  refuseOtherPayloads(rows.filter(({ other }) => other).map(({ at }) => events[at] as MeteredEvent))
  const added = rows.filter((row) => row.added).map(({ at }) => events[at] as MeteredEvent)
  // An event that a call has twice was added once.
  return [...new Map(added.map((event) => [nameOf(event), event])).values()]
}

/**
 * The events as rows, `at` being their place. What most of them share is sent once and joined: the database reads four values
 * of an event in place of nine, which is half of the time that it spends on one.
 */
function selectSent(events: readonly MeteredEvent[]) {
  const series = new Map<string, number>()
  const seriesOf = ({ source, debit, credit, commodity, dimensions }: MeteredEvent) => {
    const row = JSON.stringify({ source, debit, credit, commodity, dimensions: dimensions ?? {} })
    const index = series.get(row) ?? series.size
    series.set(row, index)
    return index
  }
  const indices = events.map(seriesOf)
  return sql`
    select source, id, timestamptz 'epoch' + ms * interval '1 millisecond' as event_time, debit, credit, commodity,
      amount_micro, dimensions, place::integer - 1 as at
    from unnest(
      ${indices}::integer[], ${events.map(({ id }) => id)}::text[],
      ${events.map(({ eventTime }) => eventTime.getTime())}::bigint[], ${events.map(({ amountMicro }) => amountMicro)}::bigint[]
    ) with ordinality as event (index, id, ms, amount_micro, place)
    join rows from (
      json_to_recordset(${`[${[...series.keys()].join()}]`}::json)
        as (source text, debit text, credit text, commodity text, dimensions jsonb)
    ) with ordinality as series (source, debit, credit, commodity, dimensions, number) on number = index + 1`
}

const nameOf = ({ source, id }: MeteredEvent) => JSON.stringify([source, id])

function refuseOtherPayloads(events: readonly MeteredEvent[]): void {
  if (events.length === 0) return
  const names = events.slice(0, conflictsShown).map(({ source, id }) => `${source}/${id}`)
  throw new ConflictError('ledger.event-reused', `These events stand for others already: ${names.join(', ')}.`, {
    hint: 'Send an event unchanged, or give a new one its own id: nothing of the call was written.',
    details: { events: names },
  })
}

/** An entry for each source, minute and dimensions; one whose amounts cancel out needs none. */
function sumEvents(events: readonly MeteredEvent[], batch: string): NewEntry[] {
  const sums = new Map<string, { first: MeteredEvent; events: number; postings: Map<string, Posting> }>()
  for (const event of events) {
    const { source, eventTime, dimensions, debit, credit, commodity, amountMicro } = event
    const name = JSON.stringify([source, minuteOf(eventTime), Object.entries(dimensions ?? {}).sort()])
    const sum = sums.get(name) ?? { first: event, events: 0, postings: new Map() }
    sums.set(name, sum)
    sum.events++
    addTo(sum.postings, debit, commodity, amountMicro)
    addTo(sum.postings, credit, commodity, -amountMicro)
  }
  return [...sums.values()].flatMap(({ first, events, postings }, i) => {
    const changes = [...postings.values()].filter(({ amountMicro }) => amountMicro !== 0n)
    if (changes.length === 0) return []
    const { source, dimensions = {} } = first
    return [
      {
        source: 'capstan.events',
        key: `${batch}/${i + 1}`,
        eventTime: new Date(minuteOf(first.eventTime)),
        description: `${events} ${events === 1 ? 'event' : 'events'} of ${source}`,
        dimensions,
        postings: changes,
      },
    ]
  })
}

const minuteOf = (time: Date) => Math.floor(time.getTime() / 60_000) * 60_000

function addTo(sums: Map<string, Posting>, account: string, commodity: string, amountMicro: bigint): void {
  const name = `${account} ${commodity}`
  sums.set(name, { account, commodity, amountMicro: (sums.get(name)?.amountMicro ?? 0n) + amountMicro })
}
