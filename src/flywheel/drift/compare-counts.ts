import { markFirst, type PermutationOptions, permutationPValue, shuffleMarks } from './permutation-p-value.ts'

/** How far apart two windows of counts are; exact p-values come with any. */
const measures = {
  /** The likelihood ratio of the table of two windows by categories, 2 Σ observed · ln(observed / expected). */
  g: measureG,
  /** The population stability index, Σ (q − p) · ln(q / p), with half a count added to each cell; over 0.2 is called large. */
  psi: measurePsi,
}

/**
 * Whether two windows draw their categories (0 … width − 1: labels, or bins of a number) from one distribution. The p-value
 * comes from permutations of the windows, so that it is exact however rare a category is. O(n) a permutation.
 */
export function compareCounts(
  reference: ArrayLike<number>,
  recent: ArrayLike<number>,
  { width, by, ...options }: PermutationOptions & { width: number; by: keyof typeof measures },
): { statistic: number; p: number } {
  const pooled = Int32Array.from([...Array.from(reference), ...Array.from(recent)])
  const totals = countBy(pooled, width)
  const measure = (isReference: Uint8Array) =>
    measures[by](countBy(pooled, width, isReference), totals, reference.length, pooled.length)
  const marks = markFirst(reference.length, pooled.length)
  const statistic = measure(marks)
  return { statistic, p: permutationPValue(statistic, (random) => measure(shuffleMarks(marks, random)), options) }
}

function countBy(categories: Int32Array, width: number, marks?: Uint8Array): Float64Array {
  const counts = new Float64Array(width)
  for (let i = 0; i < categories.length; i++) {
    if (marks && marks[i] === 0) continue
    const category = categories[i] as number
    counts[category] = (counts[category] as number) + 1
  }
  return counts
}

function measureG(counts: Float64Array, totals: Float64Array, size: number, total: number): number {
  const term = (observed: number, expected: number) => (observed > 0 ? observed * Math.log(observed / expected) : 0)
  let g = 0
  for (let j = 0; j < totals.length; j++) {
    const [all, first] = [totals[j] as number, counts[j] as number]
    if (all === 0) continue
    g += term(first, (all * size) / total) + term(all - first, (all * (total - size)) / total)
  }
  return 2 * g
}

function measurePsi(counts: Float64Array, totals: Float64Array, size: number, total: number): number {
  const width = totals.length
  let psi = 0
  for (let j = 0; j < width; j++) {
    const p = ((counts[j] as number) + 0.5) / (size + width / 2)
    const q = ((totals[j] as number) - (counts[j] as number) + 0.5) / (total - size + width / 2)
    psi += (q - p) * Math.log(q / p)
  }
  return psi
}
