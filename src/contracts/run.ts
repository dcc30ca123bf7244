import { z } from 'zod'

/** What a run used, as measured: elapsed seconds, seconds of one logical CPU, and the largest resident set. */
export const usageSchema = z
  .object({
    wallSeconds: z.number().nonnegative(),
    cpuSeconds: z.number().nonnegative(),
    memoryBytesPeak: z.int().nonnegative(),
  })
  .meta({ id: 'Usage' })

/** One execution of training, compression or evaluation. `error` is there when it failed, `usage` once it has ended. */
export const runSchema = z
  .object({
    id: z.string().meta({ example: 'run_01k9z5v7q2c3' }),
    task: z.string().meta({ example: 'support' }),
    kind: z.enum(['train', 'compress', 'evaluate']),
    status: z.enum(['running', 'succeeded', 'failed', 'stopped']),
    seed: z.int().nonnegative(),
    settings: z.record(z.string(), z.unknown()),
    startedAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    usage: usageSchema.nullable(),
  })
  .meta({ id: 'Run' })

export type Usage = z.infer<typeof usageSchema>
export type Run = z.infer<typeof runSchema>
