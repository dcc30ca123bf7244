import { setPriority } from 'node:os'

/**
 * Gives the calling thread, and all that it starts afterwards, less of the CPU while others want it: `niceness` as in nice(1), from 0.
 * Linux counts it by thread; elsewhere it is the process's, and nothing is done.
 */
export function lowerThreadPriority(niceness: number): void {
  if (process.platform === 'linux') setPriority(niceness)
}
