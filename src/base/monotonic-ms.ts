/** Milliseconds of a clock that only goes forward and is the same in every thread, unlike `performance.now()`. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
