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
  let posted = 0
  const groups: EventGroup[] = []
  for (let start = 0; start < events.length; start += eventsPerStatement) {
    const part = JSON.stringify(events.slice(start, start + eventsPerStatement).map((event) => toRow(event, batch)))
    const added = await insertEvents(transaction, part)
    const count = added.reduce((sum, { events: few }) => sum + few, 0)
    if (count < Math.min(eventsPerStatement, events.length - start)) await refuseOtherPayloads(transaction, part)
    posted += count
    groups.push(...added)
  }
  const late = groups.find(({ minute }) => lastClosedMonth !== null && monthOf(minute) <= lastClosedMonth)
  if (late && lastClosedMonth !== null && whenClosed === 'refuse')
    throw periodClosed(`An event of ${late.source}`, late.minute, lastClosedMonth)
  const entries = sumGroups(groups, batch)
  for (const entry of entries) checkEntry(entry)
  await writeEntries(transaction, entries, { recordedAt: now, lastClosedMonth })
  return { posted, repeated: events.length - posted }
}

type EventGroup = {
  source: string
  minute: Date
  dimensions: Record<string, string>
  debit: string
  credit: string
  commodity: string
  total: string
  events: number
}

const eventColumns = sql`
  source text, id text, event_time timestamptz, debit text, credit text, commodity text, amount_micro bigint,
  dimensions jsonb, batch text`

async function insertEvents(transaction: Kysely<Schema>, rows: string): Promise<EventGroup[]> {
  const result = await sql<EventGroup>`
    with added as (
      insert into metered_events select * from json_to_recordset(${rows}::json) as event (${eventColumns})
      on conflict do nothing
      returning *
    )
    select source, date_trunc('minute', event_time) as minute, dimensions, debit, credit, commodity,
      sum(amount_micro)::text as total, count(*)::integer as events
    from added group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6`.execute(transaction)
  return result.rows
}

async function refuseOtherPayloads(transaction: Kysely<Schema>, rows: string): Promise<void> {
  const { rows: reused } = await sql<{ source: string; id: string }>`
    select source, id from json_to_recordset(${rows}::json) as event (${eventColumns})
    join metered_events as stored using (source, id)
    where (event.event_time, event.debit, event.credit, event.commodity, event.amount_micro, event.dimensions)
      is distinct from
      (stored.event_time, stored.debit, stored.credit, stored.commodity, stored.amount_micro, stored.dimensions)
    order by source, id limit ${conflictsShown}`.execute(transaction)
  if (reused.length === 0) return
  const names = reused.map(({ source, id }) => `${source}/${id}`)
  throw new ConflictError('ledger.event-reused', `These events stand for others already: ${names.join(', ')}.`, {
    hint: 'Send an event unchanged, or give a new one its own id: nothing of the call was written.',
    details: { events: names },
  })
}

/** An entry for each source, minute and dimensions; one whose amounts cancel out needs none. */
function sumGroups(groups: readonly EventGroup[], batch: string): NewEntry[] {
  const entries = new Map<string, { group: EventGroup; events: number; sums: Map<string, Posting> }>()
  for (const group of groups) {
    const name = JSON.stringify([group.source, group.minute, group.dimensions])
    const entry = entries.get(name) ?? { group, events: 0, sums: new Map() }
    entries.set(name, entry)
    entry.events += group.events
    addTo(entry.sums, group.debit, group.commodity, BigInt(group.total))
    addTo(entry.sums, group.credit, group.commodity, -BigInt(group.total))
  }
  return [...entries.values()].flatMap(({ group, events, sums }, i) => {
    const postings = [...sums.values()].filter(({ amountMicro }) => amountMicro !== 0n)
    if (postings.length === 0) return []
    const { source, minute: eventTime, dimensions } = group
    const description = `${events} ${events === 1 ? 'event' : 'events'} of ${source}`
    return [{ source: 'capstan.events', key: `${batch}/${i + 1}`, eventTime, description, dimensions, postings }]
  })
}

function addTo(sums: Map<string, Posting>, account: string, commodity: string, amountMicro: bigint): void {
  const name = `${account} ${commodity}`
  sums.set(name, { account, commodity, amountMicro: (sums.get(name)?.amountMicro ?? 0n) + amountMicro })
}

function toRow(
  { eventTime, amountMicro, source, id, debit, credit, commodity, dimensions }: MeteredEvent,
  batch: string,
) {
  return {
    source,
    id,
    event_time: eventTime,
    debit,
    credit,
    commodity,
    amount_micro: amountMicro.toString(),
    dimensions: dimensions ?? {},
    batch,
  }
}
