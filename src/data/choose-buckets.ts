import { assert } from '../base/index.ts'
import { rowsPerBatch } from './plan-batches.ts'

/** What bounds the choice of bucket lengths; all lengths are in tokens. */
export type ChooseBucketsOptions = {
  tokensPerBatch: number
  /** Each bucket length costs a specialised graph. */
  bucketsMax?: number
  /** Bucket lengths are multiples of this, but for `lengthMax`. */
  multipleOf?: number
  /** No bucket is longer: what the model's positions allow. */
  lengthMax?: number
}

/**
 * Rising bucket lengths (tokens) with which the texts' batches hold the fewest tokens, padding to the bucket's length and
 * empty rows of each last batch included: an optimal partition of the length histogram, by dynamic programming. Fewer
 * buckets where more do not help; none for no texts.
 */
export function chooseBuckets(lengths: ArrayLike<number>, options: ChooseBucketsOptions): number[] {
  const { tokensPerBatch, bucketsMax = 6, multipleOf = 4, lengthMax = Number.POSITIVE_INFINITY } = options
  const counts: number[] = []
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i] as number
    assert(length <= lengthMax, `internal: text ${i} has ${length} tokens, more than the ${lengthMax} allowed`)
    const candidate = Math.ceil(Math.max(1, length) / multipleOf) - 1
    while (counts.length <= candidate) counts.push(0)
    counts[candidate] = (counts[candidate] as number) + 1
  }
  if (counts.length === 0) return []

  const candidates = counts.map((_, candidate) => Math.min(lengthMax, (candidate + 1) * multipleOf))
  /** How many texts are not longer than each candidate, after a 0 for none. */
  const textsUpTo = [0]
  for (const count of counts) textsUpTo.push((textsUpTo.at(-1) as number) + count)
  /** Tokens of the batches of one bucket, for the texts longer than candidate `from - 1` and up to `to - 1`. */
  const countTokens = (from: number, to: number): number => {
    const length = candidates[to - 1] as number
    const rows = rowsPerBatch(length, tokensPerBatch)
    return Math.ceil(((textsUpTo[to] as number) - (textsUpTo[from] as number)) / rows) * rows * length
  }
  return choosePartition(candidates.length, bucketsMax, countTokens).map((end) => candidates[end - 1] as number)
}

/** Ends of the at most `partsMax` ranges (from, to] of 0..size whose costs have the least sum; the fewest such. */
function choosePartition(size: number, partsMax: number, cost: (from: number, to: number) => number): number[] {
  type Plan = { cost: number; ends: number[] }
  let best = Array.from({ length: size + 1 }, (_, to): Plan | undefined =>
    to === 0 ? undefined : { cost: cost(0, to), ends: [to] },
  )
  for (let parts = 2; parts <= Math.min(partsMax, size); parts++) {
    const shorter = best
    best = shorter.map((plan, to) => {
      let chosen = plan
      for (let from = 1; from < to; from++) {
        const before = shorter[from] as Plan
        const total = before.cost + cost(from, to)
        if (!chosen || total < chosen.cost) chosen = { cost: total, ends: [...before.ends, to] }
      }
      return chosen
    })
  }
  return (best[size] as Plan).ends
}
