/** L with L · Lᵀ = the symmetric positive definite matrix, of which only the lower triangle is read. */
export function factorize(matrix: Float64Array, size: number): { values: Float64Array; size: number } {
  const lower = new Float64Array(size * size)
  for (let a = 0; a < size; a++) {
    for (let b = 0; b <= a; b++) {
      let rest = matrix[a * size + b] as number
      for (let k = 0; k < b; k++) rest -= (lower[a * size + k] as number) * (lower[b * size + k] as number)
      lower[a * size + b] = a === b ? Math.sqrt(rest) : rest / (lower[b * size + b] as number)
    }
  }
  return { values: lower, size }
}

/** The x with L · x = b. */
export function solveLower({ values, size }: { values: Float64Array; size: number }, b: Float64Array): Float64Array {
  const x = new Float64Array(size)
  for (let a = 0; a < size; a++) {
    let rest = b[a] as number
    for (let k = 0; k < a; k++) rest -= (values[a * size + k] as number) * (x[k] as number)
    x[a] = rest / (values[a * size + a] as number)
  }
  return x
}
