/** What commodities were worth on which day. A rate is never changed: a later record for the same day goes before it. */
import type { Kysely } from 'kysely'
import { InvalidInputError } from '../../base/index.ts'
import { type DatedRate, divideHalfEven } from '../../contracts/index.ts'
import type { Schema } from '../../storage/index.ts'

export type NewRate = Omit<DatedRate, 'recordedAt'>

/** Rates that were recorded at some time, to value by. */
export type RateTable = {
  /** An amount in another commodity by the latest rate of that day or before, in either direction; null without a rate. */
  convert(amountMicro: bigint, from: string, to: string, day: string): bigint | null
}

const pricePattern = /^(\d{1,12})(?:\.(\d{1,12}))?$/
const placesMax = 12
const priceScale = 10n ** BigInt(placesMax)

/** Records a rate; false where it is known already. Throws InvalidInputError `ledger.bad-rate`. */
export async function recordRate(database: Kysely<Schema>, rate: NewRate, now: Date): Promise<boolean> {
  const faults = listRateFaults(rate)
  if (faults.length > 0) {
    throw new InvalidInputError('ledger.bad-rate', `The rate is refused: ${faults.join('; ')}.`, {
      hint: 'Give it like 1 EUR = 1.0842 USD, with the day as 2026-10-01 and where it was found.',
      details: { faults },
    })
  }
  const { commodity, currency, day, price, source } = rate
  return database.transaction().execute(async (transaction) => {
    const latest = await transaction
      .selectFrom('ledger_rates')
      .select('price')
      .where('commodity', '=', commodity)
      .where('currency', '=', currency)
      .where('day', '=', day)
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (latest && toScaled(latest.price) === toScaled(price)) return false
    await transaction
      .insertInto('ledger_rates')
      .values({ commodity, currency, day, price, source, recorded_at: now })
      .execute()
    return true
  })
}

/** Rates in the order in which they were recorded; those known before a time where that is given. */
export async function selectRates(database: Kysely<Schema>, recordedBefore?: Date): Promise<DatedRate[]> {
  let query = database.selectFrom('ledger_rates').selectAll().orderBy('id')
  if (recordedBefore) query = query.where('recorded_at', '<', recordedBefore)
  return (await query.execute()).map((row) => ({
    commodity: row.commodity,
    currency: row.currency,
    day: row.day,
    price: row.price,
    source: row.source,
    recordedAt: row.recorded_at.toISOString(),
  }))
}

/** A table to look rates up in. */
export function createRateTable(rates: readonly DatedRate[]): RateTable {
  const byPair = new Map<string, Map<string, bigint>>()
  for (const { commodity, currency, day, price } of rates) {
    const name = `${commodity}/${currency}`
    const days = byPair.get(name) ?? new Map<string, bigint>()
    byPair.set(name, days.set(day, toScaled(price)))
  }
  const find = (from: string, to: string, day: string): { day: string; price: bigint } | null => {
    let found: { day: string; price: bigint } | null = null
    for (const [known, price] of byPair.get(`${from}/${to}`) ?? [])
      if (known <= day && (found === null || known > found.day)) found = { day: known, price }
    return found
  }
  return {
    convert(amountMicro, from, to, day) {
      if (from === to) return amountMicro
      const straight = find(from, to, day)
      const turned = find(to, from, day)
      // The later one knows more; the straight one where both are of a day.
      if (straight && (turned === null || straight.day >= turned.day))
        return divideHalfEven(amountMicro * straight.price, priceScale)
      return turned && divideHalfEven(amountMicro * priceScale, turned.price)
    },
  }
}

/** Whether a commodity is a currency, which has to have a rate where it is valued: measured units need none. */
export function isCurrency(commodity: string): boolean {
  return /^[A-Z]{3}$/.test(commodity)
}

export function rateMissing(commodity: string, currency: string, day: string): InvalidInputError {
  return new InvalidInputError(
    'ledger.rate-missing',
    `There is no rate of ${commodity} in ${currency} on or before ${day}.`,
    {
      hint: `Record one: capstan ledger rates --set "1 ${commodity} = <price> ${currency}" --date ${day} --source <where from>`,
      details: { commodity, currency, day },
    },
  )
}

/** Everything that is wrong with a rate. */
export function listRateFaults({ commodity, currency, day, price, source }: NewRate): string[] {
  return [
    ...[commodity, currency]
      .filter((name) => !/^[A-Z][A-Z0-9-]{1,23}$/.test(name))
      .map((name) => `"${name}" is no commodity`),
    ...(commodity === currency ? [`${commodity} cannot have a rate in itself`] : []),
    ...(isDay(day) ? [] : [`"${day}" is no day`]),
    ...(pricePattern.test(price) && toScaled(price) > 0n
      ? []
      : [`"${price}" is no price above zero of at most 12 places`]),
    ...(source === '' ? ['it has no source'] : []),
  ]
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const time = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text)
}

function toScaled(price: string): bigint {
  const [, whole = '0', fraction = ''] = pricePattern.exec(price) ?? []
  return BigInt(whole) * priceScale + BigInt(fraction.padEnd(placesMax, '0'))
}
