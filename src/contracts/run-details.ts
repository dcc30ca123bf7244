import { z } from 'zod'
import { modelVersionSchema } from './model-version.ts'
import { moneySchema } from './money.ts'
import { runSchema } from './run.ts'

/** One update of the weights: its loss, the body's learning rate, the norm of the gradient before clipping, and its work. */
export const stepMetricsSchema = z.object({
  step: z.int().positive(),
  epoch: z.int().positive(),
  loss: z.number(),
  learningRate: z.number(),
  gradientNorm: z.number(),
  tokens: z.int().nonnegative().meta({ description: 'Without padding' }),
  seconds: z.number().nonnegative(),
})

/** The model on the validation texts at the end of an epoch; epoch 0 is before the first step. */
export const epochMetricsSchema = z.object({
  epoch: z.int().nonnegative(),
  step: z.int().nonnegative(),
  loss: z.number().nullable().meta({ description: 'Epochs are compared by it; null without validation texts' }),
  metrics: z.record(z.string(), z.unknown()).meta({ description: 'The report without its tables' }),
  isBest: z.boolean().meta({ description: 'Better than all before it: its model was saved' }),
})

/** A run with all that is known of it. */
export const runDetailsSchema = runSchema
  .extend({
    effectiveSettings: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: 'Every setting of training, chosen ones included; null where training did not begin' }),
    cost: moneySchema.nullable(),
    model: modelVersionSchema.nullable().meta({ description: 'The version that the run made' }),
    keptEpoch: z.int().nonnegative().nullable(),
    steps: z.array(stepMetricsSchema),
    epochs: z.array(epochMetricsSchema),
  })
  .meta({ id: 'RunDetails' })

export type StepMetrics = z.output<typeof stepMetricsSchema>
export type EpochMetrics = z.output<typeof epochMetricsSchema>
export type RunDetails = z.output<typeof runDetailsSchema>
