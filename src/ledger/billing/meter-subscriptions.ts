import type { Kysely } from 'kysely'
import type { Clock } from '../../base/index.ts'
import { type Billing, parseAmountMicro } from '../../contracts/index.ts'
import type { Schema } from '../../storage/index.ts'
import { accounts } from '../account.ts'
import { selectLastClosedMonth } from '../close-period.ts'
import { checkEntry, type NewEntry } from '../entry.ts'
import { monthOf, nextMonth, startOfMonth } from '../month.ts'
import { writeEntries } from '../write-entries.ts'

/** Books the subscription of each customer and month up to the present one, once; the number of entries. */
export async function meterSubscriptions(database: Kysely<Schema>, clock: Clock, billing: Billing): Promise<number> {
  const now = clock.now()
  const entries = Object.keys(billing.customers).flatMap((customer) => createEntries(billing, customer, monthOf(now)))
  if (entries.length === 0) return 0
  for (const entry of entries) checkEntry(entry)
  return database.transaction().execute(async (transaction) => {
    const lastClosedMonth = await selectLastClosedMonth(transaction)
    // What stands there stays, even if the price is another now: the invoice books the difference.
    return (await writeEntries(transaction, entries, { recordedAt: now, lastClosedMonth })).size
  })
}

function createEntries({ plans, customers }: Billing, customer: string, present: string): NewEntry[] {
  const { plan: name, since = present } = customers[customer] ?? { plan: '' }
  const plan = plans[name]
  const amountMicro = parseAmountMicro(plan?.subscription ?? '0')
  if (!plan || amountMicro === 0n) return []
  const entries: NewEntry[] = []
  for (let month = since; month <= present; month = nextMonth(month)) {
    entries.push({
      source: 'capstan.subscription',
      key: `${month}/${encodeURIComponent(customer)}`,
      eventTime: startOfMonth(month),
      description: `subscription ${month} of ${customer}, plan ${name}`,
      dimensions: { caller: customer },
      postings: [
        { account: accounts.receivable, commodity: plan.currency, amountMicro },
        { account: accounts.subscriptions, commodity: plan.currency, amountMicro: -amountMicro },
      ],
    })
  }
  return entries
}
