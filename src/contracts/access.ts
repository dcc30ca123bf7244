import { z } from 'zod'
import { taskNameSchema } from './config.ts'

/** What is wanted of a new API key. */
export const newApiKeySchema = z.strictObject({
  name: z.string().trim().min(1, 'must not be empty').max(100, 'must have at most 100 characters'),
  tasks: z.array(taskNameSchema).min(1, 'must name at least one task').optional(),
  lifetimeSeconds: z
    .int()
    .min(1, 'must be at least a second')
    .max(3_153_600_000, 'must be at most a century')
    .optional(),
  requestsPerMinute: z.int().min(1, 'must be at least 1').max(1_000_000, 'must be at most 1,000,000').optional(),
})

/** An API key as its owner sees it; the secret is shown once, when it is made, and is not stored. */
export const apiKeySchema = z
  .object({
    id: z.string().meta({ example: 'key_01k9z5v7q2c3' }),
    name: z.string().meta({ example: 'web shop' }),
    tasks: z.array(z.string()).nullable().meta({ description: 'The tasks it may ask; null for all' }),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    revokedAt: z.iso.datetime().nullable(),
    requestsPerMinute: z.int().nullable().meta({ description: 'For each server process; null for no limit' }),
  })
  .meta({ id: 'ApiKey' })

/** Administrative acts, which the audit log keeps; requests for predictions are none. */
export const auditActSchema = z.enum([
  'key-created',
  'key-revoked',
  'version-promoted',
  'version-rolled-back',
  'feedback-given',
  'label-given',
])

/** One line of the audit log: who did what, when, to which things by name; never a text, never a secret. */
export const auditEntrySchema = z
  .object({
    sequence: z.int().min(1),
    at: z.iso.datetime(),
    actor: z.string().meta({ description: 'Id of an API key, or cli', example: 'cli' }),
    act: auditActSchema,
    subject: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  })
  .meta({ id: 'AuditEntry' })

export type NewApiKey = z.infer<typeof newApiKeySchema>
export type ApiKey = z.infer<typeof apiKeySchema>
export type AuditAct = z.infer<typeof auditActSchema>
export type AuditEntry = z.infer<typeof auditEntrySchema>
