/** A million metered events of 20 customers into the journal of a new embedded store, and whether the books balance after it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLedger, type MeteredEvent } from '../src/ledger/index.ts'
import { openStore } from '../src/storage/index.ts'
import { atLeast, atMost, type Benchmark, peakMemoryMib } from './benchmark.ts'

const eventCount = 1_000_000
const eventsPerCall = 10_000
const customers = 20

export const benchmark: Benchmark = {
  name: 'ledger-events',
  description: 'a million metered events, each counted once by its id, into balanced entries by minute and customer',
  async run({ log }) {
    const folder = mkdtempSync(join(tmpdir(), 'capstan-events-'))
    const store = await openStore({ folder })
    try {
      const ledger = createLedger({ store })
      log(`${eventCount} events, ${eventsPerCall} in a call`)
      const cpuBefore = process.cpuUsage()
      const started = performance.now()
      for (let start = 0; start < eventCount; start += eventsPerCall) await ledger.postEvents(createEvents(start))
      const seconds = (performance.now() - started) / 1000
      const { user, system } = process.cpuUsage(cpuBefore)
      const repeatStarted = performance.now()
      const again = await ledger.postEvents(createEvents(0))
      const repeatSeconds = (performance.now() - repeatStarted) / 1000
      const balances = await ledger.accountBalances()
      const used = balances.find(({ account }) => account === 'Expenses:Model:Compute')?.amountMicro ?? 0n
      const off = balances.reduce((sum, { amountMicro }) => sum + amountMicro, 0n)
      const { entries } = await store.database
        .selectFrom('ledger_entries')
        .select(({ fn }) => fn.countAll<bigint>().as('entries'))
        .executeTakeFirstOrThrow()
      return {
        values: {
          seconds,
          cpuSeconds: (user + system) / 1e6,
          eventsPerSecond: eventCount / seconds,
          repeatedPerSecond: eventsPerCall / repeatSeconds,
          entries: Number(entries),
          peakMemoryMib: peakMemoryMib(),
        },
        bars: [
          atLeast('events booked', '/s', 20_000, eventCount / seconds),
          atLeast('events that count', 'events', eventCount, Number(used) / Number(amountMicro)),
          atMost('events counted twice when sent again', 'events', 0, again.posted),
          atMost('what the books are off by', 'micro-units', 0, Math.abs(Number(off))),
        ],
      }
    } finally {
      await store.close()
      rmSync(folder, { recursive: true })
    }
  },
}

const amountMicro = 125_000n

/** A hundred events a second of one day. */
function createEvents(start: number): MeteredEvent[] {
  return Array.from({ length: eventsPerCall }, (_, i) => ({
    source: 'gpu-node',
    id: `event-${start + i}`,
    eventTime: new Date(Date.UTC(2026, 9, 1) + (start + i) * 10),
    debit: 'Expenses:Model:Compute',
    credit: 'Equity:Metered',
    commodity: 'GPU-SECOND',
    amountMicro,
    dimensions: { task: 'support', caller: `customer-${(start + i) % customers}` },
  }))
}
