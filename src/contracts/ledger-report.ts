import { z } from 'zod'
import { balanceSchema, entrySchema } from './ledger.ts'
import { currencySchema, microSchema } from './money.ts'

/** So much of one commodity. */
export const amountSchema = z
  .object({ commodity: z.string().meta({ example: 'USD' }), amountMicro: microSchema })
  .meta({ id: 'Amount' })

/** What one unit of a commodity was worth on a day. */
export const datedRateSchema = z
  .object({
    commodity: z.string().meta({ example: 'EUR' }),
    currency: z.string().meta({ example: 'USD' }),
    day: z.iso.date(),
    price: z.string().meta({ description: 'Exact decimal, at most twelve places', example: '1.0842' }),
    source: z.string().meta({ example: 'ECB reference rate' }),
    recordedAt: z.iso.datetime(),
  })
  .meta({ id: 'DatedRate' })

const valuation = {
  currency: currencySchema
    .nullable()
    .meta({ description: 'In which what has a rate is valued; null where each commodity stands for itself' }),
}

export const balanceReportSchema = z
  .object({ ...valuation, balances: z.array(balanceSchema), totals: z.array(amountSchema) })
  .meta({ id: 'BalanceReport' })

/** One posting with what its account held of the commodity after it. */
export const registerRowSchema = z
  .object({
    ...entrySchema.pick({ id: true, eventTime: true, bookedAt: true, description: true }).shape,
    ...balanceSchema.shape,
    runningMicro: microSchema,
  })
  .meta({ id: 'RegisterRow' })

/** What currencies have won or lost against the one in which is reported, at average cost. */
export const currencyGainsSchema = z
  .object({ realisedMicro: microSchema, unrealisedMicro: microSchema })
  .meta({ id: 'CurrencyGains' })

export const incomeReportSchema = z
  .object({
    ...valuation,
    income: z.array(balanceSchema).meta({ description: 'What was earned is positive' }),
    expenses: z.array(balanceSchema),
    links: z
      .array(balanceSchema)
      .meta({ description: 'Expenses summed by the six links; `account` is Expenses:Data and so on' }),
    net: z.array(amountSchema),
    gains: currencyGainsSchema.nullable(),
  })
  .meta({ id: 'IncomeReport' })

/** Where cash came from and went to: `flows` names the other account of each movement. */
export const cashReportSchema = z
  .object({
    ...valuation,
    opening: z.array(amountSchema),
    flows: z.array(balanceSchema).meta({ description: 'What came in is positive' }),
    closing: z.array(amountSchema),
  })
  .meta({ id: 'CashReport' })

export const marginDimensionSchema = z.enum(['task', 'model', 'caller'])

export const marginRowSchema = z
  .object({
    value: z.string().nullable().meta({ description: 'The task, version or customer key; null for what has none' }),
    answers: microSchema.meta({ description: 'Answered requests, in millionths' }),
    currency: z.string(),
    revenueMicro: microSchema,
    costMicro: microSchema,
    costs: z.record(z.string(), microSchema).meta({ description: 'By link', example: { Data: '7000' } }),
    marginMicro: microSchema,
  })
  .meta({ id: 'MarginRow' })

export const marginReportSchema = z
  .object({ ...valuation, by: marginDimensionSchema, rows: z.array(marginRowSchema) })
  .meta({ id: 'MarginReport' })

export type Amount = z.output<typeof amountSchema>
export type DatedRate = z.output<typeof datedRateSchema>
export type BalanceReport = z.output<typeof balanceReportSchema>
export type RegisterRow = z.output<typeof registerRowSchema>
export type CurrencyGains = z.output<typeof currencyGainsSchema>
export type IncomeReport = z.output<typeof incomeReportSchema>
export type CashReport = z.output<typeof cashReportSchema>
export type MarginDimension = z.infer<typeof marginDimensionSchema>
export type MarginRow = z.output<typeof marginRowSchema>
export type MarginReport = z.output<typeof marginReportSchema>
