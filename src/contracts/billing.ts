// What customers pay, in capstan.yaml: plans with prices by usage, and which customer key has which plan.
import { z } from 'zod'
import { currencySchema } from './money.ts'
import { decimalSchema } from './rate.ts'

const tierSchema = z.strictObject({
  upTo: z.int().min(1).optional().describe('The last answer of a month at this price; left out in the last tier'),
  price: decimalSchema.describe('Of one answer'),
})

/** What a month’s answers of a task cost. */
export const usagePriceSchema = z
  .strictObject({
    mode: z
      .enum(['graduated', 'volume'])
      .default('graduated')
      .describe(
        'graduated: each answer at the price of its own tier; volume: all at that of the tier which they reach',
      ),
    free: z
      .int()
      .min(0)
      .default(0)
      .describe('Answers of each month that cost nothing; the tiers count those after them'),
    tiers: z.array(tierSchema).min(1),
  })
  .superRefine(({ tiers }, context) => {
    for (const [i, { upTo }] of tiers.entries()) {
      const path = ['tiers', i, 'upTo']
      if (i === tiers.length - 1) {
        if (upTo !== undefined) context.addIssue({ code: 'custom', path, message: 'must be left out in the last tier' })
      } else if (upTo === undefined || upTo <= (tiers[i - 1]?.upTo ?? 0)) {
        context.addIssue({ code: 'custom', path, message: 'must be above that of the tier before' })
      }
    }
  })

export const planSchema = z.strictObject({
  currency: currencySchema,
  subscription: decimalSchema.default('0').describe('For each month, whatever is used'),
  minimum: decimalSchema.default('0').describe('The least that a month costs, subscription included'),
  vat: z
    .union([z.string(), z.number().transform(String)])
    .pipe(z.string().regex(/^0(\.\d{1,6})?$/, 'must be a share below 1, such as "0.19"'))
    .default('0')
    .describe('Value-added tax on top, rounded once for each invoice'),
  tasks: z
    .record(z.string(), usagePriceSchema)
    .default({})
    .describe('Other tasks cost their own price for each answer'),
})

export const customerSchema = z.strictObject({
  plan: z.string().min(1),
  name: z.string().min(1).optional().describe('As it stands on invoices'),
  since: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'must be a month, such as 2026-10')
    .optional()
    .describe('First month with a subscription; without it the present one'),
  credits: z
    .array(z.strictObject({ amount: decimalSchema, month: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/) }))
    .default([])
    .describe('What was granted, and from which month on it may be used'),
})

export const billingSchema = z
  .strictObject({
    plans: z.record(z.string(), planSchema).default({}),
    customers: z.record(z.string().min(1), customerSchema).default({}).describe('By customer key'),
  })
  .superRefine(({ plans, customers }, context) => {
    for (const [key, { plan }] of Object.entries(customers)) {
      if (!(plan in plans)) {
        context.addIssue({ code: 'custom', path: ['customers', key, 'plan'], message: `is no plan: ${plan}` })
      }
    }
  })

export type UsagePrice = z.output<typeof usagePriceSchema>
export type Plan = z.output<typeof planSchema>
export type Customer = z.output<typeof customerSchema>
export type Billing = z.output<typeof billingSchema>
