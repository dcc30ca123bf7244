import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Nobody takes so long from the first byte of a file to its last without writing anything in between. */
const ageMsMin = 24 * 60 * 60 * 1000

/**
 * Removes what a crash left half done: temporary names that nobody has touched for a day. Younger ones may be another
 * process's that is at work, on this machine or, where the folder is on a network drive, on another.
 */
export function removeLeftovers(folder: string, now: Date = new Date()): void {
  for (const part of ['.', 'artifacts', 'models']) {
    const names = existsSync(join(folder, part)) ? readdirSync(join(folder, part)) : []
    for (const name of names.filter((name) => /\.incoming_\w{26}$|^owner_\w{26}\.tmp$/.test(name))) {
      const path = join(folder, part, name)
      const { mtimeMs = Number.POSITIVE_INFINITY } = statSync(path, { throwIfNoEntry: false }) ?? {}
      if (now.getTime() - mtimeMs > ageMsMin) rmSync(path, { recursive: true, force: true })
    }
  }
}
