import type { Usage } from '../contracts/index.ts'

export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

export function formatInterval([low, high]: readonly [number, number]): string {
  return `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)} %`
}

export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
}

/** What a run used, on one line. */
export function formatUsage({ wallSeconds, energyJoules, memoryBytesPeak, ...compute }: Usage): string {
  const energy = energyJoules === null ? '' : `, ${(energyJoules / 1000).toFixed(1)} kJ`
  return `${formatSeconds(wallSeconds)}, ${formatCompute(compute)}${energy}, ${formatMib(memoryBytesPeak)} at most`
}

/** Seconds of the CPU, and of a GPU where one is held. */
export function formatCompute({ cpuSeconds, gpuSeconds }: Pick<Usage, 'cpuSeconds' | 'gpuSeconds'>): string {
  return `${cpuSeconds.toFixed(0)} CPU-seconds${gpuSeconds > 0 ? `, ${gpuSeconds.toFixed(0)} GPU-seconds` : ''}`
}

/** Day and minute of an ISO time, in UTC. */
export function formatTime(time: string): string {
  return time.slice(0, 16).replace('T', ' ')
}

export function formatMib(bytes: number): string {
  const mib = bytes / 2 ** 20
  return `${mib < 10 ? Number(mib.toPrecision(2)) : Math.round(mib)} MiB`
}
