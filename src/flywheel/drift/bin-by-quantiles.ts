/**
 * Bin numbers (0 … bins − 1) of the values of both, between quantiles of all of them together: bins that know both windows
 * alike keep a permutation test exact. Equal values share a bin, so that some may stay empty.
 */
export function binByQuantiles(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  bins: number,
): [Int32Array, Int32Array] {
  const sorted = Float64Array.from([...Array.from(first), ...Array.from(second)]).sort()
  const edges = Array.from(
    { length: bins - 1 },
    (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / bins)] as number,
  )
  const binOf = (value: number) => edges.reduce((bin, edge) => bin + (value >= edge ? 1 : 0), 0)
  return [Int32Array.from(first, binOf), Int32Array.from(second, binOf)]
}
