import { SingleBar } from 'cli-progress'
import type { Io } from './io.ts'

/** Without a terminal, a plain line so often. */
export const lineSecondsMin = 5

/** A bar where stderr is a terminal; null elsewhere. */
export function createBar({ stderr }: Pick<Io, 'stderr'>): SingleBar | null {
  if (!stderr.isTTY) return null
  return new SingleBar({
    stream: stderr,
    format: '{bar} {percentage} %  {what}',
    hideCursor: true,
    clearOnComplete: true,
    barsize: 24,
  })
}
