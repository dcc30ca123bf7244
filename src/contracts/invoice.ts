import { z } from 'zod'
import { currencySchema, microSchema } from './money.ts'

export const invoiceLineSchema = z
  .object({
    description: z.string().meta({ example: 'support: 1500 answers' }),
    amountMicro: microSchema,
  })
  .meta({ id: 'InvoiceLine' })

/** What a customer owes for a month. */
export const invoiceSchema = z
  .object({
    number: z.string().meta({ example: '2026-10/acme' }),
    customer: z.string(),
    name: z.string().nullable(),
    month: z.string().meta({ example: '2026-10' }),
    plan: z.string(),
    currency: currencySchema,
    lines: z.array(invoiceLineSchema),
    netMicro: microSchema.meta({ description: 'Sum of the lines, rounded to the currency’s smallest coin' }),
    vatShare: z.string().meta({ example: '0.19' }),
    vatMicro: microSchema.meta({ description: 'Rounded once, of the net sum' }),
    grossMicro: microSchema,
    isDraft: z.boolean().meta({ description: 'The month is not over: nothing is posted' }),
    changeMicro: microSchema.meta({
      description: 'By how much this posting changed what the customer owes; zero when it stands already',
    }),
    entries: z.array(z.string()).meta({ description: 'Ids of the entries that were posted now' }),
  })
  .meta({ id: 'Invoice' })

export type Invoice = z.output<typeof invoiceSchema>
export type InvoiceLine = z.output<typeof invoiceLineSchema>
