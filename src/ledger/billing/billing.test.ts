import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Billing, billingSchema, divideHalfUp, planSchema, usagePriceSchema } from '../../contracts/index.ts'
import { openStore, type Store } from '../../storage/index.ts'
import { createLedger, type Ledger } from '../ledger.ts'
import { meterSubscriptions } from './meter-subscriptions.ts'
import { postInvoice } from './post-invoice.ts'
import { priceUsage, rateMonth } from './rate-usage.ts'

const tiers = [{ upTo: 1000, price: '0.02' }, { upTo: 5000, price: '0.015' }, { price: '0.01' }]

describe('usage prices', () => {
  it.each([
    ['graduated', 0, 0n, '0'],
    ['graduated', 0, 1000n, '20'],
    ['graduated', 0, 1500n, '27.5'], // 1000 × 0.02 + 500 × 0.015
    ['graduated', 0, 6000n, '90'], // 20 + 4000 × 0.015 + 1000 × 0.01
    ['volume', 0, 1000n, '20'],
    ['volume', 0, 1001n, '15.015'], // all at 0.015
    ['volume', 0, 6000n, '60'],
    ['graduated', 500, 400n, '0'],
    ['graduated', 500, 1500n, '20'],
    ['volume', 500, 6000n, '55'],
  ])('%s with %i free: %i answers cost %s', (mode, free, answers, amount) => {
    const price = usagePriceSchema.parse({ mode, free, tiers })
    expect(priceUsage(price, answers)).toBe(BigInt(Math.round(Number(amount) * 1e6)))
  })

  it.each([
    [{ tiers: [{ price: '-0.02' }] }, 'must be a decimal'],
    [{ tiers: [{ upTo: 10, price: '1' }] }, 'must be left out in the last tier'],
    [
      { tiers: [{ upTo: 10, price: '1' }, { upTo: 10, price: '1' }, { price: '1' }] },
      'must be above that of the tier before',
    ],
  ])('%j is refused', (price, message) => {
    expect(usagePriceSchema.safeParse(price).error?.issues[0]?.message).toContain(message)
  })
})

describe('a rated month', () => {
  const plan = (over = {}) => planSchema.parse({ currency: 'EUR', vat: '0.19', ...over })
  const usage = (answers: bigint, price: string) => [
    { task: 'support', answers, price: usagePriceSchema.parse({ tiers: [{ price }] }) },
  ]

  it('rounds value-added tax once for the invoice, not for each line', () => {
    const three = ['a', 'b', 'c'].map((task) => ({
      task,
      answers: 1n,
      price: usagePriceSchema.parse({ tiers: [{ price: '0.03' }] }),
    }))
    // 0.09 × 0.19 = 0.0171; each line by itself would round 0.0057 to 0.01.
    expect(rateMonth(plan(), { usage: three, creditsMicro: 0n })).toMatchObject({
      netMicro: 90_000n,
      vatMicro: 20_000n,
    })
  })

  it('rounds halves up, to the smallest coin of the currency', () => {
    expect(rateMonth(plan({ vat: '0.5' }), { usage: usage(1n, '0.01'), creditsMicro: 0n }).vatMicro).toBe(10_000n)
    expect(
      rateMonth(plan({ currency: 'JPY', vat: '0.1' }), { usage: usage(5n, '1.5'), creditsMicro: 0n }),
    ).toMatchObject({
      netMicro: 8_000_000n,
      roundingMicro: 500_000n,
      vatMicro: 1_000_000n,
    })
    expect([divideHalfUp(5n, 10n), divideHalfUp(-5n, 10n), divideHalfUp(4n, 10n)]).toEqual([1n, -1n, 0n])
  })

  it('is at least the minimum, and credits take from it no more than there is', () => {
    const small = rateMonth(plan({ minimum: '20', subscription: '5' }), {
      usage: usage(100n, '0.05'),
      creditsMicro: 4_000_000n,
    })
    expect(small).toMatchObject({
      minimumMicro: 10_000_000n,
      creditMicro: 4_000_000n,
      netMicro: 16_000_000n,
      vatMicro: 3_040_000n,
    })
    expect(rateMonth(plan(), { usage: usage(10n, '0.05'), creditsMicro: 9_000_000n })).toMatchObject({
      creditMicro: 500_000n,
      grossMicro: 0n,
    })
  })
})

describe('an invoice', () => {
  const root = mkdtempSync(join(tmpdir(), 'capstan-billing-'))
  let store: Store
  let ledger: Ledger
  let now = new Date('2026-11-03T00:00:00Z')
  const clock = { now: () => now }
  const billing: Billing = billingSchema.parse({
    plans: {
      standard: {
        currency: 'EUR',
        subscription: '49',
        vat: 0.19,
        tasks: { support: { free: 100, tiers: [{ upTo: 1000, price: '0.02' }, { price: '0.01' }] } },
      },
    },
    customers: {
      acme: { plan: 'standard', name: 'Acme Ltd', since: '2026-10', credits: [{ amount: '12', month: '2026-10' }] },
    },
  })
  const invoice = (over: Partial<Parameters<typeof postInvoice>[2]> = {}) =>
    postInvoice(store.database, clock, {
      customer: 'acme',
      month: '2026-10',
      billing,
      priceOf: () => ({ amount: '0.05', currency: 'EUR' }),
      ...over,
    })
  /** As the meters do, at 0.05 an answer. */
  const answer = (key: string, task: string, answers: bigint) =>
    ledger.postEntry(
      {
        source: 'capstan.answers',
        key,
        eventTime: new Date('2026-10-10T10:00:00Z'),
        description: '',
        dimensions: { task, caller: 'acme' },
        postings: [
          { account: 'Equity:Metered', commodity: 'ANSWER', amountMicro: answers * 1_000_000n },
          { account: 'Income:Answers', commodity: 'ANSWER', amountMicro: -answers * 1_000_000n },
          { account: 'Assets:Receivable', commodity: 'EUR', amountMicro: answers * 50_000n },
          { account: 'Income:Answers', commodity: 'EUR', amountMicro: -answers * 50_000n },
        ],
      },
      { whenClosed: 'open-period' },
    )
  const owed = async () =>
    (await ledger.accountBalances({ account: 'Assets:Receivable', eventTimeBefore: new Date('2026-11-01') }))[0]
      ?.amountMicro

  beforeAll(async () => {
    store = await openStore({ folder: root, templateFolder: join(tmpdir(), 'capstan-test-database') })
    ledger = createLedger({ store, clock })
  })
  afterAll(async () => {
    await store.close()
    rmSync(root, { recursive: true, force: true })
  })

  it('posts by what the plan differs from what was booked, so that the customer owes what it says', async () => {
    await answer('1', 'support', 1500n)
    await answer('2', 'other', 10n)
    expect(await meterSubscriptions(store.database, clock, billing)).toBe(2)
    expect(await meterSubscriptions(store.database, clock, billing)).toBe(0)
    const first = await invoice()
    // 1000 × 0.02 + 400 × 0.01 + 10 × 0.05 + 49 − 12 = 61.50; 19 % = 11.685, rounded once.
    expect(first).toMatchObject({
      number: '2026-10/acme',
      name: 'Acme Ltd',
      lines: [
        { description: 'other: 10 answers', amountMicro: 500_000n },
        { description: 'support: 1500 answers', amountMicro: 24_000_000n },
        { description: 'Subscription', amountMicro: 49_000_000n },
        { description: 'Credit', amountMicro: -12_000_000n },
      ],
      netMicro: 61_500_000n,
      vatMicro: 11_690_000n,
      grossMicro: 73_190_000n,
      isDraft: false,
    })
    expect(await owed()).toBe(73_190_000n)
    // 75 were booked for support, 24 are owed.
    const { rows } = await ledger.readMargin({ by: 'task', bookedBefore: new Date('2026-11-01') })
    expect(rows.find(({ value }) => value === 'support')?.revenueMicro).toBe(24_000_000n)
  })

  it('made again is the same and posts nothing', async () => {
    expect(await invoice()).toMatchObject({ grossMicro: 73_190_000n, changeMicro: 0n, entries: [] })
    expect(await owed()).toBe(73_190_000n)
  })

  it('is rated again by compensating entries where answers came late, in the open period where its month is closed', async () => {
    await ledger.closePeriod('2026-10')
    await answer('3', 'support', 100n)
    const again = await invoice()
    expect(again).toMatchObject({ netMicro: 62_500_000n, vatMicro: 11_880_000n, grossMicro: 74_380_000n })
    expect(await owed()).toBe(74_380_000n)
    const entries = await Promise.all(again.entries.map((id) => ledger.listEntries({ id })))
    expect(entries.flat().map(({ key, bookedAt }) => [key, bookedAt])).toEqual([
      ['2026-10/acme/support#2', '2026-11-01T00:00:00.000Z'],
      ['2026-10/acme#2', '2026-11-01T00:00:00.000Z'],
    ])
    expect((await invoice()).entries).toEqual([])
  })

  it('of a month that is not over is a draft', async () => {
    expect(await invoice({ month: '2026-11' })).toMatchObject({ isDraft: true, entries: [], netMicro: 49_000_000n })
  })

  it('uses credits up once', async () => {
    now = new Date('2026-12-02T00:00:00Z')
    const { lines } = await invoice({ month: '2026-11' })
    expect(lines).toEqual([{ description: 'Subscription', amountMicro: 49_000_000n }])
  })

  it('is refused for nobody, for no month, and in two currencies', async () => {
    await expect(invoice({ customer: 'nobody' })).rejects.toMatchObject({ code: 'ledger.customer-not-found' })
    await expect(invoice({ month: '2026-1' })).rejects.toMatchObject({ code: 'ledger.bad-month' })
    const dollars = () => ({ amount: '1', currency: 'USD' })
    await expect(invoice({ priceOf: dollars })).rejects.toMatchObject({ code: 'ledger.invoice-currency' })
    const unknown = billingSchema.safeParse({ customers: { a: { plan: 'none' } } })
    expect(unknown.error?.issues[0]).toMatchObject({ path: ['customers', 'a', 'plan'], message: 'is no plan: none' })
  })
})
