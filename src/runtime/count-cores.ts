import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** Physical cores that this process may use: two threads of one core share its arithmetic units. */
export function countCores(): number {
  const logical = availableParallelism()
  const cores = new Set<string>()
  let processor = ''
  for (const [, key, value] of readCpuInfo().matchAll(/^(physical id|core id)\s*: (\d+)$/gm)) {
    if (key === 'physical id') processor = value as string
    else cores.add(`${processor}/${value}`)
  }
  return cores.size === 0 ? logical : Math.min(logical, cores.size)
}

/** Only Linux has it. */
function readCpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    return ''
  }
}
