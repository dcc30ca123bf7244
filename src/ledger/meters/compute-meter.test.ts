import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openStore, type Store } from '../../storage/index.ts'
import { createLedger, type Ledger } from '../ledger.ts'
import { type ComputeMeter, createComputeMeter, type ServedUse } from './compute-meter.ts'

const root = mkdtempSync(join(tmpdir(), 'capstan-compute-'))
const rates = { cpuHour: { amount: '3600', currency: 'EUR', date: '2026-03-01', source: 'test' } }
let store: Store
let ledger: Ledger
let now: Date
const clock = { now: () => now }
const errors: Error[] = []
/** Of the test that runs: what it books is apart from what others have. */
let task: string
let tests = 0
let meter: ComputeMeter

/** One CPU-second, which costs one EUR. */
const use = (over: Partial<ServedUse> = {}): ServedUse => ({
  task,
  model: 'model_1',
  caller: null,
  cpuSeconds: 1,
  gpuSeconds: 0,
  ...over,
})
const booked = async () => {
  const entries = await ledger.listEntries({ source: 'capstan.events', dimensions: { task } })
  return entries.map(({ eventTime, dimensions, postings }) => ({
    minute: eventTime.slice(11, 16),
    caller: dimensions.caller ?? null,
    ...Object.fromEntries(
      postings
        .filter(({ account }) => account === 'Expenses:Opt:Inference')
        .map(({ commodity, amountMicro }) => [commodity, Number(amountMicro) / 1e6]),
    ),
  }))
}

beforeAll(async () => {
  store = await openStore({ folder: root, templateFolder: join(tmpdir(), 'capstan-test-database') })
  ledger = createLedger({ store, clock })
})
beforeEach(() => {
  task = `task-${tests++}`
  now = new Date('2026-03-01T12:05:10Z')
  errors.length = 0
  meter = createComputeMeter({ ledger, clock, rates, onError: (error) => errors.push(error) })
})
afterAll(async () => {
  await store.close()
  rmSync(root, { recursive: true, force: true })
})

describe('what models compute', () => {
  it('is booked by minute and customer once the minute is over, seconds and price together', async () => {
    meter.add(use())
    meter.add(use({ cpuSeconds: 0.5 }))
    meter.add(use({ caller: 'key_1', gpuSeconds: 2 }))
    await meter.post()
    expect(await booked()).toEqual([])
    now = new Date('2026-03-01T12:06:00Z')
    await meter.post()
    const entries = await booked()
    expect(entries).toHaveLength(2)
    expect(entries).toContainEqual({ minute: '12:05', caller: null, 'CPU-SECOND': 1.5, EUR: 1.5 })
    expect(entries).toContainEqual({ minute: '12:05', caller: 'key_1', 'CPU-SECOND': 1, 'GPU-SECOND': 2, EUR: 1 })
    await meter.post()
    expect(await booked()).toEqual(entries)
  })

  it('is booked by the first use of a later minute, and the rest at the end', async () => {
    meter.add(use())
    now = new Date('2026-03-01T12:07:30Z')
    meter.add(use({ cpuSeconds: 3 }))
    await meter.post({ all: true })
    const entries = await booked()
    expect(entries).toHaveLength(2)
    expect(entries).toContainEqual({ minute: '12:05', caller: null, 'CPU-SECOND': 1, EUR: 1 })
    expect(entries).toContainEqual({ minute: '12:07', caller: null, 'CPU-SECOND': 3, EUR: 3 })
    expect(errors).toEqual([])
  })

  it('is kept where it could not be posted, and counts once although its first posting was there after all', async () => {
    let isAway = true
    const unsure = createComputeMeter({
      clock,
      rates,
      onError: (error) => errors.push(error),
      ledger: {
        async postEvents(events, options) {
          const posted = await ledger.postEvents(events, options)
          if (isAway) throw new Error('the connection was lost before the answer')
          return posted
        },
      },
    })
    unsure.add(use())
    now = new Date('2026-03-01T12:06:10Z')
    await expect(unsure.post()).rejects.toThrow('connection')
    isAway = false
    await unsure.post()
    const entries = await booked()
    expect(entries).toEqual([{ minute: '12:05', caller: null, 'CPU-SECOND': 1, EUR: 1 }])
  })

  it('that rounds to nothing is no posting', async () => {
    meter.add(use({ cpuSeconds: 1e-9 }))
    await meter.post({ all: true })
    expect(await booked()).toEqual([])
  })
})
