import type { Usage } from '../contracts/index.ts'

/** Starts measuring what this process uses, all its threads together; the function returned gives the usage so far. */
export function measureUsage(): () => Usage {
  const started = performance.now()
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return {
      wallSeconds: (performance.now() - started) / 1000,
      cpuSeconds: (user + system) / 1e6,
      memoryBytesPeak: process.resourceUsage().maxRSS * 1024,
    }
  }
}
