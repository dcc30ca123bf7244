/** Seconds since this was called without those in which the process was stopped: benchmarks let programs run in turns. */
export function startActiveClock(): () => number {
  const started = performance.now()
  let [seen, paused] = [started, 0]
  setInterval(() => {
    const now = performance.now()
    // Turns are of several seconds, and nothing holds this thread that long.
    if (now - seen > 2000) paused += now - seen
    seen = now
  }, 20).unref()
  return () => (performance.now() - started - paused) / 1000
}
