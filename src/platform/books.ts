/** The books of one process: what Capstan did is booked by the minute, and before anyone looks. */
import type { Logger } from '../base/index.ts'
import { type Config, type Invoice, type Money, parseAmountMicro } from '../contracts/index.ts'
import {
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
  /** The same as `meter` in the background; what goes wrong is logged, and tried again the next time. */
  tick(): void
  /** Resolves once nothing is being booked. */
  idle(): Promise<void>
}

export function openBooks(context: PlatformContext, logger?: Pick<Logger, 'error'>): Books {
  const { store, clock, config } = context
  let metering: Promise<unknown> = Promise.resolve()
  const meter = () => {
    // One after the other: ticks that come while one is slow find nothing more to do.
    const next = metering.then(async () => {
      const subscriptions = await meterSubscriptions(store.database, clock, config.billing)
      return subscriptions + (await meterWork({ store, clock, termsOf: (task) => termsOf(config, task) }))
    })
    metering = next.catch(() => {})
    return next
  }
  return {
    meter,
    async invoice(request) {
      await meter()
      const priceOf = (task: string) => config.tasks[task]?.price
      return postInvoice(store.database, clock, { ...request, billing: config.billing, priceOf })
    },
    import: (request) => importBooks(context, request),
    export: (format) => exportBooks(context, format),
    exportShares: (issuer) => exportShares(context, issuer),
    tick() {
      meter().catch((error: unknown) => logger?.error({ error: String(error) }, 'answers were not booked'))
    },
    async idle() {
      await metering
    },
  }
}

function termsOf({ tasks }: Config, task: string): TaskTerms {
  const { price, labelPrice, teacher } = tasks[task] ?? {}
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
