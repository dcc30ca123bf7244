import { type Clock, ConflictError, createId, present, systemClock } from '../base/index.ts'
import type { Balance, Entry, Money, Rate, Run } from '../contracts/index.ts'
import type { Store } from '../storage/index.ts'
import { checkEntry, hashPayload, type NewEntry } from './entry.ts'
import {
  type BalanceFilter,
  type EntryFilter,
  selectBalances,
  selectDimensionTotals,
  selectEntries,
} from './queries.ts'
import { createRunCostEntry } from './run-cost.ts'

/** The journal of a data folder. There is no update and no delete: a mistake is corrected by a reversing entry. */
export type Ledger = {
  /**
   * Posts one balanced entry. `posted` is false when the same event stands there already; the same source and key with
   * another payload throws ConflictError `ledger.key-reused`. Throws InvalidInputError `ledger.invalid-entry`,
   * `ledger.unknown-account` or `ledger.unbalanced`, and then nothing is written.
   */
  postEntry(entry: NewEntry): Promise<{ entry: Entry; posted: boolean }>
  /** Posts the measured CPU-seconds of a finished run at a rate per CPU-hour; safe to repeat. */
  postRunCost(options: { run: Run; rate: Rate }): Promise<{ entry: Entry; posted: boolean; cost: Money }>
  /** Entries with their postings, newest record first. */
  listEntries(filter?: EntryFilter): Promise<Entry[]>
  /** What each account holds of each commodity, as of any event time and any record time. */
  accountBalances(filter?: BalanceFilter): Promise<Balance[]>
  /** The same summed by one dimension, for example what each `run` cost. */
  dimensionTotals(
    dimension: string,
    filter?: BalanceFilter,
  ): Promise<{ value: string; commodity: string; amountMicro: bigint }[]>
}

/** The ledger that lives in a store. */
export function createLedger({ store, clock = systemClock }: { store: Store; clock?: Clock }): Ledger {
  const { database } = store

  const postEntry = async (entry: NewEntry): Promise<{ entry: Entry; posted: boolean }> => {
    checkEntry(entry)
    const payloadHash = hashPayload(entry)
    const recordedAt = clock.now()
    const id = createId('entry', recordedAt)
    return database.transaction().execute(async (transaction) => {
      const inserted = await transaction
        .insertInto('ledger_entries')
        .values({
          id,
          source: entry.source,
          key: entry.key,
          payload_sha256: payloadHash,
          event_time: entry.eventTime,
          recorded_at: recordedAt,
          description: entry.description,
          dimensions: JSON.stringify(entry.dimensions ?? {}),
        })
        .onConflict((conflict) => conflict.columns(['source', 'key']).doNothing())
        .returning('id')
        .executeTakeFirst()
      if (inserted) {
        await transaction
          .insertInto('ledger_postings')
          .values(
            entry.postings.map(({ account, commodity, amountMicro }, position) => ({
              entry: id,
              position,
              account,
              commodity,
              amount_micro: amountMicro,
            })),
          )
          .execute()
      } else {
        await refuseOtherPayload(transaction, entry, payloadHash)
      }
      const [stored] = await selectEntries(transaction, { source: entry.source, key: entry.key })
      return { entry: present(stored, `entry ${entry.source}/${entry.key}`), posted: inserted !== undefined }
    })
  }

  return {
    postEntry,
    postRunCost: async (options) => {
      const { entry, cost } = createRunCostEntry(options)
      return { ...(await postEntry(entry)), cost }
    },
    listEntries: (filter) => selectEntries(database, filter),
    accountBalances: (filter) => selectBalances(database, filter),
    dimensionTotals: (dimension, filter = {}) => selectDimensionTotals(database, dimension, filter),
  }
}

async function refuseOtherPayload(database: Store['database'], entry: NewEntry, payloadHash: string): Promise<void> {
  const { id, payload_sha256: storedHash } = await database
    .selectFrom('ledger_entries')
    .select(['id', 'payload_sha256'])
    .where('source', '=', entry.source)
    .where('key', '=', entry.key)
    .executeTakeFirstOrThrow()
  if (storedHash === payloadHash) return
  throw new ConflictError(
    'ledger.key-reused',
    `The key ${entry.source}/${entry.key} stands for another entry already (${id}).`,
    { hint: 'Send the same event unchanged, or give a new event its own key; correct by a reversing entry.' },
  )
}
