import type { Device, Usage } from '../contracts/index.ts'
import type { EnergyMeter } from '../runtime/index.ts'

/**
 * Starts measuring what this process uses, all its threads together, on top of what was used `earlier`; the function
 * returned gives the usage so far. Another device than the CPU is held from the start.
 */
export function measureUsage({
  device,
  energy = null,
  earlier = null,
}: {
  device: Device
  energy?: EnergyMeter | null
  earlier?: Usage | null
}): () => Usage {
  const started = performance.now()
  const before = process.cpuUsage()
  const joulesBefore = energy?.read() ?? 0
  return () => {
    const { user, system } = process.cpuUsage(before)
    const wallSeconds = (performance.now() - started) / 1000
    return {
      wallSeconds: (earlier?.wallSeconds ?? 0) + wallSeconds,
      cpuSeconds: (earlier?.cpuSeconds ?? 0) + (user + system) / 1e6,
      gpuSeconds: (earlier?.gpuSeconds ?? 0) + (device === 'cpu' ? 0 : wallSeconds),
      energyJoules: energy && (earlier?.energyJoules ?? 0) + energy.read() - joulesBefore,
      memoryBytesPeak: Math.max(earlier?.memoryBytesPeak ?? 0, process.resourceUsage().maxRSS * 1024),
    }
  }
}
