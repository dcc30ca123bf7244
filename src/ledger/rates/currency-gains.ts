/**
 * What foreign currencies have won or lost, at average cost: what comes in adds its cost (what was paid for it in a conversion,
 * else its value that day), what goes out takes its share of the cost with it. Realised = proceeds − cost of what went;
 * unrealised = value at the end − cost of what is left. A debt is a position below zero.
 */
import { type Kysely, sql } from 'kysely'
import { type CurrencyGains, divideHalfEven } from '../../contracts/index.ts'
import type { Schema } from '../../storage/index.ts'
import { accounts } from '../account.ts'
import { type BalanceFilter, bookingTime, filterPostings } from '../queries.ts'
import { isCurrency, type RateTable, rateMissing } from './dated-rates.ts'

/** What an entry did to the money held and owed in one currency. */
export type PositionChange = {
  day: string
  currency: string
  amountMicro: bigint
  /** In the home currency, where the entry converts between both: given for what came, or got for what went. */
  homeMicro: bigint | null
}

/** Gains up to `lastDay`; what was realised before `firstDay` is left out. */
export function measureGains(
  changes: readonly PositionChange[],
  { home, rates, firstDay = '', lastDay }: { home: string; rates: RateTable; firstDay?: string; lastDay: string },
): CurrencyGains {
  const value = (amountMicro: bigint, currency: string, day: string) => {
    const valued = rates.convert(amountMicro, currency, home, day)
    if (valued === null) throw rateMissing(currency, home, day)
    return valued
  }
  const positions = new Map<string, { amount: bigint; cost: bigint }>()
  let realisedMicro = 0n
  for (const { day, currency, amountMicro, homeMicro } of changes) {
    const held = positions.get(currency) ?? { amount: 0n, cost: 0n }
    const worth = homeMicro ?? value(amountMicro, currency, day)
    // The part that goes against the position takes cost out of it; what is beyond it begins a new one.
    const reducing = held.amount !== 0n && held.amount > 0n !== amountMicro > 0n
    const reduced = !reducing ? 0n : magnitude(amountMicro) > magnitude(held.amount) ? -held.amount : amountMicro
    const reducedWorth = reduced === 0n ? 0n : divide(worth * reduced, amountMicro)
    const costGone = reduced === 0n ? 0n : divide(held.cost * -reduced, held.amount)
    if (day >= firstDay && reduced !== 0n) realisedMicro += -reducedWorth - costGone
    positions.set(currency, {
      amount: held.amount + amountMicro,
      cost: held.cost - costGone + (worth - reducedWorth),
    })
  }
  const unrealisedMicro = [...positions].reduce(
    (sum, [currency, { amount, cost }]) => sum + (amount === 0n ? 0n : value(amount, currency, lastDay)) - cost,
    0n,
  )
  return { realisedMicro, unrealisedMicro }
}

/** Changes of the money held and owed in currencies other than the home one, in the order in which they count. */
export async function selectPositionChanges(
  database: Kysely<Schema>,
  home: string,
  filter: BalanceFilter,
): Promise<PositionChange[]> {
  const rows = await filterPostings(database, filter)
    .select([
      'entry',
      'commodity',
      sql<string>`to_char(${bookingTime} at time zone 'UTC', 'YYYY-MM-DD')`.as('day'),
      sql<string>`coalesce(sum(amount_micro) filter (where account ~ '^(Assets|Liabilities):'), 0)::text`.as('held'),
      sql<string>`coalesce(sum(amount_micro) filter (where account = ${accounts.conversion}), 0)::text`.as('converted'),
    ])
    .groupBy(['entry', 'commodity', sql`3`, 'sequence', sql`${bookingTime}`])
    .orderBy(bookingTime)
    .orderBy('sequence')
    .execute()
  const homeOf = new Map(rows.flatMap((row) => (row.commodity === home ? [[row.entry, BigInt(row.converted)]] : [])))
  return rows.flatMap(({ entry, commodity, day, held, converted }) => {
    const amountMicro = BigInt(held)
    if (commodity === home || !isCurrency(commodity) || amountMicro === 0n) return []
    const homeMicro = BigInt(converted) === -amountMicro ? (homeOf.get(entry) ?? null) : null
    return [{ day, currency: commodity, amountMicro, homeMicro }]
  })
}

/** Half to even, of divisors of either sign. */
function divide(dividend: bigint, divisor: bigint): bigint {
  return divisor < 0n ? divideHalfEven(-dividend, -divisor) : divideHalfEven(dividend, divisor)
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value
}
