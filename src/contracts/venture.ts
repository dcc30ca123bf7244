// `venture.yaml`: the plan of a venture as a founder writes it. The schema says what is there; what a quantity's text means
// (distributions, units, names of assumptions) is read in planning/plan, because it depends on the place where it stands.
import { z } from 'zod'
import { taskNameSchema } from './config.ts'
import { currencySchema } from './money.ts'

/** The six links of a plan, which are also the expense roots of the ledger. */
export const planLinkSchema = z.enum(['Data', 'Model', 'Market', 'Team', 'User', 'Opt'])

/** A number, a text such as `lognormal p10=90 p90=240 EUR/user/month`, or the name of an assumption. */
export const quantityTextSchema = z.union([z.number(), z.string().min(1)], 'must be a number or a text')

const quantity = quantityTextSchema
const name = z.string().min(1)
const dateSchema = z.iso.date('must be a date such as 2026-10-01')
const month = z.int().min(0)
const planned = {
  from: month.optional().describe('First month, 0 is the first'),
  until: month.optional().describe('The month before which it ends'),
  hope: z.boolean().default(false).describe('Planned, not decided'),
}
const table = <T extends z.ZodType>(entry: T) => z.record(name, entry).default({})

export const evidenceGradeSchema = z.enum(['measured', 'quoted', 'benchmark', 'assumption'])

const assumptionSchema = z.strictObject({
  value: quantity,
  evidence: evidenceGradeSchema.default('assumption'),
  date: dateSchema.optional().describe('Since when it is known; the plan’s date where left out'),
  source: z.string().optional(),
})

const channelSchema = z
  .strictObject({
    ...planned,
    newUsers: quantity.optional(),
    growth: quantity.optional(),
    link: planLinkSchema.optional(),
    spend: quantity.optional(),
    usersMax: quantity.optional(),
    halfSpend: quantity.optional(),
    shape: quantity.optional(),
    factors: z.array(quantity).default([]),
  })
  .refine(
    ({ newUsers, spend, usersMax, halfSpend }) =>
      newUsers === undefined ? [spend, usersMax, halfSpend].every((one) => one !== undefined) : spend === undefined,
    'needs either newUsers, or spend with usersMax and halfSpend',
  )

const segmentSchema = z
  .strictObject({
    users: quantity.default(0).describe('Paying today'),
    renewals: quantity.default(0).describe('Months that they have already paid'),
    churn: quantity.optional().describe('Share of users who leave each month'),
    retention: z.strictObject({ alpha: quantity, beta: quantity }).optional(),
    price: quantity,
    expansion: quantity.default(0),
    cost: quantity.default(0).describe('Of serving a user'),
    factors: z.array(quantity).default([]),
    channels: table(channelSchema),
  })
  .refine(({ churn, retention }) => (churn === undefined) !== (retention === undefined), 'needs churn or retention')

const costSchema = z.strictObject({
  ...planned,
  link: planLinkSchema,
  monthly: quantity,
  growth: quantity.optional(),
})

const roleSchema = z.strictObject({
  ...planned,
  kind: z.enum(['staff', 'contractor', 'part-time']).default('staff'),
  link: planLinkSchema.default('Team'),
  monthly: quantity.describe('Of one person, full time, all costs included'),
  count: z.int().min(0).default(0).describe('At work today, or from `from` on'),
  max: z.int().min(0).optional().describe('At most, those at work included; more than count: may be hired'),
  hireCost: quantity.default(0),
  lead: month.optional().describe('Months from the decision to the first day'),
  ramp: z.array(quantity).optional().describe('Share of the full effect in the first, second, … month'),
  time: quantity.optional().describe('Share of full time'),
  effects: z.partialRecord(planLinkSchema, quantity).default({}),
  next: quantity.default(0.7).describe('Effect of each next person, as a share of the one before'),
  openSource: z
    .strictObject({ share: quantity, effects: z.partialRecord(planLinkSchema, quantity).default({}) })
    .optional(),
  reportsTo: name.optional(),
  span: z.int().min(1).optional(),
})

const linkResponseSchema = z.strictObject({
  curve: z
    .string()
    .min(1)
    .describe('hill half=… shape=…, exponential scale=…, logarithmic scale=… or power exponent=…'),
  part: planLinkSchema.optional().describe('The link that it belongs to, where its own name is none'),
  weight: quantity.default(1),
  floor: quantity.default(0).describe('Share of its effect that is there without spending'),
  today: quantity.optional().describe('Planned spend; left out: what the plan’s costs add up to'),
  min: quantity.optional(),
  max: quantity.optional(),
  lump: quantity.optional(),
  measured: quantity.optional().describe('Largest spend at which the curve was seen'),
})

const branchSchema = z
  .strictObject({ product: z.array(name).min(1).optional(), sum: z.array(name).min(1).optional() })
  .refine(({ product, sum }) => (product === undefined) !== (sum === undefined), 'needs either product or sum')

const allocationSchema = z.strictObject({
  budget: quantity.optional(),
  potential: quantity.optional().describe('Value with every link at its best; left out: from the forecast'),
  purchase: quantity.optional().describe('Size of the next purchase'),
  links: table(linkResponseSchema),
  tree: table(branchSchema),
})

const equitySchema = z.strictObject({
  holdings: table(
    z.strictObject({ kind: z.enum(['stock', 'options', 'unissued']).default('stock'), shares: quantity }),
  ),
  safes: table(
    z.strictObject({
      amount: quantity,
      cap: quantity.optional(),
      basis: z.enum(['post-money', 'pre-money']).default('post-money'),
      discount: quantity.optional(),
      mostFavoured: z.boolean().default(false),
      month: month.optional().describe('When it is paid; left out: it is in the cash already'),
      hope: z.boolean().default(false),
    }),
  ),
  round: z
    .strictObject({
      preMoney: quantity,
      month: month.optional(),
      investors: z.record(name, quantity),
      pool: z.strictObject({ target: quantity.optional(), increase: quantity.optional() }).optional(),
      method: z.enum(['percentage', 'pre-money', 'dollars']).default('percentage'),
      hope: z.boolean().default(true),
    })
    .optional(),
})

const marketSchema = z.strictObject({
  customers: quantity,
  reachable: quantity,
  winnable: quantity,
  price: quantity.describe('Of a customer a year'),
})

/** What `capstan assess` judges by. */
export const assessSectionSchema = z.strictObject({
  market: table(marketSchema),
  survey: z
    .strictObject({
      file: name,
      method: z.enum(['van-westendorp', 'gabor-granger']),
      unitCost: quantity.default(0).describe('Of serving one buyer, in the prices’ period'),
    })
    .optional(),
  competitors: table(
    z.strictObject({
      price: quantity.optional(),
      strengths: z.string().default(''),
      weaknesses: z.string().default(''),
      source: z.string().optional(),
      date: dateSchema.optional(),
    }),
  ),
  feasibility: z
    .strictObject({
      task: taskNameSchema,
      target: quantity.describe('Score that the product needs'),
      labelPrice: quantity.optional(),
    })
    .optional(),
  needs: z.strictObject({ team: z.string().optional(), data: z.string().optional() }).default({}),
  criteria: z.record(name, z.number().min(0)).default({}),
  options: table(z.record(name, quantity)),
})

const measurementSchema = z.strictObject({
  measures: name,
  sd: quantity.describe('Error of one observation'),
  fixed: quantity.default(0),
  each: quantity.default(0),
  max: z.int().min(1),
})

/** The file without its scenarios. */
const ventureFields = {
  venture: name,
  what: z.string().default(''),
  date: dateSchema,
  currency: currencySchema,
  months: z.int().min(1).max(120).default(36),
  discount: quantity.default(0),
  exitMultiple: quantity.default(0),
  cash: quantity.describe('Today; `ledger` takes it from the books'),
  buffer: quantity.default(0),
  tasks: z.array(taskNameSchema).optional().describe('Whose models the plan shows; left out: all'),
  assumptions: table(assumptionSchema),
  correlations: z.array(z.strictObject({ between: z.tuple([name, name]), value: z.number() })).default([]),
  segments: table(segmentSchema),
  costs: table(costSchema),
  financing: table(z.strictObject({ month, amount: quantity, hope: z.boolean().default(false) })),
  team: table(roleSchema),
  allocation: allocationSchema.optional(),
  equity: equitySchema.optional(),
  experiments: table(measurementSchema),
  risks: z.array(z.string()).default([]),
  assess: assessSectionSchema.optional(),
}

/** `venture.yaml`. A scenario is a JSON merge patch (RFC 7396) of all the rest: what it does not name stays, null takes away. */
export const ventureFileSchema = z.strictObject({
  ...ventureFields,
  scenarios: z.record(name, z.record(z.string(), z.unknown())).default({}),
})

export type VentureFile = z.output<typeof ventureFileSchema>
export type PlanLink = z.output<typeof planLinkSchema>
export type QuantityText = z.output<typeof quantityTextSchema>
export type EvidenceGrade = z.output<typeof evidenceGradeSchema>
