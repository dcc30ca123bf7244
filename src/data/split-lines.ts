import { type RowSource, readBytes } from './data-file.ts'
import { rowBytesMax } from './row.ts'

/** Lines without their line feed; of a line longer than `rowBytesMax`, its first `rowBytesMax` + 1 bytes. */
export async function* splitLines(source: RowSource): AsyncGenerator<{ line: number; bytes: Buffer }> {
  let line = 1
  let pieces: Buffer[] = []
  let kept = 0
  const keep = (piece: Buffer) => {
    const part = piece.subarray(0, rowBytesMax + 1 - kept)
    kept += part.length
    pieces.push(part)
  }
  for await (const chunk of readBytes(source)) {
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      keep(chunk.subarray(from, end))
      yield { line, bytes: Buffer.concat(pieces) }
      line++
      pieces = []
      kept = 0
      from = end + 1
    }
    keep(chunk.subarray(from))
  }
  if (kept > 0) yield { line, bytes: Buffer.concat(pieces) }
}
