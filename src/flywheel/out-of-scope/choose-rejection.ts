import { incompleteBeta } from '../../base/index.ts'

export type RejectionOptions = {
  /** The share of in-scope requests that may be rejected. */
  shareMax: number
  /** How surely that share is kept. */
  confidence: number
}

export type Rejection = RejectionOptions & {
  /** Requests that score above it are out of scope; null where nothing may be rejected yet. */
  threshold: number | null
  /** In-scope calibration texts, and those of them that the threshold rejects. */
  n: number
  rejected: number
  reason: string
}

/**
 * The lowest threshold of an out-of-scope score (higher: farther away) that rejects at most `shareMax` of in-scope requests
 * with the given confidence over the calibration texts. The share above the k-th largest of n independent scores is
 * Beta(k, n − k + 1), whatever their distribution (Wilks 1941), which is the exact binomial bound; ties only reject less.
 */
export function chooseRejection(scores: ArrayLike<number>, { shareMax, confidence }: RejectionOptions): Rejection {
  const sorted = Float64Array.from(scores).sort().reverse()
  const n = sorted.length
  const keeps = (k: number) => incompleteBeta(shareMax, k, n - k + 1) >= confidence
  let k = 0
  while (k < n && keeps(k + 1)) k++
  if (k === 0) {
    const needed = Math.ceil(Math.log(1 - confidence) / Math.log(1 - shareMax) - 1e-9)
    const reason = `needs at least ${needed} in-scope calibration texts to reject at most ${shareMax} of them at confidence ${confidence}: there are ${n}`
    return { shareMax, confidence, threshold: null, n, rejected: 0, reason }
  }
  const threshold = sorted[k - 1] as number
  const rejected = sorted.filter((score) => score > threshold).length
  const reason = `${rejected} of ${n} in-scope calibration texts score above ${Number(threshold.toPrecision(4))}, so at most ${shareMax} of in-scope requests do at confidence ${confidence}`
  return { shareMax, confidence, threshold, n, rejected, reason }
}

/** Whether a request with this score is answered with no label, as out of scope. */
export function isOutOfScope({ threshold }: Pick<Rejection, 'threshold'>, score: number): boolean {
  return threshold !== null && score > threshold
}
