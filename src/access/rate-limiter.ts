import type { Clock } from '../base/index.ts'

/** Where a key stands within its limit after a request. */
export type RateLimit = {
  requestsPerMinute: number
  /** Whole requests that may follow at once. */
  remaining: number
  /** Until as many may follow as the limit says. */
  resetSeconds: number
  /** Until one more is taken: 0 where this one was. */
  retryAfterSeconds: number
}

type Bucket = { tokens: number; atMs: number }

/** Token buckets, one a key: a minute's requests may come at once, and come back evenly over a minute. Of this process only. */
export function createRateLimiter(clock: Clock) {
  const buckets = new Map<string, Bucket>()
  return {
    /** Takes one request of the key, if its bucket holds one. */
    take(keyId: string, requestsPerMinute: number): RateLimit {
      const nowMs = clock.now().getTime()
      const perMs = requestsPerMinute / 60_000
      const { tokens, atMs } = buckets.get(keyId) ?? { tokens: requestsPerMinute, atMs: nowMs }
      const held = Math.min(requestsPerMinute, tokens + Math.max(0, nowMs - atMs) * perMs)
      const isTaken = held >= 1
      const left = isTaken ? held - 1 : held
      buckets.set(keyId, { tokens: left, atMs: nowMs })
      return {
        requestsPerMinute,
        remaining: Math.floor(left),
        resetSeconds: toSeconds((requestsPerMinute - left) / perMs),
        retryAfterSeconds: isTaken ? 0 : toSeconds((1 - left) / perMs),
      }
    },
  }
}

/** Headers count whole seconds; a moment too late is better than one too early. */
function toSeconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000)
}
