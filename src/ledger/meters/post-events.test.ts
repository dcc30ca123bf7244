import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestStore } from '../../../test/open-test-store.ts'
import type { Store } from '../../storage/index.ts'
import { createLedger, type Ledger } from '../ledger.ts'
import type { MeteredEvent } from './metered-event.ts'

const root = mkdtempSync(join(tmpdir(), 'capstan-events-'))
let store: Store
let ledger: Ledger

beforeAll(async () => {
  store = await openTestStore(root)
  ledger = createLedger({ store, clock: { now: () => new Date('2026-03-05T00:00:00Z') } })
})
afterAll(async () => {
  await store.close()
  rmSync(root, { recursive: true, force: true })
})

const use = (id: string, over: Partial<MeteredEvent> = {}): MeteredEvent => ({
  source: 'gpu',
  id,
  eventTime: new Date('2026-03-01T12:00:30Z'),
  debit: 'Expenses:Model:Compute',
  credit: 'Equity:Metered',
  commodity: 'GPU-SECOND',
  amountMicro: 2_000_000n,
  dimensions: { task: 'support' },
  ...over,
})
const entriesOf = (source: string) => ledger.listEntries({ dimensions: { of: source } })
const of = (source: string, id: string, over: Partial<MeteredEvent> = {}) =>
  use(id, { source, dimensions: { of: source }, ...over })

describe('metered events', () => {
  it('are summed by minute and dimensions into balanced entries', async () => {
    const events = [
      of('summed', '1'),
      of('summed', '2', { eventTime: new Date('2026-03-01T12:00:59.999Z') }),
      of('summed', '3', { eventTime: new Date('2026-03-01T12:01:00Z') }),
      of('summed', '4', { dimensions: { of: 'summed', caller: 'acme' } }),
    ]
    expect(await ledger.postEvents(events)).toEqual({ posted: 4, repeated: 0 })
    const entries = await entriesOf('summed')
    expect(
      entries
        .map(({ eventTime, dimensions, description, postings }) => [
          eventTime.slice(11, 16),
          dimensions.caller,
          description,
          postings[0]?.amountMicro,
        ])
        .sort(),
    ).toEqual([
      ['12:00', undefined, '2 events of summed', 4_000_000n],
      ['12:00', 'acme', '1 event of summed', 2_000_000n],
      ['12:01', undefined, '1 event of summed', 2_000_000n],
    ])
    expect(entries[0]?.postings).toEqual([
      { account: 'Expenses:Model:Compute', commodity: 'GPU-SECOND', amountMicro: expect.any(BigInt) },
      { account: 'Equity:Metered', commodity: 'GPU-SECOND', amountMicro: expect.any(BigInt) },
    ])
  })

  it('count once, however often and in whatever company they are sent', async () => {
    await ledger.postEvents([of('once', '1'), of('once', '2')])
    expect(await ledger.postEvents([of('once', '2'), of('once', '3'), of('once', '3')])).toEqual({
      posted: 1,
      repeated: 2,
    })
    const raced = await Promise.all(Array.from({ length: 5 }, () => ledger.postEvents([of('once', '4')])))
    expect(raced.map(({ posted }) => posted).sort()).toEqual([0, 0, 0, 0, 1])
    const total = (await entriesOf('once')).reduce((sum, { postings }) => sum + (postings[0]?.amountMicro ?? 0n), 0n)
    expect(total).toBe(8_000_000n)
  })

  it('whose id came with another payload are named, and nothing of their call is written', async () => {
    await ledger.postEvents([of('reused', '1')])
    const changed = [of('reused', '2'), of('reused', '1', { amountMicro: 3n })]
    await expect(ledger.postEvents(changed)).rejects.toMatchObject({
      name: 'ConflictError',
      code: 'ledger.event-reused',
      message: 'These events stand for others already: reused/1.',
    })
    const twice = [of('reused', '3'), of('reused', '3', { eventTime: new Date('2026-03-01') })]
    await expect(ledger.postEvents(twice)).rejects.toMatchObject({ code: 'ledger.event-reused' })
    expect(await ledger.postEvents([of('reused', '2')])).toEqual({ posted: 1, repeated: 0 })
  })

  it('of a call with a fault do not keep those of other calls from being booked', async () => {
    await ledger.postEvents([of('shared', '1')])
    const results = await Promise.allSettled([
      ledger.postEvents([of('shared', '2')]),
      ledger.postEvents([of('shared', '1', { amountMicro: 9n })]),
      ledger.postEvents([of('shared', '3')]),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await ledger.postEvents([of('shared', '2'), of('shared', '3')])).toEqual({ posted: 0, repeated: 2 })
  })

  it('that cannot be booked are named with all their faults', async () => {
    const events = [
      of('bad', '1'),
      of('bad', '2', { amountMicro: -5n, debit: 'Expenses:Fun' }),
      of('bad', '', { commodity: 'gpu', eventTime: new Date('never') }),
    ]
    await expect(ledger.postEvents(events)).rejects.toMatchObject({
      code: 'ledger.invalid-event',
      message: expect.stringMatching(/event 2 \(bad\/2\) names an account .* Expenses:Fun; event 2 .* amount of -5/),
      details: { problems: { length: 5 } },
    })
    expect(await entriesOf('bad')).toEqual([])
  })

  it('that take back what others gave leave no entry, but count as known', async () => {
    const back = of('back', '2', { debit: 'Equity:Metered', credit: 'Expenses:Model:Compute' })
    expect(await ledger.postEvents([of('back', '1'), back])).toEqual({ posted: 2, repeated: 0 })
    expect(await entriesOf('back')).toEqual([])
  })

  it('of a closed month are refused, unless they may count in the open one', async () => {
    const early = new Date('2026-01-31T23:59:59Z')
    await ledger.postEvents([of('late', '1', { eventTime: early })])
    await ledger.closePeriod('2026-01')
    const events = [of('late', '1', { eventTime: early }), of('late', '2', { eventTime: early })]
    expect(await ledger.postEvents(events.slice(0, 1))).toEqual({ posted: 0, repeated: 1 })
    await expect(ledger.postEvents(events)).rejects.toMatchObject({ code: 'ledger.period-closed' })
    expect(await ledger.postEvents(events, { whenClosed: 'open-period' })).toEqual({ posted: 1, repeated: 1 })
    expect((await entriesOf('late'))[0]).toMatchObject({
      eventTime: '2026-01-31T23:59:00.000Z',
      bookedAt: '2026-02-01T00:00:00.000Z',
    })
  })

  it('stay as they are: the database refuses to change them', async () => {
    await ledger.postEvents([of('kept', '1')])
    await expect(sql`delete from metered_events`.execute(store.database)).rejects.toThrow('append only')
  })

  it('give the same balances in any order and in calls of any size', async () => {
    const event = fc.record({
      id: fc.integer({ min: 0, max: 8 }),
      minute: fc.integer({ min: 0, max: 3 }),
      caller: fc.constantFrom('a', 'b'),
    })
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        async (drawn, size) => {
          // The payload follows from the id: the same event, sent again.
          const toEvent = (source: string, { id }: { id: number }) =>
            of(source, String(id), {
              eventTime: new Date(Date.UTC(2026, 2, 2, 0, id % 4)),
              amountMicro: BigInt(id + 1),
              dimensions: { of: source, caller: id % 2 ? 'a' : 'b' },
            })
          const post = async (rows: typeof drawn) => {
            const source = `any-${run++}`
            for (let start = 0; start < rows.length; start += size)
              await ledger.postEvents(rows.slice(start, start + size).map((row) => toEvent(source, row)))
            const entries = await entriesOf(source)
            const sums = new Map<string, bigint>()
            for (const { eventTime, dimensions, postings } of entries)
              for (const { account, amountMicro } of postings) {
                const name = `${eventTime} ${dimensions.caller} ${account}`
                sums.set(name, (sums.get(name) ?? 0n) + amountMicro)
              }
            return Object.fromEntries([...sums].sort())
          }
          expect(await post(drawn)).toEqual(await post([...drawn].reverse()))
        },
      ),
      { numRuns: 15 },
    )
  })
})
