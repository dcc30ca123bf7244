import { isUtf8 } from 'node:buffer'
import { type RowSource, readBytes } from './data-file.ts'
import { type Row, type RowProblemKind, rowBytesMax } from './row.ts'

type Parsed = { fields: Record<string, string> } | { kind: RowProblemKind; message: string }

/** One JSON object a line; blank lines are passed over. */
export async function* readJsonRows(source: RowSource): AsyncGenerator<Row> {
  for await (const { line, bytes } of splitLines(source)) {
    const parsed = parseObject(bytes)
    if (parsed === undefined) continue
    if ('fields' in parsed) yield { line, fields: parsed.fields }
    else source.onProblem({ ...parsed, line })
  }
}

/** Lines without their line feed; of a line longer than `rowBytesMax`, its first `rowBytesMax` + 1 bytes. */
async function* splitLines(source: RowSource): AsyncGenerator<{ line: number; bytes: Buffer }> {
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

function parseObject(bytes: Buffer): Parsed | undefined {
  if (bytes.length > rowBytesMax)
    return { kind: 'row-too-long', message: `the line is longer than ${rowBytesMax} bytes` }
  if (!isUtf8(bytes)) return { kind: 'invalid-utf8', message: 'the line is not valid UTF-8' }
  const text = bytes.toString('utf8').trim()
  if (text === '') return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { kind: 'invalid-json', message: `the line is not valid JSON: ${(error as Error).message}` }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { kind: 'invalid-json', message: `the line is ${nameKind(value)}, not a JSON object` }
  }
  const plain = Object.entries(value).filter(([, field]) => typeof field !== 'object' || field === null)
  return { fields: Object.fromEntries(plain.map(([name, field]) => [name, field === null ? '' : String(field)])) }
}

function nameKind(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
