import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestStore } from '../../test/open-test-store.ts'
import type { Run } from '../contracts/index.ts'
import type { Store } from '../storage/index.ts'
import type { NewEntry } from './entry.ts'
import { createLedger, type Ledger } from './ledger.ts'

const root = mkdtempSync(join(tmpdir(), 'capstan-ledger-'))
const eventTime = new Date('2026-03-01T12:00:00Z')
let store: Store
let ledger: Ledger
let now = new Date('2026-04-01T00:00:00Z')

beforeAll(async () => {
  store = await openTestStore(root)
  ledger = createLedger({ store, clock: { now: () => now } })
})
afterAll(async () => {
  await store.close()
  rmSync(root, { recursive: true, force: true })
})

const rent = (key: string, amountMicro = 5_000_000n): NewEntry => ({
  source: 'test',
  key,
  eventTime,
  description: 'rent',
  dimensions: { office: 'north', floor: '2' },
  postings: [
    { account: 'Expenses:Team:Office', commodity: 'USD', amountMicro },
    { account: 'Assets:Cash', commodity: 'USD', amountMicro: -amountMicro },
  ],
})

describe('posting', () => {
  it('writes an entry once, however often the same event is sent and in whatever order its parts come', async () => {
    const first = await ledger.postEntry(rent('once'))
    const again = rent('once')
    const turned = { ...again, postings: [...again.postings].reverse(), dimensions: { floor: '2', office: 'north' } }
    expect(await ledger.postEntry(turned)).toEqual({ entry: first.entry, posted: false })
    expect(first).toMatchObject({
      posted: true,
      entry: {
        eventTime: '2026-03-01T12:00:00.000Z',
        recordedAt: '2026-04-01T00:00:00.000Z',
        postings: again.postings,
      },
    })
    expect(await ledger.listEntries({ key: 'once' })).toHaveLength(1)
  })

  it('refuses the same key with another payload and keeps the first', async () => {
    const { entry } = await ledger.postEntry(rent('reused'))
    await expect(ledger.postEntry(rent('reused', 6_000_000n))).rejects.toMatchObject({
      name: 'ConflictError',
      code: 'ledger.key-reused',
      message: expect.stringContaining(entry.id),
    })
    expect(await ledger.listEntries({ key: 'reused' })).toEqual([entry])
  })

  it('posts one of several that race for the same key', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, () => ledger.postEntry(rent('raced'))))
    expect(results.filter((result) => result.posted)).toHaveLength(1)
    expect(new Set(results.map((result) => result.entry.id)).size).toBe(1)
  })

  it('refuses an entry that does not balance, and says by how much of what', async () => {
    const entry = rent('off')
    const extra = { account: 'Assets:Compute', commodity: 'CPU-SECOND', amountMicro: 1n }
    const off = { ...entry, postings: [...entry.postings, { ...entry.postings[0], amountMicro: 250_000n }, extra] }
    await expect(ledger.postEntry(off as NewEntry)).rejects.toMatchObject({
      code: 'ledger.unbalanced',
      message: 'Entry test/off does not balance: off by 0.25 USD, 0.000001 CPU-SECOND.',
    })
    expect(await ledger.listEntries({ key: 'off' })).toEqual([])
  })

  it('names every unknown account and every malformed part at once', async () => {
    const [debit, credit] = rent('x').postings as [NewEntry['postings'][0], NewEntry['postings'][0]]
    const postings = [
      { ...debit, account: 'Expenses:Fun' },
      { ...credit, account: 'cash' },
    ]
    await expect(ledger.postEntry({ ...rent('x'), postings })).rejects.toMatchObject({
      code: 'ledger.unknown-account',
      message: 'No such account: Expenses:Fun, cash.',
    })
    const malformed = [{ ...debit, commodity: 'us dollars', amountMicro: 0n }]
    await expect(
      ledger.postEntry({ ...rent(''), eventTime: new Date('never'), postings: malformed }),
    ).rejects.toMatchObject({ code: 'ledger.invalid-entry', details: { problems: { length: 5 } } })
    await expect(ledger.postEntry(rent('big', 2n ** 63n))).rejects.toMatchObject({ code: 'ledger.invalid-entry' })
  })
})

describe('the database itself', () => {
  it.each([
    'update ledger_entries set description = $$other$$',
    'delete from ledger_postings',
    'truncate ledger_postings, ledger_entries',
  ])('refuses %s', async (statement) => {
    await ledger.postEntry(rent('kept'))
    await expect(sql.raw(statement).execute(store.database)).rejects.toThrow('the ledger is append only')
  })

  it.each([
    ['an unbalanced entry', [5n, -4n], 'is off by 1 micro USD'],
    ['an entry without postings', [], 'has no postings'],
  ])('refuses %s at commit, whatever the code forgot to check', async (_, amounts, message) => {
    const id = `raw-${amounts.length}`
    const write = store.database.transaction().execute(async (transaction) => {
      await sql`insert into ledger_entries (id, source, key, payload_sha256, event_time, recorded_at, description, dimensions)
        values (${id}, 'raw', ${id}, '', now(), now(), '', '{}')`.execute(transaction)
      for (const [position, amount] of amounts.entries()) {
        await sql`insert into ledger_postings values (${id}, ${position}, 'Assets:Cash', 'USD', ${amount})`.execute(
          transaction,
        )
      }
    })
    await expect(write).rejects.toThrow(message)
    expect(await ledger.listEntries({ source: 'raw' })).toEqual([])
  })

  it('refuses a posting that is added to an entry later', async () => {
    const { entry } = await ledger.postEntry(rent('complete'))
    const late = sql`insert into ledger_postings values (${entry.id}, 9, 'Assets:Cash', 'USD', 1)`
    await expect(late.execute(store.database)).rejects.toThrow('is off by 1 micro USD')
  })
})

describe('reading', () => {
  it('filters entries by account subtree and by dimensions, newest record first', async () => {
    const tagged = (key: string) => ({ ...rent(key), dimensions: { office: 'south', key } })
    await ledger.postEntry(tagged('s1'))
    await ledger.postEntry(tagged('s2'))
    const south = await ledger.listEntries({ dimensions: { office: 'south' } })
    expect(south.map((entry) => entry.key)).toEqual(['s2', 's1'])
    expect(await ledger.listEntries({ dimensions: { office: 'south' }, account: 'Expenses:Team' })).toEqual(south)
    expect(await ledger.listEntries({ dimensions: { office: 'south' }, account: 'Expenses:Te' })).toEqual([])
    expect(await ledger.listEntries({ dimensions: { office: 'south' }, limit: 1 })).toEqual(south.slice(0, 1))
  })

  it('gives balances as of what had happened and as of what was known', async () => {
    const late: NewEntry = {
      ...rent('late', 7n),
      postings: [
        { account: 'Assets:Late', commodity: 'EUR', amountMicro: 7n },
        { account: 'Equity:Opening', commodity: 'EUR', amountMicro: -7n },
      ],
    }
    now = new Date('2026-06-01T00:00:00Z')
    await ledger.postEntry(late)
    const filter = { account: 'Assets:Late' }
    const balance = [{ account: 'Assets:Late', commodity: 'EUR', amountMicro: 7n }]
    expect(await ledger.accountBalances(filter)).toEqual(balance)
    expect(await ledger.accountBalances({ ...filter, eventTimeBefore: new Date('2026-04-01') })).toEqual(balance)
    expect(await ledger.accountBalances({ ...filter, eventTimeBefore: eventTime })).toEqual([])
    expect(await ledger.accountBalances({ ...filter, recordedBefore: new Date('2026-05-01') })).toEqual([])
  })
})

describe('the cost of a run', () => {
  const run: Run = {
    id: 'run_1',
    task: 'support',
    kind: 'train',
    status: 'succeeded',
    seed: 1,
    settings: {},
    startedAt: '2026-03-01T10:00:00.000Z',
    finishedAt: '2026-03-01T10:05:00.000Z',
    error: null,
    estimate: null,
    choices: [],
    usage: { wallSeconds: 300, cpuSeconds: 590.25, gpuSeconds: 0, energyJoules: null, memoryBytesPeak: 1e9 },
  }
  const cpuHour = { amount: '0.0408', currency: 'USD', date: '2026-06-17', source: 'price list' }
  const rates = { cpuHour }

  it('is one balanced entry of CPU-seconds and money at the dated rate, posted once', async () => {
    const { entry, cost, posted } = await ledger.postRunCost({ run, rates })
    // 590.25 s × 0.0408 USD / 3600 s = 0.0066895 USD, and half to even keeps 6,690 of 6,689.5 micro-units.
    expect(cost).toEqual({ amountMicro: 6690n, currency: 'USD' })
    expect(posted).toBe(true)
    expect(entry).toMatchObject({ source: 'capstan.run', key: 'run_1', eventTime: run.finishedAt })
    expect(entry.dimensions).toEqual({ task: 'support', run: 'run_1', kind: 'train' })
    expect(entry.description).toContain('at 0.0408 USD per CPU-hour (2026-06-17, price list)')
    expect(entry.postings).toEqual([
      { account: 'Expenses:Model:Compute', commodity: 'CPU-SECOND', amountMicro: 590_250_000n },
      { account: 'Equity:Metered', commodity: 'CPU-SECOND', amountMicro: -590_250_000n },
      { account: 'Expenses:Model:Compute', commodity: 'USD', amountMicro: 6690n },
      { account: 'Liabilities:Accrued:Cloud', commodity: 'USD', amountMicro: -6690n },
    ])
    expect((await ledger.postRunCost({ run, rates })).posted).toBe(false)
  })

  it('is found again by run', async () => {
    await ledger.postRunCost({ run: { ...run, id: 'run_2' }, rates: { cpuHour: { ...cpuHour, amount: '0' } } })
    const totals = await ledger.dimensionTotals('run', { account: 'Expenses' })
    expect(totals).toEqual([
      { value: 'run_1', commodity: 'CPU-SECOND', amountMicro: 590_250_000n },
      { value: 'run_1', commodity: 'USD', amountMicro: 6690n },
      { value: 'run_2', commodity: 'CPU-SECOND', amountMicro: 590_250_000n },
    ])
  })

  it('has the seconds for which a GPU was held and the energy beside those of the CPU, and in its price what has a rate', async () => {
    const held = { ...run, id: 'run_gpu', usage: { ...run.usage, gpuSeconds: 300, memoryBytesPeak: 1e9 } } as Run
    const gpuHour = { amount: '2.35', currency: 'USD', date: '2026-03-01', source: 'quote' }
    const { entry, cost } = await ledger.postRunCost({ run: held, rates: { cpuHour, gpuHour } })
    // (590.25 s × 0.0408 USD + 300 s × 2.35 USD) / 3600 s = 0.2025228 USD.
    expect(cost).toEqual({ amountMicro: 202_523n, currency: 'USD' })
    expect(entry.description).toContain('300.000 GPU-seconds')
    expect(entry.postings).toContainEqual({
      account: 'Expenses:Model:Compute',
      commodity: 'GPU-SECOND',
      amountMicro: 300_000_000n,
    })
    const measured = { ...held, id: 'run_power', usage: { ...held.usage, gpuSeconds: 0, energyJoules: 7.2e6 } } as Run
    const kilowattHour = { amount: '0.31', currency: 'USD', date: '2026-03-01', source: 'contract' }
    const power = await ledger.postRunCost({ run: measured, rates: { cpuHour, kilowattHour } })
    // 7.2 MJ are 2 kWh.
    expect(power.cost).toEqual({ amountMicro: 6690n + 620_000n, currency: 'USD' })
    expect(power.entry.postings).toContainEqual({
      account: 'Equity:Metered',
      commodity: 'JOULE',
      amountMicro: -7_200_000_000_000n,
    })
    const unpriced = await ledger.postRunCost({ run: { ...held, id: 'run_unpriced' }, rates })
    expect(unpriced.cost).toEqual({ amountMicro: 6690n, currency: 'USD' })
    expect(unpriced.entry.description).toContain('no rate per GPU-hour')
  })

  it('is refused for a run that has not been measured', async () => {
    const unmeasured = { ...run, status: 'running' as const, finishedAt: null, usage: null }
    await expect(ledger.postRunCost({ run: unmeasured, rates })).rejects.toMatchObject({
      code: 'ledger.run-unmeasured',
    })
  })
})

it('books always sum to zero, and any order of events gives the same balances', async () => {
  const account = fc.constantFrom('Expenses:Data:Labels', 'Expenses:Model:Compute', 'Assets:Cash', 'Income:Usage')
  const leg = fc.record({
    account,
    commodity: fc.constantFrom('USD', 'EUR', 'CPU-SECOND'),
    amountMicro: fc.bigInt({ min: 1n, max: 2n ** 60n }),
  })
  const event = fc.record({ legs: fc.array(leg, { minLength: 1, maxLength: 4 }), sign: fc.constantFrom(1n, -1n) })
  let batch = 0
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 6 }), async (events) => {
      const post = async (order: number[]) => {
        const source = `property-${batch++}`
        const before = await totals(ledger)
        for (const index of order) {
          const { legs, sign } = events[index] as (typeof events)[0]
          const postings = legs.flatMap((posting) => [
            { ...posting, amountMicro: sign * posting.amountMicro },
            { ...posting, account: 'Equity:Opening', amountMicro: -sign * posting.amountMicro },
          ])
          await ledger.postEntry({ source, key: String(index), eventTime, description: '', postings })
        }
        return difference(await totals(ledger), before)
      }
      const forward = events.map((_, index) => index)
      expect(await post(forward)).toEqual(await post(forward.toReversed()))
      const sums = new Map<string, bigint>()
      for (const { commodity, amountMicro } of await ledger.accountBalances()) {
        sums.set(commodity, (sums.get(commodity) ?? 0n) + amountMicro)
      }
      expect([...sums.values()].every((sum) => sum === 0n)).toBe(true)
    }),
    { numRuns: 25 },
  )
})

async function totals(of: Ledger): Promise<Map<string, bigint>> {
  return new Map((await of.accountBalances()).map((row) => [`${row.account} ${row.commodity}`, row.amountMicro]))
}

function difference(after: Map<string, bigint>, before: Map<string, bigint>): Record<string, bigint> {
  const changes = [...after].map(([name, amount]) => [name, amount - (before.get(name) ?? 0n)] as const)
  return Object.fromEntries(changes.filter(([, amount]) => amount !== 0n))
}
