import type { Clock, Sleep } from '../../src/base/index.ts'

export type VirtualTime = {
  clock: Clock
  sleep: Sleep
  /** Moves the clock on and wakes those whose time has come. */
  advance(ms: number): void
  /** Lengths of the sleeps that passed by themselves. */
  readonly passed: readonly number[]
}

/** Time that moves only here: sleeps of `heldMs` and more wait for `advance`, shorter ones pass at once and move the clock. */
export function createVirtualTime(heldMs: number, start = '2026-11-23T12:00:00.000Z'): VirtualTime {
  let nowMs = Date.parse(start)
  const held = new Set<{ atMs: number; wake: () => void }>()
  const passed: number[] = []
  return {
    clock: { now: () => new Date(nowMs) },
    passed,
    async sleep(ms, signal) {
      signal?.throwIfAborted()
      if (ms < heldMs) {
        passed.push(ms)
        nowMs += ms
        return
      }
      await new Promise<void>((resolve, reject) => {
        const sleeper = { atMs: nowMs + ms, wake: resolve }
        held.add(sleeper)
        signal?.addEventListener('abort', () => {
          held.delete(sleeper)
          reject(signal.reason)
        })
      })
    },
    advance(ms) {
      nowMs += ms
      for (const sleeper of held) {
        if (sleeper.atMs > nowMs) continue
        held.delete(sleeper)
        sleeper.wake()
      }
    },
  }
}
