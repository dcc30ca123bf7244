/** Embeddings, row after row, of `width` numbers each. */
export type EmbeddingRows = { values: ArrayLike<number>; width: number }

export function countRows({ values, width }: EmbeddingRows): number {
  return values.length / width
}

export function rowOf({ values, width }: EmbeddingRows, index: number): Float64Array {
  const row = new Float64Array(width)
  for (let k = 0; k < width; k++) row[k] = values[index * width + k] as number
  return row
}

/** The rows, each a copy of its own and of length 1; zeros stay zeros. */
export function unitRowsOf(rows: EmbeddingRows): Float64Array[] {
  return Array.from({ length: countRows(rows) }, (_, i) => normalize(rowOf(rows, i)))
}

export function normalize(row: Float64Array): Float64Array {
  const length = Math.sqrt(dot(row, row)) || 1
  return row.map((value) => value / length)
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number)
  return sum
}

export function squaredDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += ((a[k] as number) - (b[k] as number)) ** 2
  return sum
}
