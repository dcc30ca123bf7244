// Least squares with few parameters. Matrices are rows of numbers, symmetric and at most 5 × 5.

/** The solution of a · x = b for a symmetric positive definite a; undefined where a is singular to working precision. */
export function solveSymmetric(a: readonly (readonly number[])[], b: readonly number[]): number[] | undefined {
  const size = b.length
  // Unit diagonal: parameters have units of their own, and a pivot says something only without them.
  const scale = a.map((row, i) => 1 / Math.sqrt(row[i] as number))
  const lower: number[][] = []
  for (let i = 0; i < size; i++) {
    const row: number[] = []
    lower.push(row)
    for (let j = 0; j <= i; j++) {
      let sum = at(a, i, j) * (scale[i] as number) * (scale[j] as number)
      for (let k = 0; k < j; k++) sum -= (row[k] as number) * at(lower, j, k)
      if (i === j) {
        if (!(sum > 1e-14)) return undefined
        row.push(Math.sqrt(sum))
      } else row.push(sum / at(lower, j, j))
    }
  }
  const x = b.map((value, i) => value * (scale[i] as number))
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i] = (x[i] as number) - at(lower, i, k) * (x[k] as number)
    x[i] = (x[i] as number) / at(lower, i, i)
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i] = (x[i] as number) - at(lower, k, i) * (x[k] as number)
    x[i] = (x[i] as number) / at(lower, i, i)
  }
  return x.map((value, i) => value * (scale[i] as number))
}

/** The x that minimises |a · x − b|² for rows a, at least as many as columns, by orthogonal columns (Gram-Schmidt, twice). */
export function solveLeastSquares(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const size = a[0]?.length ?? 0
  const columns = Array.from({ length: size }, (_, j) => Float64Array.from(a, (row) => row[j] as number))
  const upper = columns.map(() => new Float64Array(size))
  const right = Float64Array.from(b)
  const projected = new Float64Array(size)
  for (let j = 0; j < size; j++) {
    const column = columns[j] as Float64Array
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < j; i++) {
        const share = dot(columns[i] as Float64Array, column)
        addTo(upper[i] as Float64Array, j, share)
        subtract(column, columns[i] as Float64Array, share)
      }
    }
    const length = Math.sqrt(dot(column, column))
    addTo(upper[j] as Float64Array, j, length)
    for (let k = 0; k < column.length; k++) column[k] = length === 0 ? 0 : (column[k] as number) / length
    projected[j] = dot(column, right)
    subtract(right, column, projected[j] as number)
  }
  const x = new Array<number>(size).fill(0)
  for (let i = size - 1; i >= 0; i--) {
    let rest = projected[i] as number
    for (let k = i + 1; k < size; k++) rest -= (upper[i]?.[k] as number) * (x[k] as number)
    const pivot = upper[i]?.[i] as number
    x[i] = pivot === 0 ? 0 : rest / pivot
  }
  return x
}

/** The inverse of a symmetric positive definite matrix; undefined where it is singular. */
export function invertSymmetric(a: readonly (readonly number[])[]): number[][] | undefined {
  const columns: number[][] = []
  for (let i = 0; i < a.length; i++) {
    const column = solveSymmetric(
      a,
      a.map((_, j) => (i === j ? 1 : 0)),
    )
    if (column === undefined) return undefined
    columns.push(column)
  }
  return columns
}

/** Σ w · g · gᵀ over the rows g of a Jacobian. */
export function normalMatrix(jacobian: readonly (readonly number[])[], weights: readonly number[]): number[][] {
  const size = jacobian[0]?.length ?? 0
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) =>
      jacobian.reduce((sum, row, k) => sum + (weights[k] as number) * (row[i] as number) * (row[j] as number), 0),
    ),
  )
}

/** xᵀ · a · y. */
export function bilinear(x: readonly number[], a: readonly (readonly number[])[], y: readonly number[]): number {
  return x.reduce((sum, xi, i) => sum + xi * y.reduce((inner, yj, j) => inner + at(a, i, j) * yj, 0), 0)
}

function at(rows: readonly (readonly number[])[], i: number, j: number): number {
  return (rows[i] as readonly number[])[j] as number
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0
  for (let i = 0; i < one.length; i++) sum += (one[i] as number) * (other[i] as number)
  return sum
}

function subtract(from: Float64Array, column: Float64Array, share: number): void {
  for (let i = 0; i < from.length; i++) from[i] = (from[i] as number) - share * (column[i] as number)
}

function addTo(row: Float64Array, index: number, value: number): void {
  row[index] = (row[index] as number) + value
}
