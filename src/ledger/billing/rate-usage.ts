import type { Plan, UsagePrice } from '../../contracts/index.ts'
import {
  type Customer,
  divideHalfUp,
  type InvoiceLine,
  minorUnitMicro,
  parseAmountMicro,
} from '../../contracts/index.ts'

/** What so many answers of a month cost, exactly. */
export function priceUsage({ mode, free, tiers }: UsagePrice, answers: bigint): bigint {
  const charged = answers > BigInt(free) ? answers - BigInt(free) : 0n
  if (mode === 'volume') {
    const reached = tiers.find(({ upTo }) => upTo === undefined || charged <= BigInt(upTo))
    return charged * parseAmountMicro(reached?.price ?? '0')
  }
  let amountMicro = 0n
  let below = 0n
  for (const { upTo, price } of tiers) {
    const top = upTo === undefined || charged < BigInt(upTo) ? charged : BigInt(upTo)
    if (top > below) amountMicro += (top - below) * parseAmountMicro(price)
    below = upTo === undefined ? charged : BigInt(upTo)
  }
  return amountMicro
}

export type RatedMonth = {
  /** By task. */
  usage: { task: string; answers: bigint; amountMicro: bigint }[]
  subscriptionMicro: bigint
  /** What lacks to the minimum. */
  minimumMicro: bigint
  creditMicro: bigint
  /** What rounding to whole coins adds. */
  roundingMicro: bigint
  netMicro: bigint
  vatMicro: bigint
  grossMicro: bigint
}

/**
 * A month by a plan: usage and subscription, at least the minimum, less credits, rounded to coins; the tax is rounded once, of
 * the whole, as the tax on each line would add up to something else.
 */
export function rateMonth(
  plan: Plan,
  {
    usage,
    creditsMicro,
  }: { usage: readonly { task: string; answers: bigint; price: UsagePrice }[]; creditsMicro: bigint },
): RatedMonth {
  const priced = usage.map(({ task, answers, price }) => ({ task, answers, amountMicro: priceUsage(price, answers) }))
  const subscriptionMicro = parseAmountMicro(plan.subscription)
  const before = priced.reduce((sum, { amountMicro }) => sum + amountMicro, subscriptionMicro)
  const lacking = parseAmountMicro(plan.minimum) - before
  const minimumMicro = lacking > 0n ? lacking : 0n
  const owed = before + minimumMicro
  const creditMicro = creditsMicro < 0n ? 0n : creditsMicro < owed ? creditsMicro : owed
  const coin = minorUnitMicro(plan.currency)
  const netMicro = divideHalfUp(owed - creditMicro, coin) * coin
  const vatMicro = divideHalfUp(netMicro * parseAmountMicro(plan.vat), 1_000_000n * coin) * coin
  return {
    usage: priced,
    subscriptionMicro,
    minimumMicro,
    creditMicro,
    roundingMicro: netMicro - (owed - creditMicro),
    netMicro,
    vatMicro,
    grossMicro: netMicro + vatMicro,
  }
}

/** The lines of an invoice; what comes to nothing is left out, but not what was used. */
export function describeMonth({ usage, ...rated }: RatedMonth): InvoiceLine[] {
  const lines = [
    ...usage.map(({ task, answers, amountMicro }) => ({ description: `${task}: ${answers} answers`, amountMicro })),
    { description: 'Subscription', amountMicro: rated.subscriptionMicro },
    { description: 'Up to the minimum', amountMicro: rated.minimumMicro },
    { description: 'Credit', amountMicro: -rated.creditMicro },
    { description: 'Rounding', amountMicro: rated.roundingMicro },
  ]
  return lines.filter(({ amountMicro }, i) => i < usage.length || amountMicro !== 0n)
}

/** What a customer was granted up to a month. */
export function grantedMicro({ credits }: Customer, month: string): bigint {
  const due = credits.filter((credit) => credit.month <= month)
  return due.reduce((sum, { amount }) => sum + parseAmountMicro(amount), 0n)
}
