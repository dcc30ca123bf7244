/** The books of one process: what Capstan did is booked by the minute, and before anyone looks. */
import { type Invoice, type Money, parseAmountMicro, type TaskConfig } from '../contracts/index.ts'
import {
  type ComputeMeter,
  type JournalFormat,
  meterSubscriptions,
  meterWork,
  type OcfFiles,
  postInvoice,
  type TaskTerms,
} from '../ledger/index.ts'
import type { PlatformContext } from './create-platform.ts'
import { exportBooks, exportShares, type ImportRequest, type ImportResult, importBooks } from './exchange-books.ts'

export type Books = {
  /** Books what was answered and labelled in minutes that are over, and subscriptions; the number of entries. */
  meter(): Promise<number>
  /** Rates a customer's month by its plan and posts what is not yet booked of it; safe to repeat. */
  invoice(request: { customer: string; month: string }): Promise<Invoice>
  /** Posts what a file says, all or nothing; imported again it posts nothing. */
  import(request: ImportRequest): Promise<ImportResult>
  /** The ledger as text, line by line. */
  export(format: JournalFormat | 'csv'): AsyncGenerator<string>
  /** Who holds which shares, as files of the Open Cap Format. */
  exportShares(issuer: string): Promise<OcfFiles>
  /** The same as `meter` in the background; what goes wrong is reported, and tried again the next time. */
  tick(): void
  /** Books what was computed up to now; rejects where it cannot. Nothing is being booked any more then. */
  close(): Promise<void>
}

export function openBooks(
  context: PlatformContext,
  { compute, onError }: { compute: ComputeMeter; onError: (error: Error) => void },
): Books {
  const { store, clock, config, tasks } = context
  let metering: Promise<unknown> = Promise.resolve()
  const meter = () => {
    // One after the other: ticks that come while one is slow find nothing more to do.
    const next = metering.then(async () => {
      await compute.post()
      const subscriptions = await meterSubscriptions(store.database, clock, config.billing)
      return subscriptions + (await meterWork({ store, clock, termsOf: (task) => termsOf(tasks.of(task)) }))
    })
    metering = next.catch(() => {})
    return next
  }
  return {
    meter,
    async invoice(request) {
      await meter()
      const priceOf = (task: string) => tasks.of(task)?.price
      return postInvoice(store.database, clock, { ...request, billing: config.billing, priceOf })
    },
    import: (request) => importBooks(context, request),
    export: (format) => exportBooks(context, format),
    exportShares: (issuer) => exportShares(context, issuer),
    tick() {
      meter().catch(onError)
    },
    async close() {
      await metering
      await compute.post({ all: true })
    },
  }
}

function termsOf({ price, labelPrice, teacher }: Partial<TaskConfig> = {}): TaskTerms {
  const isTaughtByPeople = teacher?.type === 'human'
  return {
    price: price ? toMoney(price) : null,
    labelPrice: labelPrice ? toMoney(labelPrice) : isTaughtByPeople ? toMoney(teacher.pricePerCall) : null,
    isTaughtByPeople,
  }
}

function toMoney({ amount, currency }: { amount: string; currency: string }): Money {
  return { amountMicro: parseAmountMicro(amount), currency }
}
