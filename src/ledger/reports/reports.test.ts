import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Posting } from '../../contracts/index.ts'
import { openStore, type Store } from '../../storage/index.ts'
import type { NewEntry } from '../entry.ts'
import { createLedger, type Ledger } from '../ledger.ts'

const root = mkdtempSync(join(tmpdir(), 'capstan-reports-'))
let store: Store
let ledger: Ledger
const now = new Date('2026-03-20T00:00:00Z')

const usd = (account: string, amount: number): Posting => ({
  account,
  commodity: 'USD',
  amountMicro: BigInt(Math.round(amount * 1e6)),
})
const entry = (key: string, day: string, postings: Posting[], dimensions = {}): NewEntry => ({
  source: 'test',
  key,
  eventTime: new Date(`${day}T12:00:00Z`),
  description: key,
  dimensions,
  postings,
})
const inMarch = { bookedFrom: new Date('2026-03-01'), bookedBefore: new Date('2026-04-01') }

beforeAll(async () => {
  store = await openStore({ folder: root, templateFolder: join(tmpdir(), 'capstan-test-database') })
  ledger = createLedger({ store, clock: { now: () => now } })
  await ledger.postEntries([
    entry('capital', '2026-01-10', [usd('Assets:Cash', 1000), usd('Equity:Stock', -1000)]),
    entry('rent', '2026-02-10', [usd('Expenses:Team:Office', 100), usd('Assets:Cash', -100)]),
    entry('sale', '2026-03-05', [usd('Assets:Receivable', 70), usd('Income:Answers', -70)], {
      task: 'support',
      caller: 'acme',
    }),
    entry('paid', '2026-03-08', [usd('Assets:Bank', 70), usd('Assets:Receivable', -70)]),
    entry('teacher', '2026-03-06', [usd('Expenses:Data:Teacher', 20), usd('Liabilities:Accrued:Teacher', -20)], {
      task: 'support',
      model: 'v1',
    }),
    entry('ads', '2026-03-07', [usd('Expenses:Market:Ads', 30), usd('Assets:Cash', -30)]),
  ])
})
afterAll(async () => {
  await store.close()
  rmSync(root, { recursive: true, force: true })
})

describe('reports', () => {
  it('show income with expenses by the six links', async () => {
    const { income, expenses, links, net } = await ledger.readIncome(inMarch)
    expect(income).toEqual([usd('Income:Answers', 70)])
    expect(expenses).toEqual([usd('Expenses:Data:Teacher', 20), usd('Expenses:Market:Ads', 30)])
    expect(links).toEqual([usd('Expenses:Data', 20), usd('Expenses:Market', 30)])
    expect(net).toEqual([{ commodity: 'USD', amountMicro: 20_000_000n }])
  })

  it('show where cash went, so that opening and flows give closing', async () => {
    expect(await ledger.readCash(inMarch)).toEqual({
      currency: null,
      opening: [{ commodity: 'USD', amountMicro: 900_000_000n }],
      flows: [usd('Assets:Receivable', 70), usd('Expenses:Market:Ads', -30)],
      closing: [{ commodity: 'USD', amountMicro: 940_000_000n }],
    })
  })

  it('show a register with what the account held after each posting, also before the first one shown', async () => {
    const rows = await ledger.readRegister({ account: 'Assets:Cash', ...inMarch })
    expect(rows).toMatchObject([{ description: 'ads', amountMicro: -30_000_000n, runningMicro: 870_000_000n }])
    expect(await ledger.readRegister({ limit: 2 })).toHaveLength(2)
  })

  it('show margins by task, version and customer', async () => {
    const { rows } = await ledger.readMargin({ ...inMarch, by: 'task' })
    expect(rows).toEqual([
      {
        value: 'support',
        answers: 0n,
        currency: 'USD',
        revenueMicro: 70_000_000n,
        costMicro: 20_000_000n,
        costs: { Data: 20_000_000n },
        marginMicro: 50_000_000n,
      },
      expect.objectContaining({ value: null, marginMicro: -30_000_000n, costs: { Market: 30_000_000n } }),
    ])
    const byModel = await ledger.readMargin({ ...inMarch, by: 'model' })
    expect(byModel.rows.map(({ value, marginMicro }) => [value, marginMicro])).toEqual([
      ['v1', -20_000_000n],
      [null, 40_000_000n],
    ])
    const byCaller = await ledger.readMargin({ ...inMarch, by: 'caller' })
    expect(byCaller.rows[0]).toMatchObject({ value: 'acme', marginMicro: 70_000_000n })
  })

  it('agree on the cash that a plan begins with: runway from the books equals runway from the same number', async () => {
    const { closing } = await ledger.readCash({ bookedBefore: new Date('2026-04-01') })
    const held = await Promise.all(['Assets:Cash', 'Assets:Bank'].map((account) => ledger.accountBalances({ account })))
    expect(closing[0]?.amountMicro).toBe(held.flat().reduce((sum, { amountMicro }) => sum + amountMicro, 0n))
  })

  it('only change their scale when all money is another unit', async () => {
    const scale = 1000n
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.bigInt({ min: 1n, max: 10n ** 12n }), { minLength: 1, maxLength: 5 }),
        async (amounts) => {
          const read = async (commodity: string, factor: bigint) => {
            for (const [i, amountMicro] of amounts.entries())
              await ledger.postEntry({
                ...entry(`${commodity}-${i}-${amounts.join()}`, '2027-01-01', [
                  { account: 'Expenses:Opt:Test', commodity, amountMicro: amountMicro * factor },
                  { account: 'Assets:Cash', commodity, amountMicro: -amountMicro * factor },
                ]),
              })
            const { expenses, net } = await ledger.readIncome({ where: sql`commodity = ${commodity}` })
            return { expense: expenses[0]?.amountMicro ?? 0n, net: net[0]?.amountMicro ?? 0n }
          }
          const small = await read('AAA', 1n)
          const large = await read('BBB', scale)
          expect(large).toEqual({ expense: small.expense * scale, net: small.net * scale })
        },
      ),
      { numRuns: 8 },
    )
  })
})

describe('a closed month', () => {
  const late = entry('late', '2026-02-20', [usd('Expenses:User:Ads', 5), usd('Liabilities:Payable', -5)])

  it('is refused while it is not over, or is none', async () => {
    await expect(ledger.closePeriod('2026-03')).rejects.toMatchObject({ code: 'ledger.period-not-over' })
    await expect(ledger.closePeriod('2026-13')).rejects.toMatchObject({ code: 'ledger.bad-month' })
  })

  it('stays closed, with all before it', async () => {
    expect(await ledger.closePeriod('2026-02')).toBe(true)
    expect(await ledger.closePeriod('2026-02')).toBe(false)
    expect(await ledger.closePeriod('2026-01')).toBe(false)
    expect(await ledger.lastClosedMonth()).toBe('2026-02')
    await expect(sql`delete from ledger_periods`.execute(store.database)).rejects.toThrow('append only')
  })

  it('refuses entries, but not those that stand there already', async () => {
    const rent = entry('rent', '2026-02-10', [usd('Expenses:Team:Office', 100), usd('Assets:Cash', -100)])
    expect((await ledger.postEntry(rent)).posted).toBe(false)
    await expect(ledger.postEntry(late)).rejects.toMatchObject({
      name: 'ConflictError',
      code: 'ledger.period-closed',
      message: 'Entry test/late happened on 2026-02-20, and all up to 2026-02 is closed.',
    })
    await expect(
      ledger.postEntries([entry('free', '2026-03-01', late.postings as Posting[]), late]),
    ).rejects.toMatchObject({ code: 'ledger.period-closed' })
    expect(await ledger.listEntries({ key: 'free' })).toEqual([])
    await expect(
      sql`insert into ledger_entries (id, source, key, payload_sha256, event_time, recorded_at, description, dimensions)
        values ('raw', 'raw', 'raw', '', '2026-02-28T23:59:59Z', now(), '', '{}')`.execute(store.database),
    ).rejects.toThrow('belongs to 2026-02, which is closed')
  })

  it('leaves late entries to the open period, with their event time kept, and its own reports as they were', async () => {
    const february = { bookedFrom: new Date('2026-02-01'), bookedBefore: new Date('2026-03-01') }
    const before = await ledger.readIncome(february)
    const { entry: posted } = await ledger.postEntry(late, { whenClosed: 'open-period' })
    expect(posted).toMatchObject({ eventTime: '2026-02-20T12:00:00.000Z', bookedAt: '2026-03-01T00:00:00.000Z' })
    expect(await ledger.readIncome(february)).toEqual(before)
    expect((await ledger.readIncome(inMarch)).expenses).toContainEqual(usd('Expenses:User:Ads', 5))
    // As of the end of February it had happened, though nobody knew.
    const asOf = { account: 'Expenses:User', eventTimeBefore: new Date('2026-03-01') }
    expect(await ledger.accountBalances(asOf)).toEqual([usd('Expenses:User:Ads', 5)])
    expect(await ledger.accountBalances({ ...asOf, recordedBefore: new Date('2026-03-20') })).toEqual([])
  })

  it('is corrected by a reversing entry in the open period, once', async () => {
    const [rent] = await ledger.listEntries({ key: 'rent' })
    const id = rent?.id as string
    const { entry: reversal, posted } = await ledger.reverseEntry(id, 'booked twice')
    expect(posted).toBe(true)
    expect(reversal).toMatchObject({
      reverses: id,
      eventTime: rent?.eventTime,
      bookedAt: '2026-03-01T00:00:00.000Z',
      postings: [usd('Expenses:Team:Office', -100), usd('Assets:Cash', 100)],
    })
    expect((await ledger.reverseEntry(id, 'booked twice')).posted).toBe(false)
    await expect(ledger.reverseEntry(id, 'another reason')).rejects.toMatchObject({ code: 'ledger.key-reused' })
    expect(await ledger.accountBalances({ account: 'Expenses:Team', eventTimeBefore: new Date('2026-04-01') })).toEqual(
      [usd('Expenses:Team:Office', 0)],
    )
    await expect(ledger.reverseEntry('entry_none', '')).rejects.toMatchObject({ code: 'ledger.entry-not-found' })
  })
})
