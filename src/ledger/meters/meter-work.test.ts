import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore, type Store } from '../../storage/index.ts'
import { createLedger, type Ledger } from '../ledger.ts'
import { meterWork, type TaskTerms } from './meter-work.ts'

const root = mkdtempSync(join(tmpdir(), 'capstan-meters-'))
const price = { amountMicro: 20_000n, currency: 'USD' }
const none: TaskTerms = { price: null, labelPrice: null, isTaughtByPeople: false }
const terms: Record<string, TaskTerms> = {
  support: { ...none, price },
  crowd: { ...none, labelPrice: { amountMicro: 50_000n, currency: 'EUR' }, isTaughtByPeople: true },
}
let store: Store
let ledger: Ledger
const now = new Date('2026-03-01T12:05:10Z')
let count = 0
const clock = { now: () => now }
const meter = () => meterWork({ store, clock, termsOf: (task) => terms[task] ?? none })

/** A prediction as the flywheel stores it. */
async function predict(at: string, over: Record<string, unknown> = {}): Promise<string> {
  const id = `prediction_${count++}`
  const answer = { kind: 'class', label: 'a' }
  const row = {
    id,
    task: 'support',
    created_at: at,
    source: 'model',
    answer,
    below_target: false,
    accepted: true,
    sampled: false,
    cost_micro: 0,
    latency_ms: 1,
    ...over,
  }
  await sql`insert into predictions select * from json_populate_recordset(null::predictions, ${JSON.stringify([row])}::json)`.execute(
    store.database,
  )
  return id
}
const entriesOf = (task: string, source = 'capstan.answers') => ledger.listEntries({ source, dimensions: { task } })

beforeAll(async () => {
  store = await openStore({ folder: root, templateFolder: join(tmpdir(), 'capstan-test-database') })
  ledger = createLedger({ store, clock })
})
afterAll(async () => {
  await store.close()
  rmSync(root, { recursive: true, force: true })
})

describe('answered requests', () => {
  it('are one entry for each task, caller and minute that is over, with price and the teacher’s cost', async () => {
    const taught = {
      source: 'teacher',
      teacher_answer: { kind: 'class', label: 'a' },
      cost_micro: 7000,
      currency: 'EUR',
    }
    await predict('2026-03-01T12:03:01Z', { caller: 'acme' })
    await predict('2026-03-01T12:03:59Z', { caller: 'acme', ...taught })
    await predict('2026-03-01T12:03:30Z', { caller: 'a/b' })
    await predict('2026-03-01T12:04:00Z', {
      caller: 'acme',
      source: 'none',
      answer: null,
      cost_micro: 500,
      currency: 'EUR',
    })
    await predict('2026-03-01T12:05:01Z', { caller: 'acme' })
    expect(await meter()).toBe(3)
    const entries = (await entriesOf('support')).sort((a, b) => (a.key < b.key ? -1 : 1))
    expect(entries.map(({ key }) => key)).toEqual([
      '2026-03-01T12:03:00.000Z/support/-/a%2Fb',
      '2026-03-01T12:03:00.000Z/support/-/acme',
      '2026-03-01T12:04:00.000Z/support/-/acme',
    ])
    expect(entries[1]).toMatchObject({
      description: '2 answers at 0.02 USD',
      dimensions: { task: 'support', caller: 'acme' },
      postings: [
        { account: 'Equity:Metered', commodity: 'ANSWER', amountMicro: 2_000_000n },
        { account: 'Income:Answers', commodity: 'ANSWER', amountMicro: -2_000_000n },
        { account: 'Assets:Receivable', commodity: 'USD', amountMicro: 40_000n },
        { account: 'Income:Answers', commodity: 'USD', amountMicro: -40_000n },
        { account: 'Expenses:Data:Teacher', commodity: 'LABEL', amountMicro: 1_000_000n },
        { account: 'Equity:Metered', commodity: 'LABEL', amountMicro: -1_000_000n },
        { account: 'Expenses:Data:Teacher', commodity: 'EUR', amountMicro: 7000n },
        { account: 'Liabilities:Accrued:Teacher', commodity: 'EUR', amountMicro: -7000n },
      ],
    })
    // Nobody answered, but a teacher tried.
    expect(entries[2]?.postings.map(({ commodity }) => commodity)).toEqual(['EUR', 'EUR'])
  })

  it('are booked once, however often the meter runs', async () => {
    expect(await meter()).toBe(0)
    expect(await Promise.all([meter(), meter(), meter()])).toEqual([0, 0, 0])
  })

  it('that come after their minute was booked, or cost more later, go into a further entry', async () => {
    const audited = await predict('2026-03-01T12:03:20Z', { caller: 'acme' })
    await predict('2026-03-01T12:03:21Z', { caller: 'acme' })
    expect(await meter()).toBe(1)
    await sql`update predictions set cost_micro = 900, currency = 'EUR', teacher_answer = '{}' where id = ${audited}`.execute(
      store.database,
    )
    expect(await meter()).toBe(1)
    const [cost, late] = await entriesOf('support')
    expect(late?.key).toBe('2026-03-01T12:03:00.000Z/support/-/acme#2')
    expect(late?.postings[0]?.amountMicro).toBe(2_000_000n)
    expect(cost?.key).toBe('2026-03-01T12:03:00.000Z/support/-/acme#3')
    expect(cost?.postings.map(({ commodity, amountMicro }) => `${amountMicro} ${commodity}`)).toEqual([
      '1000000 LABEL',
      '-1000000 LABEL',
      '900 EUR',
      '-900 EUR',
    ])
  })

  it('count in the open period where their month was closed before they were booked', async () => {
    await predict('2026-02-28T23:59:59Z', { caller: 'late' })
    await ledger.closePeriod('2026-02')
    expect(await meter()).toBe(1)
    const [entry] = await ledger.listEntries({ dimensions: { caller: 'late' } })
    expect(entry).toMatchObject({ eventTime: '2026-02-28T23:59:00.000Z', bookedAt: '2026-03-01T00:00:00.000Z' })
  })

  it('are booked slice by slice where there are many', async () => {
    const rows = Array.from({ length: 4500 }, (_, i) => ({
      id: `many_${i}`,
      task: 'many',
      created_at: new Date(Date.UTC(2026, 2, 1, 10, 0, 0, i * 100)),
      source: 'model',
      answer: {},
      below_target: false,
      accepted: true,
      sampled: false,
      cost_micro: 0,
      latency_ms: 1,
    }))
    await sql`insert into predictions select * from json_populate_recordset(null::predictions, ${JSON.stringify(rows)}::json)`.execute(
      store.database,
    )
    // 450 s: eight minutes, the last not whole.
    expect(await meter()).toBe(8)
    const totals = await ledger.dimensionTotals('task', { account: 'Income:Answers', commodity: 'ANSWER' })
    expect(totals.find(({ value }) => value === 'many')?.amountMicro).toBe(-4_500_000_000n)
  })
})

describe('labels by people', () => {
  it('are booked by task and minute at their price, which is not that of the question', async () => {
    await predict('2026-03-01T12:03:20Z', {
      task: 'crowd',
      cost_micro: 50_000,
      currency: 'EUR',
      source: 'none',
      answer: null,
    })
    const at = new Date('2026-03-01T12:04:05Z')
    await sql`insert into label_questions (id, task, key, text, created_at) values ('q', 'crowd', 'k', 't', ${at})`.execute(
      store.database,
    )
    for (const annotator of ['ann', 'bob'])
      await sql`insert into label_answers (question, annotator, answer, created_at) values ('q', ${annotator}, '{}', ${at})`.execute(
        store.database,
      )
    expect(await meter()).toBe(1)
    expect(await entriesOf('crowd')).toEqual([])
    const [entry] = await entriesOf('crowd', 'capstan.labels')
    expect(entry).toMatchObject({
      key: '2026-03-01T12:04:00.000Z/crowd',
      description: '2 labels by people at 0.05 EUR',
      postings: [
        { account: 'Expenses:Data:Labels', commodity: 'LABEL', amountMicro: 2_000_000n },
        { account: 'Equity:Metered', commodity: 'LABEL', amountMicro: -2_000_000n },
        { account: 'Expenses:Data:Labels', commodity: 'EUR', amountMicro: 100_000n },
        { account: 'Liabilities:Accrued:Labels', commodity: 'EUR', amountMicro: -100_000n },
      ],
    })
    expect(await meter()).toBe(0)
  })
})
