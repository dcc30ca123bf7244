import { z } from 'zod'
import { moneySchema } from './money.ts'

/** What a run used, as measured: elapsed seconds, seconds of one logical CPU and of a GPU held, energy, and the largest resident set. */
export const usageSchema = z
  .object({
    wallSeconds: z.number().nonnegative(),
    cpuSeconds: z.number().nonnegative(),
    gpuSeconds: z
      .number()
      .nonnegative()
      .meta({ description: 'For which a GPU was held; 0 where the device is the CPU' }),
    energyJoules: z
      .number()
      .nonnegative()
      .nullable()
      .meta({ description: 'Of the machine’s processors meanwhile; null where it has no counters that may be read' }),
    memoryBytesPeak: z.int().nonnegative(),
  })
  .meta({ id: 'Usage' })

/** What a run was expected to use and cost, from its first steps or from a few that changed nothing. */
export const runEstimateSchema = z
  .object({
    seconds: z.number().nonnegative(),
    secondsInterval: z
      .tuple([z.number(), z.number()])
      .nullable()
      .meta({ description: '95 %, from how much the timed steps differ; null where too few were timed' }),
    cpuSeconds: z.number().nonnegative(),
    // Estimates that were recorded before GPUs were counted have none.
    gpuSeconds: z.number().nonnegative().default(0),
    memoryBytesPeak: z.int().nonnegative(),
    memoryBytesToCome: z
      .int()
      .nonnegative()
      .meta({ description: 'The part of the peak that is added: state of embedding rows not yet touched' }),
    steps: z.int().nonnegative(),
    tokens: z.int().nonnegative().meta({ description: 'Of all epochs, without padding' }),
    cost: moneySchema,
  })
  .meta({ id: 'RunEstimate' })

/** A setting with its value and why it has it: chosen from the data and the base, or asked for. */
export const choiceSchema = z
  .object({
    setting: z.string().meta({ example: 'epochs' }),
    value: z.unknown().meta({ example: 12 }),
    reason: z.string().meta({ example: '770 examples, 10 a label (few-shot)' }),
    by: z.enum(['capstan', 'user']),
  })
  .meta({ id: 'Choice' })

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
    estimate: runEstimateSchema.nullable(),
    choices: z.array(choiceSchema),
  })
  .meta({ id: 'Run' })

export type Choice = z.output<typeof choiceSchema>
export type RunEstimate = z.output<typeof runEstimateSchema>
export type Usage = z.infer<typeof usageSchema>
export type Run = z.infer<typeof runSchema>
