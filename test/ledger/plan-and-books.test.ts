import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Posting } from '../../src/contracts/index.ts'
import { createLedger, type Ledger, links } from '../../src/ledger/index.ts'
import { projectRunway, toUnits } from '../../src/planning/index.ts'
import { openStore, type Store } from '../../src/storage/index.ts'

const root = mkdtempSync(join(tmpdir(), 'capstan-plan-'))
const monthly = { expenses: 80_000, revenue: 20_000, growth: { kind: 'compound', rate: 0.08 } } as const
let store: Store
let ledger: Ledger

const usd = (account: string, units: number): Posting => ({
  account,
  commodity: 'USD',
  amountMicro: BigInt(units) * 1_000_000n,
})

beforeAll(async () => {
  store = await openStore({ folder: root, templateFolder: join(tmpdir(), 'capstan-test-database') })
  ledger = createLedger({ store, clock: { now: () => new Date('2026-11-01T00:00:00Z') } })
  const post = (key: string, day: string, postings: Posting[]) => ({
    source: 'test',
    key,
    eventTime: new Date(day),
    description: key,
    postings,
  })
  // Expenses of 80,000 in October, spread over the six links, and revenue of 20,000; 400,000 of cash after it.
  const spent = [5_000, 10_000, 15_000, 40_000, 6_000, 4_000]
  await ledger.postEntries([
    post('raised', '2026-09-01', [usd('Assets:Cash', 460_000), usd('Equity:SAFE', -460_000)]),
    post('revenue', '2026-10-20', [usd('Assets:Bank', 20_000), usd('Income:Answers', -20_000)]),
    ...links.map((link, i) =>
      post(link, '2026-10-15', [usd(`Expenses:${link}:Any`, spent[i] ?? 0), usd('Assets:Cash', -(spent[i] ?? 0))]),
    ),
  ])
})
afterAll(async () => {
  await store.close()
  rmSync(root, { recursive: true, force: true })
})

describe('the books and the plan', () => {
  it('agree on the runway: cash of the ledger at the cut date is the cash that the plan begins with', async () => {
    const { closing } = await ledger.readCash({ bookedBefore: new Date('2026-11-01') })
    const cash = toUnits(closing[0]?.amountMicro ?? 0n)
    expect(cash).toBe(400_000)
    const october = { bookedFrom: new Date('2026-10-01'), bookedBefore: new Date('2026-11-01') }
    const { income, expenses } = await ledger.readIncome(october)
    const total = (rows: readonly Posting[]) => toUnits(rows.reduce((sum, { amountMicro }) => sum + amountMicro, 0n))
    const fromBooks = projectRunway({ ...monthly, cash, expenses: total(expenses), revenue: total(income) })
    expect(fromBooks).toEqual(projectRunway({ ...monthly, cash: 400_000 }))
    // E = 80k, R = 20k, g = 8 %, cash 400k, by the formulas of growth.tlb.org.
    expect(fromBooks.runway).toBeCloseTo(7.567176, 5)
  })

  it('use the same six links, so that what was planned and what was spent stand side by side', async () => {
    const { links: spent } = await ledger.readIncome({ bookedFrom: new Date('2026-10-01') })
    const planned: Record<(typeof links)[number], number> = {
      Data: 6_000,
      Model: 9_000,
      Market: 15_000,
      Team: 40_000,
      User: 6_000,
      Opt: 2_000,
    }
    const differences = spent.map(({ account, amountMicro }) => {
      const link = account.split(':')[1] as keyof typeof planned
      return [link, toUnits(amountMicro) - planned[link]]
    })
    expect(Object.fromEntries(differences)).toEqual({
      Data: -1_000,
      Market: 0,
      Model: 1_000,
      Opt: 2_000,
      Team: 0,
      User: 0,
    })
  })
})
