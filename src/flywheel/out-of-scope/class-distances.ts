import { countRows, dot, type EmbeddingRows, normalize, rowOf, squaredDistance } from '../embedding-rows.ts'
import { factorize, solveLower } from './cholesky.ts'

/** How far each row is from the nearest class; higher is farther. */
export type DistanceScorer = (rows: EmbeddingRows) => Float64Array

/** 1 − cosine to the nearest class mean. `labels` holds a class number for each row. */
export function fitCosineDistance(rows: EmbeddingRows, labels: ArrayLike<number>): DistanceScorer {
  const means = [...averageClasses(rows, labels).values()].map(normalize)
  return (other) =>
    scoreRows(other, (row) => {
      const unit = normalize(row)
      return Math.min(...means.map((mean) => 1 - dot(mean, unit)))
    })
}

/**
 * The squared Mahalanobis distance to the nearest class mean, under one covariance for all classes (Lee et al. 2018, "A
 * Simple Unified Framework for Detecting Out-of-Distribution Samples"). The covariance is drawn to its mean variance by
 * width / (width + rows), so that it can be inverted with few rows.
 */
export function fitMahalanobisDistance(rows: EmbeddingRows, labels: ArrayLike<number>): DistanceScorer {
  const { width } = rows
  const means = averageClasses(rows, labels)
  const count = countRows(rows)
  const covariance = new Float64Array(width * width)
  for (let i = 0; i < count; i++) {
    const mean = means.get(labels[i] as number) as Float64Array
    const rest = rowOf(rows, i).map((value, k) => value - (mean[k] as number))
    for (let a = 0; a < width; a++) {
      const factor = (rest[a] as number) / count
      for (let b = 0; b <= a; b++)
        covariance[a * width + b] = (covariance[a * width + b] as number) + factor * (rest[b] as number)
    }
  }
  let trace = 0
  for (let a = 0; a < width; a++) trace += covariance[a * width + a] as number
  const shrinkage = width / (width + count)
  // EmbeddingRows that are all the same have no variance: then every distance is measured in units of the number's own precision.
  const ridge = Math.max((shrinkage * trace) / width, Number.EPSILON)
  const shrunk = covariance.map((value, i) => (1 - shrinkage) * value + (i % (width + 1) === 0 ? ridge : 0))
  const lower = factorize(shrunk, width)
  // In coordinates whitened by the factor the distance is Euclidean.
  const whitenedMeans = [...means.values()].map((mean) => solveLower(lower, mean))
  return (other) =>
    scoreRows(other, (row) => {
      const whitened = solveLower(lower, row)
      return Math.min(...whitenedMeans.map((mean) => squaredDistance(whitened, mean)))
    })
}

/** The mean row of each class number; classes without rows have none. */
function averageClasses(rows: EmbeddingRows, labels: ArrayLike<number>): Map<number, Float64Array> {
  const sums = new Map<number, { sum: Float64Array; count: number }>()
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number
    const entry = sums.get(label) ?? { sum: new Float64Array(rows.width), count: 0 }
    rowOf(rows, i).forEach((value, k) => {
      entry.sum[k] = (entry.sum[k] as number) + value
    })
    entry.count++
    sums.set(label, entry)
  }
  return new Map([...sums].map(([label, { sum, count }]) => [label, sum.map((value) => value / count)]))
}

function scoreRows(rows: EmbeddingRows, score: (row: Float64Array) => number): Float64Array {
  return Float64Array.from({ length: countRows(rows) }, (_, i) => score(rowOf(rows, i)))
}
