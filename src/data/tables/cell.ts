/** A value of a table as text. */
import { isUtf8 } from 'node:buffer'
import type { ColumnType } from './table.ts'

/** Digits that a number of 32 bits is sure to have. */
const floatDigits = 7

/** Labels are joined as training reads them; what is no single value is JSON; points in time are ISO 8601. */
export function toText(value: unknown, type: ColumnType): string {
  if (value === null || value === undefined) return ''
  if (type === 'float') return String(roundFloat(value as number))
  if (type === 'texts') return (value as string[]).join('|')
  if (typeof value !== 'object') return String(value)
  if (value instanceof Date) return value.toISOString()
  return value instanceof Uint8Array ? bytesToText(value) : toJson(value, type)
}

export function toJson(value: unknown, type: ColumnType): string {
  if (type === 'float' && typeof value === 'number') return String(roundFloat(value))
  if (type === 'floats' && Array.isArray(value)) return JSON.stringify(value.map(roundFloat))
  return JSON.stringify(value ?? null, plainValue)
}

/** The shortest number that a model's number cannot be told from. */
export function roundFloat(value: number): number {
  return Number(value.toPrecision(floatDigits))
}

function plainValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  }
  if (value instanceof Uint8Array) return bytesToText(value)
  return ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<unknown>) : value
}

function bytesToText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString(isUtf8(bytes) ? 'utf8' : 'base64')
}
