import { isUtf8 } from 'node:buffer'
import type { Row } from './row.ts'

/** A row of a file whose values have types: also as text, with arrays and objects apart. */
export function toTypedRow(values: Record<string, unknown>): Omit<Row, 'line'> {
  const fields: [string, string][] = []
  const nested: [string, unknown][] = []
  for (const [name, value] of Object.entries(values)) {
    const text = toField(value)
    if (text === undefined) nested.push([name, value])
    else fields.push([name, text])
  }
  return {
    fields: Object.fromEntries(fields),
    ...(nested.length > 0 && { nested: Object.fromEntries(nested) }),
    values,
  }
}

/** Undefined for arrays and objects, and for bytes that are no text. */
function toField(value: unknown): string | undefined {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'object') return String(value)
  if (value instanceof Date) return value.toISOString()
  return value instanceof Uint8Array && isUtf8(value) ? Buffer.from(value).toString('utf8') : undefined
}
