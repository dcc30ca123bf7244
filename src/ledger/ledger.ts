import { type Clock, ConflictError, NotFoundError, present, systemClock } from '../base/index.ts'
import type {
  Balance,
  BalanceReport,
  CashReport,
  ComputeRates,
  DatedRate,
  Entry,
  IncomeReport,
  MarginDimension,
  MarginReport,
  Money,
  RegisterRow,
  Run,
} from '../contracts/index.ts'
import type { Store } from '../storage/index.ts'
import { closePeriod, periodClosed, selectLastClosedMonth, type WhenClosed } from './close-period.ts'
import { checkEntry, hashPayload, type NewEntry, nameEntry } from './entry.ts'
import type { MeteredEvent } from './meters/metered-event.ts'
import { createEventPoster, type PostedEvents } from './meters/post-events.ts'
import { monthOf } from './month.ts'
import { type PostedEntries, postEntries } from './post-entries.ts'
import {
  type BalanceFilter,
  type EntryFilter,
  selectBalances,
  selectDimensionTotals,
  selectEntries,
} from './queries.ts'
import { type Conversion, createConversionEntry } from './rates/conversion.ts'
import { type NewRate, recordRate, selectRates } from './rates/dated-rates.ts'
import { readMargin } from './reports/read-margin.ts'
import { readBalance, readCash, readIncome, readRegister } from './reports/reports.ts'
import type { ReportOptions } from './reports/sums.ts'
import { createRunCostEntry } from './run-cost.ts'
import { writeEntries } from './write-entries.ts'

export type PostOptions = {
  /** An event of a closed month is refused unless it may count in the open one, with its event time kept. */
  whenClosed?: WhenClosed
}

export type Posted = { entry: Entry; posted: boolean }

/** The journal of a data folder. There is no update and no delete: a mistake is corrected by a reversing entry. */
export type Ledger = {
  /**
   * Posts one balanced entry. `posted` is false when the same event stands there already; the same source and key with
   * another payload throws ConflictError `ledger.key-reused`, an event of a closed month `ledger.period-closed`. Throws
   * InvalidInputError `ledger.invalid-entry`, `ledger.unknown-account` or `ledger.unbalanced`, and then nothing is written.
   */
  postEntry(entry: NewEntry, options?: PostOptions): Promise<Posted>
  /** Posts entries, all or none, each once; throws as `postEntry` does. */
  postEntries(entries: readonly NewEntry[], options?: PostOptions): Promise<PostedEntries>
  /**
   * Takes an entry back by its opposite, which has its event time and counts in the open period where that is closed; safe to
   * repeat. Throws NotFoundError `ledger.entry-not-found`.
   */
  reverseEntry(id: string, reason: string): Promise<Posted>
  /**
   * Counts many small events, all of a call or none: each once by its source and id, summed into entries by minute and
   * dimensions. Throws ConflictError `ledger.event-reused`, InvalidInputError `ledger.invalid-event`.
   */
  postEvents(events: readonly MeteredEvent[], options?: PostOptions): Promise<PostedEvents>
  /** Posts what a finished run used, for the version that came out where one did, at rates per hour; safe to repeat. */
  postRunCost(options: { run: Run; rates: ComputeRates; model?: string }): Promise<Posted & { cost: Money }>
  /** Changes money of one currency into another at the amounts given and got; throws `ledger.bad-conversion`. */
  postConversion(conversion: Conversion, options?: PostOptions): Promise<Posted>
  /** Records what a commodity was worth on a day; false where that is known. Throws `ledger.bad-rate`. */
  recordRate(rate: NewRate): Promise<boolean>
  /** Dated rates in the order in which they were recorded. */
  listRates(): Promise<DatedRate[]>
  /** Closes a month (`2026-10`) and all before it for good; false where it was closed already. */
  closePeriod(month: string): Promise<boolean>
  /** The latest month that is closed; null while none is. */
  lastClosedMonth(): Promise<string | null>
  /** Entries with their postings, newest record first. */
  listEntries(filter?: EntryFilter): Promise<Entry[]>
  /** What each account holds of each commodity, as of any event time and any record time. */
  accountBalances(filter?: BalanceFilter): Promise<Balance[]>
  /** The same summed by one dimension, for example what each `run` cost. */
  dimensionTotals(
    dimension: string,
    filter?: BalanceFilter,
  ): Promise<{ value: string; commodity: string; amountMicro: bigint }[]>
  /**
   * Reports. With a `currency` what has a rate is valued in it: balances at the end of the report, all else on the day on
   * which it counts. Throws `ledger.rate-missing` where a currency has no rate.
   */
  readBalance(options?: ReportOptions): Promise<BalanceReport>
  readRegister(filter?: BalanceFilter & { limit?: number }): Promise<RegisterRow[]>
  readIncome(options?: ReportOptions): Promise<IncomeReport>
  readCash(options?: ReportOptions): Promise<CashReport>
  readMargin(options: ReportOptions & { by: MarginDimension }): Promise<MarginReport>
}

/** The ledger that lives in a store. */
export function createLedger({ store, clock = systemClock }: { store: Store; clock?: Clock }): Ledger {
  const { database } = store

  const postEntry = async (entry: NewEntry, { whenClosed = 'refuse' }: PostOptions = {}): Promise<Posted> => {
    checkEntry(entry)
    return database.transaction().execute(async (transaction) => {
      const lastClosedMonth = await selectLastClosedMonth(transaction)
      const isLate = lastClosedMonth !== null && monthOf(entry.eventTime) <= lastClosedMonth
      // What was posted before its month was closed may be sent again.
      if (isLate && whenClosed === 'refuse' && (await findHash(transaction, entry)) === null)
        throw periodClosed(nameEntry(entry), entry.eventTime, lastClosedMonth)
      const written = await writeEntries(transaction, [entry], { recordedAt: clock.now(), lastClosedMonth })
      if (written.size === 0) await refuseOtherPayload(transaction, entry)
      const [stored] = await selectEntries(transaction, { source: entry.source, key: entry.key })
      return { entry: present(stored, nameEntry(entry)), posted: written.size > 0 }
    })
  }

  const reverseEntry = async (id: string, reason: string): Promise<Posted> => {
    const [entry] = await selectEntries(database, { id })
    if (!entry) {
      throw new NotFoundError('ledger.entry-not-found', `There is no entry ${id}.`, {
        hint: 'capstan ledger register shows entries with their ids.',
      })
    }
    const reversal = {
      source: 'capstan.reversal',
      key: id,
      eventTime: new Date(entry.eventTime),
      description: `takes back ${id}: ${reason}`,
      dimensions: entry.dimensions,
      reverses: id,
      postings: entry.postings.map((posting) => ({ ...posting, amountMicro: -posting.amountMicro })),
    }
    return postEntry(reversal, { whenClosed: 'open-period' })
  }

  /** The last day of a report, by which its end is valued. */
  const lastDay = ({ eventTimeBefore, bookedBefore }: BalanceFilter) => {
    const end = [eventTimeBefore, bookedBefore, clock.now()].flatMap((time) => (time ? [time.getTime()] : []))
    return new Date(Math.min(...end) - 1).toISOString().slice(0, 10)
  }

  return {
    postEntry,
    postEntries: (entries, { whenClosed = 'refuse' } = {}) =>
      postEntries(database, entries, { whenClosed, now: clock.now() }),
    reverseEntry,
    postConversion: async (conversion, options) => postEntry(createConversionEntry(conversion), options),
    recordRate: (rate) => recordRate(database, rate, clock.now()),
    listRates: () => selectRates(database),
    postEvents: createEventPoster({ database, clock }),
    postRunCost: async (options) => {
      const { entry, cost } = createRunCostEntry(options)
      return { ...(await postEntry(entry, { whenClosed: 'open-period' })), cost }
    },
    closePeriod: (month) => closePeriod(database, month, clock.now()),
    lastClosedMonth: () => selectLastClosedMonth(database),
    listEntries: (filter) => selectEntries(database, filter),
    accountBalances: (filter) => selectBalances(database, filter),
    dimensionTotals: (dimension, filter = {}) => selectDimensionTotals(database, dimension, filter),
    readBalance: (options = {}) => readBalance(database, options, lastDay(options)),
    readRegister: (filter = {}) => readRegister(database, filter),
    readIncome: (options = {}) => readIncome(database, options, lastDay(options)),
    readCash: (options = {}) => readCash(database, options),
    readMargin: (options) => readMargin(database, options),
  }
}

type StoredHash = { id: string; payload_sha256: string }

async function findHash(database: Store['database'], { source, key }: NewEntry): Promise<StoredHash | null> {
  const row = await database
    .selectFrom('ledger_entries')
    .select(['id', 'payload_sha256'])
    .where('source', '=', source)
    .where('key', '=', key)
    .executeTakeFirst()
  return row ?? null
}

async function refuseOtherPayload(database: Store['database'], entry: NewEntry): Promise<void> {
  const stored = await findHash(database, entry)
  if (stored?.payload_sha256 === hashPayload(entry)) return
  throw new ConflictError(
    'ledger.key-reused',
    `The key ${entry.source}/${entry.key} stands for another entry already (${stored?.id}).`,
    { hint: 'Send the same event unchanged, or give a new event its own key; correct by a reversing entry.' },
  )
}
