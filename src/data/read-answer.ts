/** From a row's columns to its answer, for each kind of task; what cannot be read comes back as a problem. */
import type { TaskKind } from '../contracts/index.ts'
import type { ColumnChoice } from './columns.ts'
import type { Answer } from './example.ts'
import { readSpans } from './read-spans.ts'
import type { Row, RowProblem, RowProblemKind } from './row.ts'

export type AnswerProblem = Omit<RowProblem, 'line'>

export type AnswerOptions = {
  columns: ColumnChoice
  /** Between the labels of a multilabel column; `|` and `;` where left out. */
  separator?: string | undefined
}

type AnswerReader = (row: Row, options: AnswerOptions) => Answer | AnswerProblem

const decimalPattern = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

const readClass: AnswerReader = (row, { columns }) => {
  const name = columns.label as string
  const label = row.fields[name]?.trim()
  if (label === undefined) return missing(name)
  return label === '' ? problem('empty-label', `"${name}" is empty`) : { kind: 'class', label }
}

const readClasses: AnswerReader = (row, { columns, separator }) => {
  const name = columns.label as string
  const cell = row.fields[name]
  const nested = row.nested?.[name]
  if (cell === undefined && nested === undefined) return missing(name)
  const parts = cell === undefined ? nested : cell.split(separator ?? /[|;]/)
  if (!Array.isArray(parts)) return problem('bad-label', `"${name}" is an object, not an array of labels`)
  const strange = parts.find((part) => typeof part !== 'string' && typeof part !== 'number')
  if (strange !== undefined) return problem('bad-label', `"${name}" has ${JSON.stringify(strange)}, which is no label`)
  const labels = parts.map((part) => String(part).trim()).filter((label) => label !== '')
  return { kind: 'classes', labels: [...new Set(labels)] }
}

const readValue: AnswerReader = (row, { columns }) => {
  const name = columns.label as string
  const cell = row.fields[name]?.trim()
  if (cell === undefined) return missing(name)
  if (cell === '') return problem('empty-label', `"${name}" is empty`)
  const value = decimalPattern.test(cell) ? Number(cell) : Number.NaN
  if (Number.isFinite(value)) return { kind: 'value', value }
  const comma = /^[+-]?\d+,\d+$/.test(cell) ? ' (decimals are written with a point)' : ''
  return problem('bad-number', `"${name}" is "${cell}", which is no number${comma}`)
}

const readSpanList: AnswerReader = (row, { columns }) => {
  const name = columns.label as string
  const list = row.nested?.[name]
  if (list === undefined) {
    return Object.hasOwn(row.fields, name) ? problem('bad-spans', `"${name}" is no array of spans`) : missing(name)
  }
  const { spans, faults } = readSpans(list, row.fields[columns.text] as string)
  return faults.length === 0 ? { kind: 'spans', spans } : problem('bad-spans', `"${name}": ${faults.join('; ')}`)
}

const readMatch: AnswerReader = (row, options) => {
  const { pair, negative } = options.columns
  if (pair === undefined) return readClass(row, options)
  const positive = row.fields[pair] as string
  if (negative === undefined) return { kind: 'match', positive }
  const other = row.fields[negative]
  if (other === undefined) return missing(negative)
  return other.trim() === '' ? { kind: 'match', positive } : { kind: 'match', positive, negative: other }
}

/** How each kind of task reads the answer of a row whose texts are there. */
export const answerReaders: Record<TaskKind, AnswerReader> = {
  classify: readClass,
  multilabel: readClasses,
  regress: readValue,
  ordinal: readValue,
  tag: readSpanList,
  embed: readMatch,
}

function missing(name: string): AnswerProblem {
  return problem('missing-field', `the row has no "${name}"`)
}

function problem(kind: RowProblemKind, message: string): AnswerProblem {
  return { kind, message }
}
