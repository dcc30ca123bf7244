import { assert, createRandom, shuffle } from '../base/index.ts'

/** How texts are put into batches; all lengths are in tokens. */
export type PlanBatchesOptions = {
  tokensPerBatch: number
  /** Rising numbers of tokens, the last at least the longest text: what `chooseBuckets` gives. */
  bucketLengths: readonly number[]
  /** Without it, texts and batches stand in the order of the input, shorter buckets first. */
  shuffle?: { seed: number; epoch: number }
}

/** Texts to run together, padded to `length` tokens and, with empty ones, to `rows` texts. */
export type Batch = { indices: number[]; length: number; rows: number }

/** Texts in a batch of that many tokens each, padding included: the same for all batches of one length. */
export function rowsPerBatch(length: number, tokensPerBatch: number): number {
  return Math.max(1, Math.round(tokensPerBatch / length))
}

/**
 * Divides texts, given by their lengths in tokens, into batches of one length each: every text is in exactly one batch.
 * Shuffled, both the company of a text and the order of the batches differ from epoch to epoch.
 */
export function planBatches(lengths: ArrayLike<number>, options: PlanBatchesOptions): Batch[] {
  const { tokensPerBatch, bucketLengths, shuffle: key } = options
  const inOrder = <T>(items: T[], what: string, ...more: number[]) =>
    key ? shuffle(items, createRandom(key.seed, what, key.epoch, ...more)) : items
  const buckets = bucketLengths.map((): number[] => [])
  for (let i = 0; i < lengths.length; i++) {
    const bucket = buckets[bucketLengths.findIndex((length) => length >= (lengths[i] as number))]
    assert(bucket, `internal: text ${i} of ${lengths[i]} tokens is longer than the last of buckets ${bucketLengths}`)
    bucket.push(i)
  }
  const batches = buckets.flatMap((bucket, b) => {
    const length = bucketLengths[b] as number
    const rows = rowsPerBatch(length, tokensPerBatch)
    const members = inOrder(bucket, 'batch-rows', length)
    const count = Math.ceil(members.length / rows)
    return Array.from({ length: count }, (_, i) => ({ indices: members.slice(i * rows, (i + 1) * rows), length, rows }))
  })
  return inOrder(batches, 'batch-order')
}
