import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore, type Store } from '../../storage/index.ts'
import { createLedger, type Ledger } from '../ledger.ts'
import { measureGains, type PositionChange } from './currency-gains.ts'
import { createRateTable } from './dated-rates.ts'

const root = mkdtempSync(join(tmpdir(), 'capstan-rates-'))
let store: Store
let ledger: Ledger
let now = new Date('2026-06-01T00:00:00Z')

beforeAll(async () => {
  store = await openStore({ folder: root, templateFolder: join(tmpdir(), 'capstan-test-database') })
  ledger = createLedger({ store, clock: { now: () => now } })
})
afterAll(async () => {
  await store.close()
  rmSync(root, { recursive: true, force: true })
})

const rate = (day: string, price: string, over = {}) => ({
  commodity: 'EUR',
  currency: 'USD',
  day,
  price,
  source: 'central bank',
  ...over,
})
const recorded = (day: string, price: string, over = {}) => ({
  ...rate(day, price, over),
  recordedAt: `${day}T12:00:00Z`,
})

describe('dated rates', () => {
  const table = createRateTable([
    recorded('2026-01-01', '1.10'),
    recorded('2026-02-01', '1.20'),
    recorded('2026-02-01', '1.25'),
    recorded('2026-03-01', '0.8', { commodity: 'USD', currency: 'EUR' }),
    recorded('2026-01-01', '0.00065278', { commodity: 'GPU-SECOND' }),
  ])

  it('hold from their day until the next one; what was recorded last counts', () => {
    expect(table.convert(1_000_000n, 'EUR', 'USD', '2025-12-31')).toBeNull()
    expect(table.convert(1_000_000n, 'EUR', 'USD', '2026-01-31')).toBe(1_100_000n)
    expect(table.convert(1_000_000n, 'EUR', 'USD', '2026-02-28')).toBe(1_250_000n)
  })

  it('convert in either direction, exactly, half to even', () => {
    expect(table.convert(1_250_000n, 'USD', 'EUR', '2026-02-28')).toBe(1_000_000n)
    // The later rate is the one in the other direction.
    expect(table.convert(1_000_000n, 'EUR', 'USD', '2026-03-01')).toBe(1_250_000n)
    expect(table.convert(3_600_000_000n, 'GPU-SECOND', 'USD', '2026-02-01')).toBe(2_350_008n)
    expect(table.convert(7n, 'USD', 'USD', '2026-02-01')).toBe(7n)
  })

  it('are recorded once, and refused with all their faults', async () => {
    expect(await ledger.recordRate(rate('2026-01-01', '1.10'))).toBe(true)
    expect(await ledger.recordRate(rate('2026-01-01', '1.1'))).toBe(false)
    expect(await ledger.recordRate(rate('2026-01-01', '1.11'))).toBe(true)
    expect((await ledger.listRates()).map(({ price }) => price)).toEqual(['1.10', '1.11'])
    await expect(ledger.recordRate(rate('2026-02-30', '-1', { source: '' }))).rejects.toMatchObject({
      code: 'ledger.bad-rate',
      details: { faults: { length: 3 } },
    })
  })
})

describe('currency gains', () => {
  const rates = createRateTable([
    recorded('2026-01-01', '1.10'),
    recorded('2026-02-01', '1.20'),
    recorded('2026-03-01', '1.15'),
  ])
  const change = (day: string, amount: number, home: number | null = null): PositionChange => ({
    day,
    currency: 'EUR',
    amountMicro: BigInt(amount) * 1_000_000n,
    homeMicro: home === null ? null : BigInt(home) * 1_000_000n,
  })
  const measure = (changes: PositionChange[], over = {}) =>
    measureGains(changes, { home: 'USD', rates, lastDay: '2026-03-31', ...over })

  it('are realised at average cost when a currency is sold, and unrealised on what is left', () => {
    // 1000 EUR for 1100 USD; 500 sold for 600: 600 − 550. The rest: 500 × 1.15 − 550.
    const changes = [change('2026-01-05', 1000, 1100), change('2026-02-05', -500, -600)]
    expect(measure(changes)).toEqual({ realisedMicro: 50_000_000n, unrealisedMicro: 25_000_000n })
    expect(measure(changes, { firstDay: '2026-03-01' }).realisedMicro).toBe(0n)
  })

  it('count what was earned or spent in the currency at its value that day', () => {
    // 100 EUR earned at 1.10 and spent at 1.20.
    expect(measure([change('2026-01-05', 100), change('2026-02-05', -100)])).toEqual({
      realisedMicro: 10_000_000n,
      unrealisedMicro: 0n,
    })
  })

  it('are losses on debts whose currency rises, also where a payment overshoots', () => {
    // Owed 100 at 1.10, paid 150 at 1.20: 10 lost; 50 held at 1.20, worth 1.15.
    expect(measure([change('2026-01-05', -100), change('2026-02-05', 150)])).toEqual({
      realisedMicro: -10_000_000n,
      unrealisedMicro: -2_500_000n,
    })
  })

  it('add up to what the position is worth less what went in, in whatever steps it came and went', () => {
    const step = fc.record({
      month: fc.integer({ min: 1, max: 3 }),
      amount: fc.integer({ min: -1000, max: 1000 }).filter((n) => n !== 0),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 10 }), (steps) => {
        const changes = steps
          .map(({ month, amount }) => change(`2026-0${month}-05`, amount))
          .sort((a, b) => (a.day < b.day ? -1 : 1))
        const gains = measure(changes)
        const value = (amountMicro: bigint, day: string) => rates.convert(amountMicro, 'EUR', 'USD', day) ?? 0n
        const held = changes.reduce((sum, { amountMicro }) => sum + amountMicro, 0n)
        const wentIn = changes.reduce((sum, { amountMicro, day }) => sum + value(amountMicro, day), 0n)
        expect(gains.realisedMicro + gains.unrealisedMicro).toBe(value(held, '2026-03-31') - wentIn)
      }),
    )
  })

  it('stand beside income, from conversions through Equity:Conversion that balance in each currency', async () => {
    const convert = (key: string, day: string, from: [string, bigint], to: [string, bigint]) =>
      ledger.postConversion({
        source: 'test',
        key,
        eventTime: new Date(day),
        description: 'exchange',
        from: { account: 'Assets:Cash', money: { currency: from[0], amountMicro: from[1] } },
        to: { account: 'Assets:Cash', money: { currency: to[0], amountMicro: to[1] } },
      })
    await convert('buy', '2026-01-05', ['USD', 1_100_000_000n], ['EUR', 1_000_000_000n])
    await convert('sell', '2026-02-05', ['EUR', 500_000_000n], ['USD', 600_000_000n])
    await ledger.recordRate(rate('2026-03-01', '1.15'))
    const { gains } = await ledger.readIncome({ currency: 'USD' })
    expect(gains).toEqual({ realisedMicro: 50_000_000n, unrealisedMicro: 25_000_000n })
    expect(await ledger.accountBalances({ account: 'Equity:Conversion' })).toEqual([
      { account: 'Equity:Conversion', commodity: 'EUR', amountMicro: -500_000_000n },
      { account: 'Equity:Conversion', commodity: 'USD', amountMicro: 500_000_000n },
    ])
    const { balances, totals } = await ledger.readBalance({ account: 'Assets', currency: 'USD' })
    expect(balances).toEqual([{ account: 'Assets:Cash', commodity: 'USD', amountMicro: 75_000_000n }])
    expect(totals).toEqual([{ commodity: 'USD', amountMicro: 75_000_000n }])
    await expect(convert('same', '2026-02-05', ['EUR', 1n], ['EUR', 1n])).rejects.toMatchObject({
      code: 'ledger.bad-conversion',
    })
  })

  it('need a rate, known at the time that is asked about', async () => {
    now = new Date('2026-07-01T00:00:00Z')
    const filter = { account: 'Assets', currency: 'USD' }
    await expect(
      ledger.readBalance({
        ...filter,
        eventTimeBefore: new Date('2026-01-06'),
        recordedBefore: new Date('2026-05-01'),
      }),
    ).resolves.toMatchObject({ balances: [] })
    await expect(ledger.readBalance({ ...filter, currency: 'GBP' })).rejects.toMatchObject({
      code: 'ledger.rate-missing',
      message: expect.stringContaining('EUR in GBP'),
    })
  })
})
