import { type RowSource, readBytes } from './data-file.ts'

const lineFeed = 10
const carriageReturn = 13

/** Counts lines (ended by LF, CR LF or CR) in the bytes it is shown, from `line` at the byte offset `start`. */
export function countLines(start: number, line: number) {
  let current = line
  let seen = start
  let afterReturn = false
  /** Offsets just after line ends; `lineAt` has passed the first `passed` of them. */
  let ends: number[] = []
  let passed = 0

  const see = (chunk: Buffer) => {
    ends = ends.slice(passed)
    passed = 0
    for (const byte of chunk) {
      seen++
      if (byte === lineFeed && afterReturn) ends[ends.length - 1] = seen
      else if (byte === lineFeed || byte === carriageReturn) ends.push(seen)
      afterReturn = byte === carriageReturn
    }
  }
  /** The line that holds the byte at `offset`; offsets may only grow, and not stand between CR and LF. */
  const lineAt = (offset: number): number => {
    for (; passed < ends.length && (ends[passed] as number) <= offset; passed++) current++
    return current
  }
  return { see, lineAt }
}

/** The offset of the line after the one that holds `source.start`; undefined where that is the last one. */
export async function findNextLine(source: RowSource): Promise<number | undefined> {
  let offset = source.start
  let afterReturn = false
  for await (const chunk of readBytes(source)) {
    for (const byte of chunk) {
      if (afterReturn) return byte === lineFeed ? offset + 1 : offset
      offset++
      if (byte === lineFeed) return offset
      afterReturn = byte === carriageReturn
    }
  }
  return undefined
}
