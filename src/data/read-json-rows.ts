import { isUtf8 } from 'node:buffer'
import type { RowSource } from './data-file.ts'
import { type Row, type RowProblemKind, rowBytesMax } from './row.ts'
import { splitLines } from './split-lines.ts'
import { toTypedRow } from './typed-row.ts'

type Parsed = Omit<Row, 'line'> | { kind: RowProblemKind; message: string }

/** One JSON object a line; blank lines are passed over. */
export async function* readJsonRows(source: RowSource): AsyncGenerator<Row> {
  for await (const { line, bytes } of splitLines(source)) {
    const parsed = parseObject(bytes)
    if (parsed === undefined) continue
    if ('fields' in parsed) yield { line, ...parsed }
    else source.onProblem({ ...parsed, line })
  }
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
  return { ...toTypedRow(value as Record<string, unknown>), json: text }
}

function nameKind(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
