/**
 * A month's invoice. What the customer owes by its plan is compared with what the month's entries say already (the meters' price
 * of each answer, the subscription, earlier invoices), and the difference is posted. So an invoice that is made again posts
 * nothing, and one that comes out differently, as answers came late or the plan is another, posts what compensates.
 */
import { type Kysely, sql } from 'kysely'
import { type Clock, InvalidInputError, NotFoundError } from '../../base/index.ts'
import type { Billing, Customer, Invoice, Plan, Posting, TaskConfig, UsagePrice } from '../../contracts/index.ts'
import type { Schema } from '../../storage/index.ts'
import { accounts } from '../account.ts'
import { selectLastClosedMonth } from '../close-period.ts'
import { checkEntry, type NewEntry } from '../entry.ts'
import { answerCommodity } from '../meters/work-entries.ts'
import { nextMonth, startOfMonth } from '../month.ts'
import { numberEntries } from '../number-entries.ts'
import { filterPostings } from '../queries.ts'
import { writeEntries } from '../write-entries.ts'
import { describeMonth, grantedMicro, type RatedMonth, rateMonth } from './rate-usage.ts'

export type InvoiceRequest = {
  customer: string
  month: string
  billing: Billing
  /** For tasks that the plan does not name. */
  priceOf(task: string): TaskConfig['price']
}

/** What an account says of the customer's month; `task` is null for what concerns the customer as a whole. */
type MonthSum = { task: string | null; account: string; amountMicro: bigint }

/** Throws NotFoundError `ledger.customer-not-found`, InvalidInputError `ledger.bad-month`, `ledger.invoice-currency`. */
export async function postInvoice(database: Kysely<Schema>, clock: Clock, request: InvoiceRequest): Promise<Invoice> {
  const { customer, month, billing } = request
  const { known, plan } = findPlan(request)
  const now = clock.now()
  const isDraft = startOfMonth(nextMonth(month)) > now
  return database.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtext('capstan.meters'))`.execute(transaction)
    const usage = await selectUsage(transaction, customer, month)
    const used = await selectUsedCredits(transaction, customer, month, plan.currency)
    const rated = rateMonth(plan, {
      usage: usage.map(({ task, answers }) => ({ task, answers, price: priceOfTask(request, plan, task) })),
      creditsMicro: grantedMicro(known, month) - used,
    })
    const differences = subtract(wantedSums(rated), await selectMonthSums(transaction, customer, month, plan.currency))
    const entries = isDraft
      ? []
      : await numberEntries(transaction, createEntries(differences, { customer, month, plan }))
    for (const entry of entries) checkEntry(entry)
    const lastClosedMonth = await selectLastClosedMonth(transaction)
    const posted = await writeEntries(transaction, entries, { recordedAt: now, lastClosedMonth })
    return {
      number: `${month}/${customer}`,
      customer,
      name: known.name ?? null,
      month,
      plan: billing.customers[customer]?.plan as string,
      currency: plan.currency,
      lines: describeMonth(rated),
      netMicro: rated.netMicro,
      vatShare: plan.vat,
      vatMicro: rated.vatMicro,
      grossMicro: rated.grossMicro,
      isDraft,
      changeMicro: isDraft ? 0n : -differences.reduce((sum, { amountMicro }) => sum + amountMicro, 0n),
      entries: [...posted],
    }
  })
}

function findPlan({ customer, month, billing }: InvoiceRequest): { known: Customer; plan: Plan } {
  const known = billing.customers[customer]
  const plan = known && billing.plans[known.plan]
  if (!known || !plan) {
    throw new NotFoundError('ledger.customer-not-found', `There is no customer ${customer}.`, {
      hint: 'Customers and their plans stand under billing in capstan.yaml, by customer key.',
    })
  }
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) {
    throw new InvalidInputError('ledger.bad-month', `"${month}" is no month.`, { hint: 'Write it like 2026-10.' })
  }
  return { known, plan }
}

function priceOfTask({ priceOf, customer }: InvoiceRequest, plan: Plan, task: string): UsagePrice {
  const agreed = plan.tasks[task]
  if (agreed) return agreed
  const price = priceOf(task)
  if (price && price.currency !== plan.currency) {
    throw new InvalidInputError(
      'ledger.invoice-currency',
      `Task ${task} is priced in ${price.currency}, and ${customer} pays in ${plan.currency}.`,
      { hint: 'Give the plan a price for this task: nothing is converted.' },
    )
  }
  return { mode: 'graduated', free: 0, tiers: [{ price: price?.amount ?? '0' }] }
}

/** What the accounts have to say: credits (negative) of what is owed. */
function wantedSums({ usage, ...rated }: RatedMonth): MonthSum[] {
  return [
    ...usage.map(({ task, amountMicro }) => ({ task, account: accounts.answers, amountMicro: -amountMicro })),
    { task: null, account: accounts.subscriptions, amountMicro: -rated.subscriptionMicro },
    { task: null, account: accounts.minimum, amountMicro: -rated.minimumMicro },
    { task: null, account: accounts.credits, amountMicro: rated.creditMicro },
    { task: null, account: accounts.answers, amountMicro: -rated.roundingMicro },
    { task: null, account: accounts.vat, amountMicro: -rated.vatMicro },
  ]
}

function subtract(wanted: readonly MonthSum[], booked: readonly MonthSum[]): MonthSum[] {
  const differences = new Map<string, MonthSum>()
  for (const [sums, sign] of [
    [wanted, 1n],
    [booked, -1n],
  ] as const) {
    for (const sum of sums) {
      const name = JSON.stringify([sum.task, sum.account])
      const before = differences.get(name)?.amountMicro ?? 0n
      differences.set(name, { ...sum, amountMicro: before + sign * sum.amountMicro })
    }
  }
  return [...differences.values()].filter(({ amountMicro }) => amountMicro !== 0n)
}

/** An entry for each task, so that its margin is right, and one for the customer as a whole. */
function createEntries(
  differences: readonly MonthSum[],
  { customer, month, plan }: { customer: string; month: string; plan: Plan },
): NewEntry[] {
  const tasks = [...new Set(differences.map(({ task }) => task))]
  return tasks.map((task) => {
    const own = differences.filter((difference) => difference.task === task)
    const receivable = -own.reduce((sum, { amountMicro }) => sum + amountMicro, 0n)
    const postings: Posting[] = [{ account: accounts.receivable, amountMicro: receivable }, ...own].map(
      ({ account, amountMicro }) => ({ account, commodity: plan.currency, amountMicro }),
    )
    return {
      source: 'capstan.invoice',
      key: `${month}/${encodeURIComponent(customer)}${task === null ? '' : `/${task}`}`,
      // The month's last moment: the invoice is part of what the month earned.
      eventTime: new Date(startOfMonth(nextMonth(month)).getTime() - 1),
      description: `invoice ${month} for ${customer}${task === null ? '' : `, ${task}`}`,
      dimensions: { caller: customer, ...(task === null ? {} : { task }) },
      postings: postings.filter(({ amountMicro }) => amountMicro !== 0n),
    }
  })
}

function ofMonth(customer: string, month: string) {
  return {
    dimensions: { caller: customer },
    eventTimeBefore: startOfMonth(nextMonth(month)),
    where: sql<boolean>`event_time >= ${startOfMonth(month)}`,
  }
}

/** Answers by task, which the meters have booked beside the money. */
async function selectUsage(
  database: Kysely<Schema>,
  customer: string,
  month: string,
): Promise<{ task: string; answers: bigint }[]> {
  const rows = await filterPostings(database, {
    ...ofMonth(customer, month),
    account: accounts.answers,
    commodity: answerCommodity,
  })
    .select([
      sql<string>`dimensions ->> 'task'`.as('task'),
      sql<bigint>`(-sum(amount_micro) / 1000000)::bigint`.as('answers'),
    ])
    .groupBy(sql`1`)
    .orderBy(sql`1`)
    .execute()
  return rows.filter(({ task }) => task !== null)
}

async function selectMonthSums(
  database: Kysely<Schema>,
  customer: string,
  month: string,
  currency: string,
): Promise<MonthSum[]> {
  const { answers, subscriptions, minimum, credits, vat } = accounts
  const rows = await filterPostings(database, { ...ofMonth(customer, month), commodity: currency })
    .select([
      sql<string | null>`dimensions ->> 'task'`.as('task'),
      'account',
      sql<string>`sum(amount_micro)::text`.as('total'),
    ])
    .where('account', 'in', [answers, subscriptions, minimum, credits, vat])
    .groupBy([sql`1`, 'account'])
    .execute()
  return rows.map(({ total, ...row }) => ({ ...row, amountMicro: BigInt(total) }))
}

/** What invoices of earlier months have used up. */
async function selectUsedCredits(
  database: Kysely<Schema>,
  customer: string,
  month: string,
  currency: string,
): Promise<bigint> {
  const { total } = await filterPostings(database, {
    account: accounts.credits,
    commodity: currency,
    dimensions: { caller: customer },
    eventTimeBefore: startOfMonth(month),
  })
    .select(sql<string>`coalesce(sum(amount_micro), 0)::text`.as('total'))
    .executeTakeFirstOrThrow()
  return BigInt(total)
}
