import { z } from 'zod'

/** A candidate waits, a shadow answers beside the live one without being heard, a retired one was live. */
export const stageSchema = z.enum(['candidate', 'shadow', 'live', 'retired'])

/** Where a model version comes from: enough to make it again. */
export const lineageSchema = z
  .object({
    run: z.string().meta({ example: 'run_01k9z5v7q2c3' }),
    datasetFingerprint: z.string(),
    base: z.object({ name: z.string().meta({ example: 'all-MiniLM-L6-v2' }), sha256: z.string() }),
    settings: z.record(z.string(), z.unknown()),
    seed: z.int().nonnegative(),
    codeVersion: z.string().meta({ example: '0.1.0' }),
  })
  .meta({ id: 'Lineage' })

/** What a run produced, numbered from 1 within its task. */
export const modelVersionSchema = z
  .object({
    id: z.string().meta({ example: 'model_01k9z5v7q2c3' }),
    task: z.string().meta({ example: 'support' }),
    version: z.int().min(1),
    stage: stageSchema,
    lineage: lineageSchema,
    metrics: z.record(z.string(), z.unknown()),
    sizeBytes: z.int().nonnegative(),
    files: z.array(z.object({ path: z.string(), sha256: z.string(), sizeBytes: z.int().nonnegative() })),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'ModelVersion' })

export type Stage = z.infer<typeof stageSchema>
export type Lineage = z.infer<typeof lineageSchema>
export type ModelVersion = z.infer<typeof modelVersionSchema>
