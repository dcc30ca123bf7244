/**
 * Max-plus and max-times convolution: the best that two parts make of each budget, j ↦ max over t of u(j − t) ∘ w(t), with
 * the t that is best. The inner loops are what the grid's time goes to, hence the loops for each operation.
 */
export type Convolution = { values: Float64Array; choice: Int32Array }

/** Both of one length, and of at least 0 under a product. O(n log n) where one of the two is (log-)concave, else O(n²). */
export function convolveMax(u: Float64Array, w: Float64Array, combine: 'sum' | 'product'): Convolution {
  const bends = combine === 'sum' ? isConcave : isLogConcave
  if (bends(w)) return convolveMonotone(u, w, combine)
  if (bends(u)) {
    const { values, choice } = convolveMonotone(w, u, combine)
    return { values, choice: choice.map((t, j) => j - t) }
  }
  return combine === 'sum' ? convolveSums(u, w) : convolveProducts(u, w)
}

function convolveSums(u: Float64Array, w: Float64Array): Convolution {
  const values = new Float64Array(u.length)
  const choice = new Int32Array(u.length)
  for (let j = 0; j < u.length; j++) {
    let best = Number.NEGATIVE_INFINITY
    let bestSteps = 0
    for (let t = 0; t <= j; t++) {
      const value = (u[j - t] as number) + (w[t] as number)
      if (value > best) {
        best = value
        bestSteps = t
      }
    }
    values[j] = best
    choice[j] = bestSteps
  }
  return { values, choice }
}

function convolveProducts(u: Float64Array, w: Float64Array): Convolution {
  const values = new Float64Array(u.length)
  const choice = new Int32Array(u.length)
  for (let j = 0; j < u.length; j++) {
    let best = Number.NEGATIVE_INFINITY
    let bestSteps = 0
    for (let t = 0; t <= j; t++) {
      const value = (u[j - t] as number) * (w[t] as number)
      if (value > best) {
        best = value
        bestSteps = t
      }
    }
    values[j] = best
    choice[j] = bestSteps
  }
  return { values, choice }
}

/**
 * Where w bends down, the best share of u never falls as the budget grows (total monotonicity): the middle budget is
 * searched in full, and halves the shares that the budgets below and above it have to look at.
 */
function convolveMonotone(u: Float64Array, w: Float64Array, combine: 'sum' | 'product'): Convolution {
  const values = new Float64Array(u.length)
  const choice = new Int32Array(u.length)
  const isSum = combine === 'sum'
  const search = (from: number, to: number, least: number, most: number): void => {
    if (from > to) return
    const j = (from + to) >> 1
    let best = Number.NEGATIVE_INFINITY
    let bestShare = least
    for (let i = least; i <= most && i <= j; i++) {
      const value = isSum ? (u[i] as number) + (w[j - i] as number) : (u[i] as number) * (w[j - i] as number)
      if (value > best) {
        best = value
        bestShare = i
      }
    }
    values[j] = best
    choice[j] = j - bestShare
    search(from, j - 1, least, bestShare)
    search(j + 1, to, bestShare, most)
  }
  search(0, u.length - 1, 0, u.length - 1)
  return { values, choice }
}

/** Slopes never rise, rounding aside. */
function isConcave(values: Float64Array): boolean {
  for (let j = 2; j < values.length; j++) {
    const [a, b, c] = [values[j - 2], values[j - 1], values[j]] as [number, number, number]
    if (c - b > b - a + 1e-14 * Math.abs(b)) return false
  }
  return true
}

/** Ratios never rise, rounding aside; zeros only at the start. */
function isLogConcave(values: Float64Array): boolean {
  for (let j = 2; j < values.length; j++) {
    const [a, b, c] = [values[j - 2], values[j - 1], values[j]] as [number, number, number]
    if (c < b || a * c > b * b * (1 + 1e-14)) return false
  }
  return true
}
