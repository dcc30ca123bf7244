import { z } from 'zod'
import { currencySchema } from './money.ts'

/** A price as people write it, quoted or not; exact, at most six decimals. */
export const decimalSchema = z
  .union([z.string(), z.number().transform(String)])
  .pipe(z.string().regex(/^\d{1,12}(\.\d{1,6})?$/, 'must be a decimal of at most six places, such as "0.04"'))

/** An amount of one currency, as people write it. */
export const priceSchema = z.strictObject({ amount: decimalSchema, currency: currencySchema })

/** A price with the day and the place it was found: no rate is a constant of the program. */
export const rateSchema = z.strictObject({
  amount: decimalSchema,
  currency: currencySchema,
  date: z.iso.date(),
  source: z.string().min(1),
})

export type Rate = z.output<typeof rateSchema>
