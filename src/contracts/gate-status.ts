import { z } from 'zod'
import { moneySchema } from './money.ts'
import { modelReferenceSchema } from './prediction.ts'

/** What `capstan gate` and GET /v1/tasks/{task}/gate tell. */
export const gateStatusSchema = z
  .object({
    task: z.string(),
    teacher: z.string().nullable().meta({ description: 'The type of teacher', example: 'openai' }),
    model: modelReferenceSchema.nullable(),
    isOpen: z.boolean().meta({ description: 'Some requests are answered by the own model' }),
    closedReason: z.enum(['audits', 'drift']).nullable(),
    reason: z.string().meta({ description: 'Why, in a sentence' }),
    gate: z
      .object({
        open: z.boolean(),
        threshold: z.number().nullable(),
        coverage: z.number(),
        n: z.int(),
        target: z.number(),
        confidence: z.number(),
        evidence: z
          .object({
            threshold: z.number(),
            accepted: z.int(),
            errors: z.int(),
            agreement: z.number(),
            bound: z.number(),
            alpha: z.number(),
          })
          .nullable(),
      })
      .nullable(),
    temperature: z.number().nullable(),
    outOfScope: z.object({ threshold: z.number().nullable(), n: z.int(), reason: z.string() }).nullable(),
    audits: z
      .object({
        audited: z.int(),
        agreed: z.int(),
        agreement: z.number().nullable(),
        lower: z.number(),
        upper: z.number(),
        closed: z.boolean(),
      })
      .nullable(),
    evidence: z
      .object({ checked: z.int(), agreement: z.number().nullable(), bound: z.number(), confidence: z.number() })
      .nullable(),
    examples: z.int(),
    trainedExamples: z.int(),
    calibrateSince: z.string().nullable(),
    traffic: z.array(z.object({ source: z.string(), count: z.int(), cost: moneySchema.nullable() })),
    alerts: z.array(z.object({ kind: z.string(), message: z.string(), createdAt: z.string() })),
  })
  .meta({ id: 'GateStatus' })

export type GateStatus = z.output<typeof gateStatusSchema>
