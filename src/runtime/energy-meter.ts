/** The energy of the machine's processors, by the counters of Linux's powercap: RAPL of Intel and AMD. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type EnergyMeter = {
  /** Joules of all processors since the meter was opened, whatever ran on them. */
  read(): number
  close(): void
}

type Counter = { read(): number; range: number; last: number }

/** A counter wraps within minutes at the earliest: after 65 kJ on small machines. */
const readMs = 60_000

/** Null where there are no counters, or this user may not read them: Linux 5.10 and later let root alone. */
export function openEnergyMeter(folder = '/sys/class/powercap'): EnergyMeter | null {
  const counters = openCounters(folder)
  if (counters.length === 0) return null
  let microjoules = 0
  const read = () => {
    for (const counter of counters) {
      const now = counter.read()
      microjoules += now >= counter.last ? now - counter.last : now - counter.last + counter.range
      counter.last = now
    }
    return microjoules / 1e6
  }
  const timer = setInterval(read, readMs).unref()
  return { read, close: () => clearInterval(timer) }
}

function openCounters(folder: string): Counter[] {
  try {
    // Of the zones only packages: their cores and memory are parts of them, and the platform's counter has them in it.
    const zones = readdirSync(folder).filter(
      (zone) => /^intel-rapl:\d+$/.test(zone) && readText(folder, zone, 'name').startsWith('package'),
    )
    return zones.map((zone) => {
      const read = () => Number(readText(folder, zone, 'energy_uj'))
      return { read, range: Number(readText(folder, zone, 'max_energy_range_uj')), last: read() }
    })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return []
    throw error
  }
}

function readText(...path: string[]): string {
  return readFileSync(join(...path), 'utf8').trim()
}
