import { createRandom, hypergeometricAtLeast, shuffle } from '../../base/index.ts'
import { countRows, dot, type EmbeddingRows, rowOf } from '../embedding-rows.ts'

const steps = 60
const penalty = 1e-2
const learningRate = 2

/**
 * The classifier two-sample test (Lopez-Paz and Oquab 2017): a logistic regression is trained to tell recent from reference
 * rows on one half of both and tested on the other, then the other way round. Its hits on rows it never saw are
 * hypergeometric when both windows are alike, whatever it learnt, so each half has an exact p-value; p is twice the smaller.
 */
export function classifyWindows(
  reference: EmbeddingRows,
  recent: EmbeddingRows,
  seed: number,
): { accuracy: number; p: number } {
  const first = countRows(reference)
  const rows = standardize([reference, recent])
  const random = createRandom(seed, 'classifier-test')
  const order = shuffle([...rows.keys()], random)
  const [referenceRows, recentRows] = [order.filter((row) => row < first), order.filter((row) => row >= first)]
  const halfOf = (list: number[], half: number) =>
    half === 0 ? list.slice(0, list.length >> 1) : list.slice(list.length >> 1)
  const halves = [0, 1].map((half) => [...halfOf(referenceRows, half), ...halfOf(recentRows, half)])
  const results = halves.map((test, half) => {
    const decide = trainLogistic(rows, halves[1 - half] as number[], (row) => row >= first)
    const guessed = test.filter(decide)
    const found = guessed.filter((row) => row >= first).length
    const isRecent = test.filter((row) => row >= first).length
    // Right are the recent rows guessed as such and the reference rows that were not.
    const right = found + (test.length - isRecent - (guessed.length - found))
    return { right, p: hypergeometricAtLeast(found, guessed.length, isRecent, test.length) }
  })
  return {
    accuracy: results.reduce((sum, { right }) => sum + right, 0) / order.length,
    p: Math.min(1, 2 * Math.min(...results.map(({ p }) => p))),
  }
}

/** The rows of both with mean 0 and a mean squared length of 1, so that directions keep their proportions, and a last number 1. */
function standardize(windows: readonly EmbeddingRows[]): Float64Array[] {
  const rows = windows.flatMap((window) => Array.from({ length: countRows(window) }, (_, i) => rowOf(window, i)))
  const mean = new Float64Array(windows[0]?.width ?? 0)
  for (const row of rows)
    for (let k = 0; k < mean.length; k++) mean[k] = (mean[k] as number) + (row[k] as number) / rows.length
  const centred = rows.map((row) => row.map((value, k) => value - (mean[k] as number)))
  const length = Math.sqrt(centred.reduce((sum, row) => sum + dot(row, row), 0) / rows.length) || 1
  return centred.map((row) => Float64Array.of(...row.map((value) => value / length), 1))
}

/**
 * Logistic regression by gradient descent with Nesterov's momentum, each window weighted to one half; returns the rule by
 * which a row is called recent. Rows have a mean squared length of 2, so that the step 2 is stable.
 */
function trainLogistic(
  rows: readonly Float64Array[],
  chosen: readonly number[],
  isRecent: (row: number) => boolean,
): (row: number) => boolean {
  const recent = chosen.filter(isRecent).length
  let weights = new Float64Array(rows[0]?.length ?? 0)
  let ahead = weights
  for (let step = 0; step < steps; step++) {
    const gradient = ahead.map((weight) => penalty * weight)
    for (const index of chosen) {
      const row = rows[index] as Float64Array
      const truth = isRecent(index)
      const share = 0.5 / (truth ? recent : chosen.length - recent)
      const residual = share * (1 / (1 + Math.exp(-dot(row, ahead))) - (truth ? 1 : 0))
      for (let k = 0; k < row.length; k++) gradient[k] = (gradient[k] as number) + residual * (row[k] as number)
    }
    const before = weights
    weights = ahead.map((weight, k) => weight - learningRate * (gradient[k] as number))
    const momentum = step / (step + 3)
    ahead = weights.map((weight, k) => weight + momentum * (weight - (before[k] as number)))
  }
  return (index) => dot(rows[index] as Float64Array, weights) > 0
}
