/** One prediction on an example whose true label is known; classes are numbered. */
export type KnownPrediction = { actual: number; predicted: number }

/**
 * The share of each true label in recent traffic, from the model's answers alone: black-box shift estimation (Lipton et al.
 * 2018). Under label shift, answers are distributed as C · shares, where column j of C is how the model answers examples of
 * label j, measured on `known`. Null where the answers cannot tell the labels apart, because C cannot be inverted.
 * Negative shares, which small windows give, become 0.
 */
export function estimateLabelShift(
  known: readonly KnownPrediction[],
  predicted: ArrayLike<number>,
  labelCount: number,
): number[] | null {
  const columns = Array.from({ length: labelCount }, () => new Array<number>(labelCount).fill(0))
  const counts = new Array<number>(labelCount).fill(0)
  for (const { actual, predicted: answer } of known) {
    const column = columns[actual] as number[]
    column[answer] = (column[answer] as number) + 1
    counts[actual] = (counts[actual] as number) + 1
  }
  const answers = new Array<number>(labelCount).fill(0)
  for (const answer of Array.from(predicted)) answers[answer] = (answers[answer] as number) + 1 / predicted.length
  const system = answers.map((share, answer) => [
    ...columns.map((column, j) => (column[answer] as number) / Math.max(1, counts[j] as number)),
    share,
  ])
  const shares = solve(system)?.map((share) => Math.max(0, share))
  const total = shares?.reduce((sum, share) => sum + share, 0) ?? 0
  return shares && total > 0 ? shares.map((share) => share / total) : null
}

/** Gaussian elimination with partial pivoting on rows [A | b]; null where A is singular. */
function solve(rows: number[][]): number[] | null {
  const size = rows.length
  for (let column = 0; column < size; column++) {
    const at = (row: number) => Math.abs((rows[row] as number[])[column] as number)
    let pivot = column
    for (let row = column + 1; row < size; row++) if (at(row) > at(pivot)) pivot = row
    if (at(pivot) < 1e-9) return null
    const top = rows[pivot] as number[]
    rows[pivot] = rows[column] as number[]
    rows[column] = top
    for (let row = 0; row < size; row++) {
      if (row === column) continue
      const current = rows[row] as number[]
      const factor = (current[column] as number) / (top[column] as number)
      for (let k = column; k <= size; k++) current[k] = (current[k] as number) - factor * (top[k] as number)
    }
  }
  return rows.map((row, i) => (row[size] as number) / (row[i] as number))
}
