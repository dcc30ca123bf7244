/** What a piece of work took: of the clock, and of all CPUs together by the whole process. */
export type Work = { readonly seconds: number; readonly cpuSeconds: number }

export async function measureWork<T>(call: () => Promise<T>): Promise<{ value: T; work: Work }> {
  const [started, before] = [performance.now(), process.cpuUsage()]
  const value = await call()
  const { user, system } = process.cpuUsage(before)
  return { value, work: { seconds: (performance.now() - started) / 1000, cpuSeconds: (user + system) / 1e6 } }
}
