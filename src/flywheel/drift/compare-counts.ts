import { markFirst, type PermutationOptions, permutationPValue, shuffleMarks } from './permutation-p-value.ts'

export type CountsComparison = {
  /** The G statistic, 2 Σ observed · ln(observed / expected), of the table of two windows by categories. */
  g: number
  /** The population stability index, Σ (q − p) · ln(q / p), with half a count added to each cell; over 0.2 is called large. */
  psi: number
  p: number
}

/**
 * Whether two windows draw their categories (0 … width − 1: labels, or bins of a number) from one distribution. The p-value
 * comes from permutations of the windows, so that it is exact however rare a category is. O(n) a permutation.
 */
export function compareCounts(
  reference: ArrayLike<number>,
  recent: ArrayLike<number>,
  width: number,
  options: PermutationOptions & { by: 'g' | 'psi' },
): CountsComparison {
  const pooled = Int32Array.from({ length: reference.length + recent.length }, (_, i) =>
    i < reference.length ? (reference[i] as number) : (recent[i - reference.length] as number),
  )
  const marks = markFirst(reference.length, pooled.length)
  const totals = countBy(pooled, width)
  const measure = options.by === 'g' ? measureG : measurePsi
  const statistic = (isReference: Uint8Array) => countBy(pooled, width, isReference)
  const observed = statistic(marks)
  const p = permutationPValue(
    measure(observed, totals, reference.length),
    (random) => measure(statistic(shuffleMarks(marks, random)), totals, reference.length),
    options,
  )
  return {
    g: measureG(observed, totals, reference.length),
    psi: measurePsi(observed, totals, reference.length),
    p,
  }
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

function measureG(counts: Float64Array, totals: Float64Array, size: number): number {
  const total = totals.reduce((sum, count) => sum + count, 0)
  const term = (observed: number, expected: number) => (observed > 0 ? observed * Math.log(observed / expected) : 0)
  let g = 0
  for (let j = 0; j < totals.length; j++) {
    const [all, first] = [totals[j] as number, counts[j] as number]
    if (all === 0) continue
    g += term(first, (all * size) / total) + term(all - first, (all * (total - size)) / total)
  }
  return 2 * g
}

function measurePsi(counts: Float64Array, totals: Float64Array, size: number): number {
  const total = totals.reduce((sum, count) => sum + count, 0)
  const width = totals.length
  let psi = 0
  for (let j = 0; j < width; j++) {
    const p = ((counts[j] as number) + 0.5) / (size + width / 2)
    const q = ((totals[j] as number) - (counts[j] as number) + 0.5) / (total - size + width / 2)
    psi += (q - p) * Math.log(q / p)
  }
  return psi
}
