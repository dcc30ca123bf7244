import { createRandom, type Random } from '../../base/index.ts'

export type PermutationOptions = {
  /** The smallest p-value that is of use; it sets how many permutations are drawn at most. */
  pMin: number
  seed: number
}

/** Enough of them that p is known to a third, and then the drawing stops. */
const exceedancesMax = 10

/**
 * The share of permutations whose statistic is at least the observed one, by the sequential rule of Besag and Clifford
 * (1991): an unremarkable p-value takes a few dozen draws, a small one 1 / pMin of them. Exact: P(p ≤ x) ≤ x.
 */
export function permutationPValue(
  observed: number,
  draw: (random: Random) => number,
  { pMin, seed }: PermutationOptions,
): number {
  const random = createRandom(seed, 'permutations')
  const drawsMax = Math.ceil(1 / pMin)
  let exceedances = 0
  for (let draws = 1; draws <= drawsMax; draws++) {
    if (draw(random) >= observed - 1e-12 * Math.abs(observed)) exceedances++
    if (exceedances === exceedancesMax) return exceedances / draws
  }
  return (exceedances + 1) / (drawsMax + 1)
}

/** Marks `count` of the first places of `isFirst` anew at random, in place (Fisher-Yates). */
export function shuffleMarks(isFirst: Uint8Array, random: Random): Uint8Array {
  for (let i = isFirst.length - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const mark = isFirst[i] as number
    isFirst[i] = isFirst[j] as number
    isFirst[j] = mark
  }
  return isFirst
}

/** Ones for the reference, zeros for the recent window. */
export function markFirst(first: number, total: number): Uint8Array {
  return new Uint8Array(total).fill(1, 0, first)
}
