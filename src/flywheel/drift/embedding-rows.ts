/** Embeddings, row after row. */
export type EmbeddingRows = { values: ArrayLike<number>; width: number }

export function countRows({ values, width }: EmbeddingRows): number {
  return values.length / width
}

/** The rows of both, the first's first. */
export function stackRows(first: EmbeddingRows, second: EmbeddingRows): EmbeddingRows & { values: Float64Array } {
  const values = new Float64Array(first.values.length + second.values.length)
  values.set(Array.from(first.values))
  values.set(Array.from(second.values), first.values.length)
  return { values, width: first.width }
}

/** Squared Euclidean distance of two rows of the same array. */
export function squaredDistance({ values, width }: EmbeddingRows, a: number, b: number): number {
  let sum = 0
  for (let k = 0; k < width; k++) {
    const difference = (values[a * width + k] as number) - (values[b * width + k] as number)
    sum += difference * difference
  }
  return sum
}
