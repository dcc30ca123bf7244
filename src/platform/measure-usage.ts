import type { Usage } from '../contracts/index.ts'

/**
 * Starts measuring what this process uses, all its threads together, on top of what was used `earlier`; the function
 * returned gives the usage so far.
 */
export function measureUsage(earlier: Usage | null = null): () => Usage {
  const started = performance.now()
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return {
      wallSeconds: (earlier?.wallSeconds ?? 0) + (performance.now() - started) / 1000,
      cpuSeconds: (earlier?.cpuSeconds ?? 0) + (user + system) / 1e6,
      memoryBytesPeak: Math.max(earlier?.memoryBytesPeak ?? 0, process.resourceUsage().maxRSS * 1024),
    }
  }
}
