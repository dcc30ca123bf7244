import { assert } from '../base/index.ts'
import { rowsPerBatch } from './plan-batches.ts'

/** What bounds the choice of bucket lengths; all lengths are in tokens. */
export type ChooseBucketsOptions = {
  tokensPerBatch: number
  /** Each bucket length costs a specialised graph. */
  bucketsMax?: number
  /** No bucket is longer: what the model's positions allow. */
  lengthMax?: number
}

/**
 * Rising bucket lengths (tokens) with which the texts' batches hold the fewest tokens, padding to the bucket's length and
 * empty rows of each last batch included: an optimal partition of the length histogram, by dynamic programming. Fewer
 * buckets where more do not help; none for no texts.
 */
export function chooseBuckets(lengths: ArrayLike<number>, options: ChooseBucketsOptions): number[] {
  const { tokensPerBatch, bucketsMax = 8, lengthMax = Number.POSITIVE_INFINITY } = options
  const counts: number[] = []
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i] as number
    assert(length <= lengthMax, `internal: text ${i} has ${length} tokens, more than the ${lengthMax} allowed`)
    const shorter = Math.max(1, length) - 1
    while (counts.length <= shorter) counts.push(0)
    counts[shorter] = (counts[shorter] as number) + 1
  }
  if (counts.length === 0) return []

  /** How many texts have at most so many tokens. */
  const textsUpTo = [0]
  for (const count of counts) textsUpTo.push((textsUpTo.at(-1) as number) + count)
  /** Tokens of the batches of one bucket, for the texts of more than `from` and up to `to` tokens. */
  const countTokens = (from: number, to: number): number => {
    const rows = rowsPerBatch(to, tokensPerBatch)
    return Math.ceil(((textsUpTo[to] as number) - (textsUpTo[from] as number)) / rows) * rows * to
  }
  return choosePartition(counts.length, bucketsMax, countTokens)
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
