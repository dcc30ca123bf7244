/** What a batch of predictions counts, and what it keeps on disk to go on after its process was killed. */
import { z } from 'zod'

const count = z.int().min(0)

export const batchCountsSchema = z.object({
  answered: count,
  /** Rows written with the reason why they have no answer. */
  failed: count,
  truncated: count,
  /** Texts that ran through the model; one that comes again soon does not run again. */
  texts: count,
  tokens: count,
  /** On top of them, those that only filled texts up to the length of others. */
  tokensPadded: count,
  /** Rows by label; of several labels a row counts for each. */
  labels: z.record(z.string(), count),
})

/** What a batch was asked to do: it goes on only as the same batch. */
export const batchHeaderSchema = z.object({
  batch: z.literal(1),
  input: z.object({ sha256: z.string(), sizeBytes: count }),
  model: z.string(),
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
})

/** After a block of rows: all rows and bytes so far, what the block counted, and what its format needs to go on. */
export const batchCheckpointSchema = z.object({
  rows: count,
  offset: count,
  counts: batchCountsSchema,
  state: z.string(),
})

export type BatchCounts = z.infer<typeof batchCountsSchema>
export type BatchHeader = z.infer<typeof batchHeaderSchema>
export type BatchCheckpoint = z.infer<typeof batchCheckpointSchema>
