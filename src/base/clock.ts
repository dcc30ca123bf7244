/** Time is injected, so that tests and replays decide what "now" is. */
export type Clock = { now(): Date }

export const systemClock: Clock = { now: () => new Date() }
