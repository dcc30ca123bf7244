import { createRandom, shuffle, studentTail } from '../../base/index.ts'
import { countRows, type EmbeddingRows, rowOf, squaredDistance } from '../embedding-rows.ts'
import { markFirst, type PermutationOptions, permutationPValue, shuffleMarks } from './permutation-p-value.ts'

/** Up to this many rows of each window all pairs are compared and permuted; beyond, blocks are. */
const rowsMax = 150
/** The kernel's width is the median distance of at most this many rows. */
const medianRows = 200

/**
 * The squared maximum mean discrepancy of two windows of embeddings under a Gaussian kernel whose width is the median
 * distance (Gretton et al. 2012, "A Kernel Two-Sample Test"), with its p-value: by permutations for small windows; for large
 * ones as the mean over blocks of about √n rows (Zaremba et al. 2013, "B-test"), which is nearly normal, in O(n^1.5).
 */
export function compareEmbeddings(
  reference: EmbeddingRows,
  recent: EmbeddingRows,
  options: PermutationOptions,
): { mmd: number; p: number } {
  const [first, second] = [countRows(reference), countRows(recent)]
  const rows = Array.from({ length: first + second }, (_, i) =>
    i < first ? rowOf(reference, i) : rowOf(recent, i - first),
  )
  const random = createRandom(options.seed, 'mmd')
  const order = shuffle([...Array(first + second).keys()], random)
  const scale = -0.5 / medianSquaredDistance(order.slice(0, medianRows).map((i) => rows[i] as Float64Array))
  const kernel = (a: number, b: number) =>
    Math.exp(scale * squaredDistance(rows[a] as Float64Array, rows[b] as Float64Array))
  if (Math.max(first, second) > rowsMax) {
    return testBlocks(
      order.filter((row) => row < first),
      order.filter((row) => row >= first),
      kernel,
    )
  }
  const matrix = fillKernel(first + second, kernel)
  const marks = markFirst(first, first + second)
  const observed = measureMmd(matrix, marks, first)
  const p = permutationPValue(observed, (draws) => measureMmd(matrix, shuffleMarks(marks, draws), first), options)
  return { mmd: observed, p }
}

function testBlocks(first: number[], second: number[], kernel: (a: number, b: number) => number) {
  const size = Math.max(2, Math.floor(Math.sqrt(Math.min(first.length, second.length))))
  const blocks = Math.floor(Math.min(first.length, second.length) / size)
  const values = Array.from({ length: blocks }, (_, block) => {
    const rows = [...first.slice(block * size, (block + 1) * size), ...second.slice(block * size, (block + 1) * size)]
    const matrix = fillKernel(2 * size, (a, b) => kernel(rows[a] as number, rows[b] as number))
    return measureMmd(matrix, markFirst(size, 2 * size), size)
  })
  const mmd = values.reduce((sum, value) => sum + value, 0) / blocks
  const variance = values.reduce((sum, value) => sum + (value - mmd) ** 2, 0) / (blocks - 1)
  if (variance === 0) return { mmd, p: 1 }
  return { mmd, p: studentTail(mmd / Math.sqrt(variance / blocks), blocks - 1) }
}

/** Unbiased: pairs of one row with itself are left out. */
function measureMmd(matrix: Float32Array, isFirst: Uint8Array, first: number): number {
  const total = isFirst.length
  const second = total - first
  let [inFirst, inSecond, across] = [0, 0, 0]
  for (let a = 1; a < total; a++) {
    const row = a * total
    let [marked, unmarked] = [0, 0]
    for (let b = 0; b < a; b++) {
      const value = matrix[row + b] as number
      if (isFirst[b]) marked += value
      else unmarked += value
    }
    if (isFirst[a]) {
      inFirst += marked
      across += unmarked
    } else {
      inSecond += unmarked
      across += marked
    }
  }
  return (
    (2 * inFirst) / (first * (first - 1)) + (2 * inSecond) / (second * (second - 1)) - (2 * across) / (first * second)
  )
}

/** The lower triangle; the rest is never read. */
function fillKernel(total: number, kernel: (a: number, b: number) => number): Float32Array {
  const matrix = new Float32Array(total * total)
  for (let a = 1; a < total; a++) for (let b = 0; b < a; b++) matrix[a * total + b] = kernel(a, b)
  return matrix
}

function medianSquaredDistance(rows: readonly Float64Array[]): number {
  const distances = rows.flatMap((a, i) => rows.slice(0, i).map((b) => squaredDistance(a, b)))
  distances.sort((a, b) => a - b)
  // Where most rows are the same, any width tells them from the others.
  return distances[distances.length >> 1] || 1
}
