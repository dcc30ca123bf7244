// Money and other measured amounts are whole micro-units in bigint (0.04 USD is 40,000), so sums are exact. On the wire a
// bigint is a string of digits. The one place where money is read, rounded and shown.
import { z } from 'zod'
import { InvalidInputError } from '../base/index.ts'

/** Micro-units in one unit of a currency or of a measured commodity. */
export const microUnitsPerUnit = 1_000_000n

export const microSchema = z.codec(z.string().regex(/^-?\d+$/), z.bigint(), {
  decode: (digits) => BigInt(digits),
  encode: (micro) => micro.toString(),
})

/** An ISO 4217 code: three capital letters. */
export const currencySchema = z.string().regex(/^[A-Z]{3}$/, 'must be a currency code of three capitals, such as USD')

/** An exact amount of one currency. */
export const moneySchema = z
  .object({
    amountMicro: microSchema.meta({ description: 'Millionths of the currency', example: '40800' }),
    currency: currencySchema.meta({ example: 'USD' }),
  })
  .meta({ id: 'Money' })

export type Money = z.output<typeof moneySchema>

/** A value in the form that JSON can carry: bigint as digits. The inverse of the schema's `parse`. */
export const toWire = z.encode

/** Reads a decimal such as "0.0408" exactly; throws InvalidInputError `money.invalid-amount` beyond six decimals. */
export function parseAmountMicro(decimal: string): bigint {
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,6}))?$/.exec(decimal)
  if (!match) {
    throw new InvalidInputError('money.invalid-amount', `"${decimal}" is not an amount of money.`, {
      hint: 'Write digits with a point and at most six decimals, for example "0.0408".',
    })
  }
  const [, sign, whole = '0', fraction = ''] = match
  const micro = BigInt(whole) * microUnitsPerUnit + BigInt(fraction.padEnd(6, '0'))
  return sign ? -micro : micro
}

/** The exact decimal with at least two and at most six places, for example "0.0408" or "12.50". */
export function formatAmountMicro(amountMicro: bigint): string {
  const digits = (amountMicro < 0n ? -amountMicro : amountMicro).toString().padStart(7, '0')
  const fraction = digits.slice(-6).replace(/0{1,4}$/, '')
  return `${amountMicro < 0n ? '-' : ''}${digits.slice(0, -6)}.${fraction}`
}

/** Money as people read it, the same in every locale: "0.0408 USD". */
export function formatMoney(money: Money): string {
  return `${formatAmountMicro(money.amountMicro)} ${money.currency}`
}

/** Integer quotient rounded half to even (banker's rounding), so that many roundings have no drift; the divisor is > 0. */
export function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  const floor = dividend >= 0n ? dividend / divisor : -((-dividend + divisor - 1n) / divisor)
  const twiceRest = 2n * (dividend - floor * divisor)
  const up = twiceRest > divisor || (twiceRest === divisor && floor % 2n !== 0n)
  return up ? floor + 1n : floor
}

/** Integer quotient rounded half away from zero, as invoices round; the divisor is > 0. */
export function divideHalfUp(dividend: bigint, divisor: bigint): bigint {
  const magnitude = ((dividend < 0n ? -dividend : dividend) * 2n + divisor) / (2n * divisor)
  return dividend < 0n ? -magnitude : magnitude
}

/** The smallest coin of a currency in micro-units: 10,000 for USD, a million for JPY. */
export function minorUnitMicro(currency: string): bigint {
  const { maximumFractionDigits = 2 } = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
  return 10n ** BigInt(6 - maximumFractionDigits)
}
