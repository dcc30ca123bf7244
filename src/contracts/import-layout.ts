import { z } from 'zod'
import { currencySchema } from './money.ts'

export const statementKindSchema = z.enum(['bank', 'payroll', 'marketing'])

/** Columns that a statement may have; which are needed depends on its kind. */
export const statementFields = [
  'date',
  'amount',
  'debit',
  'credit',
  'currency',
  'description',
  'id',
  'account',
  'gross',
  'net',
  'tax',
  'employer',
  'role',
  'channel',
  'campaign',
] as const

/** How the columns of a file become entries; remembered for files with the same columns. */
export const importMappingSchema = z.strictObject({
  kind: statementKindSchema,
  columns: z.partialRecord(z.enum(statementFields), z.string().min(1)),
  /** Where the money lies, or is owed. */
  account: z.string(),
  /** The other side, where no rule says better. */
  counter: z.string(),
  /** Of rows that name none. */
  currency: currencySchema.nullable(),
  decimal: z.enum(['.', ',']),
  dates: z.enum(['YMD', 'DMY', 'MDY']),
  /** The first whose text stands in the description gives the other account. */
  rules: z.array(z.strictObject({ text: z.string().min(1), account: z.string() })),
})

export type StatementKind = z.infer<typeof statementKindSchema>
export type StatementField = (typeof statementFields)[number]
export type ImportMapping = z.output<typeof importMappingSchema>
