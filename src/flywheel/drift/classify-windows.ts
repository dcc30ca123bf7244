import { createRandom, hypergeometricAtLeast, shuffle } from '../../base/index.ts'
import { countRows, type EmbeddingRows, stackRows } from './embedding-rows.ts'

const steps = 60
const penalty = 1e-2

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
  const rows = standardize(stackRows(reference, recent))
  const first = countRows(reference)
  const random = createRandom(seed, 'classifier-test')
  const order = shuffle([...Array(countRows(rows)).keys()], random)
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

/** Each column with mean 0, and all with one variance in common, so that directions keep their proportions. */
function standardize(rows: EmbeddingRows & { values: Float64Array }): EmbeddingRows & { values: Float64Array } {
  const count = countRows(rows)
  const { values, width } = rows
  const means = new Float64Array(width)
  for (let i = 0; i < values.length; i++) means[i % width] = (means[i % width] as number) + (values[i] as number) / count
  const centred = values.map((value, i) => value - (means[i % width] as number))
  const variance = centred.reduce((sum, value) => sum + value * value, 0) / Math.max(1, centred.length)
  const factor = variance > 0 ? 1 / Math.sqrt(variance * width) : 0
  return { values: centred.map((value) => value * factor), width }
}

/**
 * Logistic regression by gradient descent with Nesterov's momentum, each window weighted to one half; returns the rule by
 * which a row is called recent. Rows have a mean squared length of 1, so that the step 2 is stable.
 */
function trainLogistic(
  { values, width }: EmbeddingRows,
  rows: readonly number[],
  isRecent: (row: number) => boolean,
): (row: number) => boolean {
  const recent = rows.filter(isRecent).length
  let weights = new Float64Array(width + 1)
  let ahead = weights
  const score = (row: number, w: Float64Array) => {
    let sum = w[width] as number
    for (let k = 0; k < width; k++) sum += (w[k] as number) * (values[row * width + k] as number)
    return sum
  }
  for (let step = 0; step < steps; step++) {
    const gradient = ahead.map((weight, k) => (k < width ? penalty * weight : 0))
    for (const row of rows) {
      const truth = isRecent(row)
      const share = 0.5 / (truth ? recent : rows.length - recent)
      const residual = share * (1 / (1 + Math.exp(-score(row, ahead))) - (truth ? 1 : 0))
      for (let k = 0; k < width; k++) {
        gradient[k] = (gradient[k] as number) + residual * (values[row * width + k] as number)
      }
      gradient[width] = (gradient[width] as number) + residual
    }
    const next = ahead.map((weight, k) => weight - 2 * (gradient[k] as number))
    const momentum = step / (step + 3)
    ahead = next.map((weight, k) => weight + momentum * (weight - (weights[k] as number)))
    weights = next
  }
  return (row) => score(row, weights) > 0
}
