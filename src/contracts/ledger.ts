import { z } from 'zod'
import { microSchema } from './money.ts'

/** A signed amount of one commodity on one account: debits are positive, credits negative. */
export const postingSchema = z
  .object({
    account: z.string().meta({ example: 'Expenses:Model:Compute' }),
    commodity: z.string().meta({ description: 'A currency, or a measured unit such as CPU-SECOND', example: 'USD' }),
    amountMicro: microSchema.meta({ description: 'Millionths of the commodity', example: '40800' }),
  })
  .meta({ id: 'Posting' })

/** One entry of the journal; its postings add up to zero for each commodity. */
export const entrySchema = z
  .object({
    id: z.string().meta({ example: 'entry_01k9z5v7q2c3' }),
    source: z.string().meta({ description: 'Who posted it; with `key` it is unique', example: 'capstan.run' }),
    key: z.string(),
    eventTime: z.iso.datetime().meta({ description: 'When it happened' }),
    recordedAt: z.iso.datetime().meta({ description: 'When the ledger learnt of it' }),
    description: z.string(),
    dimensions: z
      .record(z.string(), z.string())
      .meta({ description: 'What it belongs to', example: { task: 'support' } }),
    bookedAt: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'When it counts, where it happened in a month that was closed already' }),
    reverses: z.string().nullable().meta({ description: 'Id of the entry that it takes back' }),
    postings: z.array(postingSchema).min(2),
  })
  .meta({ id: 'LedgerEntry' })

/** What one account holds of one commodity. */
export const balanceSchema = postingSchema.meta({ id: 'Balance' })

export type Posting = z.output<typeof postingSchema>
export type Entry = z.output<typeof entrySchema>
export type Balance = z.output<typeof balanceSchema>
