import { createRandom, drawNormal, type Random, shuffle } from '../../base/index.ts'
import { countRows, dot, type EmbeddingRows, rowOf, squaredDistance } from '../embedding-rows.ts'
import { markFirst, type PermutationOptions, permutationPValue, shuffleMarks } from './permutation-p-value.ts'

/** Of a larger window this many rows are drawn. */
const rowsMax = 500
/** The kernel is the mean over this many random waves, each a cosine and a sine. */
const waveCount = 64
/** The kernel's width is the median distance of at most this many rows. */
const medianRows = 200

/**
 * The squared maximum mean discrepancy of two windows of embeddings under a Gaussian kernel whose width is the median
 * distance (Gretton et al. 2012, "A Kernel Two-Sample Test"), by random Fourier features (Rahimi and Recht 2007): the
 * distance of the windows' mean features. A permutation takes O(rows · waves) instead of O(rows²), and the p-value is exact
 * whatever waves were drawn, because they know both windows alike.
 */
export function compareEmbeddings(
  reference: EmbeddingRows,
  recent: EmbeddingRows,
  options: PermutationOptions,
): { mmd: number; p: number } {
  const random = createRandom(options.seed, 'mmd')
  const first = drawRows(reference, random)
  const rows = [...first, ...drawRows(recent, random)]
  const features = mapToWaves(rows, random)
  const totals = sumMarked(features, new Uint8Array(rows.length).fill(1))
  const measure = (marks: Uint8Array) => measureMmd(sumMarked(features, marks), totals, first.length, rows.length)
  const marks = markFirst(first.length, rows.length)
  const mmd = measure(marks)
  return { mmd, p: permutationPValue(mmd, (draws) => measure(shuffleMarks(marks, draws)), options) }
}

function drawRows(window: EmbeddingRows, random: Random): Float64Array[] {
  const indexes = [...Array(countRows(window)).keys()]
  const chosen = indexes.length > rowsMax ? shuffle(indexes, random).slice(0, rowsMax) : indexes
  return chosen.map((index) => rowOf(window, index))
}

/** Cosine and sine of each row's product with normal directions: their products average to the kernel. */
function mapToWaves(rows: readonly Float64Array[], random: Random): Float64Array[] {
  const width = rows[0]?.length ?? 0
  const scale = 1 / Math.sqrt(medianSquaredDistance(shuffle(rows, random).slice(0, medianRows)))
  const directions = Array.from({ length: waveCount }, () =>
    Float64Array.from({ length: width }, () => scale * drawNormal(random)),
  )
  return rows.map((row) => {
    const angles = directions.map((direction) => dot(row, direction))
    return Float64Array.from([...angles.map(Math.cos), ...angles.map(Math.sin)])
  })
}

function sumMarked(features: readonly Float64Array[], marks: Uint8Array): Float64Array {
  const sums = new Float64Array(2 * waveCount)
  for (let i = 0; i < features.length; i++) {
    if (marks[i] === 0) continue
    const row = features[i] as Float64Array
    for (let k = 0; k < row.length; k++) sums[k] = (sums[k] as number) + (row[k] as number)
  }
  return sums
}

function measureMmd(sums: Float64Array, totals: Float64Array, first: number, total: number): number {
  let squares = 0
  for (let k = 0; k < sums.length; k++) {
    const sum = sums[k] as number
    squares += (sum / first - ((totals[k] as number) - sum) / (total - first)) ** 2
  }
  return squares / waveCount
}

function medianSquaredDistance(rows: readonly Float64Array[]): number {
  const distances = rows.flatMap((a, i) => rows.slice(0, i).map((b) => squaredDistance(a, b)))
  distances.sort((a, b) => a - b)
  // Where most rows are the same, any width tells them from the others.
  return distances[distances.length >> 1] || 1
}
