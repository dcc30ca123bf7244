import { setTimeout } from 'node:timers/promises'

/** Time is injected, so that tests and replays decide what "now" is. */
export type Clock = { now(): Date }

export const systemClock: Clock = { now: () => new Date() }

/** Waits so many milliseconds; rejects when the signal is aborted. Injected like the clock. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>

export const systemSleep: Sleep = (ms, signal) => setTimeout(ms, undefined, { signal })
