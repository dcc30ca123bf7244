import { extname } from 'node:path'
import { InvalidInputError } from '../base/index.ts'

/** How rows are written in a file; `jsonl` is one JSON object a line, `conll` one token a line with its tag. */
export type RowFormat = 'csv' | 'tsv' | 'jsonl' | 'conll' | 'parquet'

/**
 * One row of a data file: `line` is 1-based and is the row's first line (of Parquet, the row itself), `fields` are its
 * values by column name.
 */
export type Row = {
  line: number
  fields: Record<string, string>
  /** Arrays and objects of a JSON or Parquet row, by name. */
  nested?: Record<string, unknown>
  /** All values as a file with types has them: of JSON and Parquet. */
  values?: Record<string, unknown>
  /** A JSON row as it was written, without the space around it. */
  json?: string
}

/** What can be wrong with one row. */
export type RowProblemKind =
  | 'bad-label'
  | 'bad-number'
  | 'bad-spans'
  | 'bad-tag'
  | 'broken-quotes'
  | 'empty-label'
  | 'empty-text'
  | 'invalid-json'
  | 'invalid-utf8'
  | 'label-seen-once'
  | 'missing-field'
  | 'ragged-row'
  | 'row-too-long'

/** Why the row that begins on `line` (1-based) cannot be used. */
export type RowProblem = { kind: RowProblemKind; line: number; message: string }

/** A row of more bytes than this is a problem, so that an unclosed quote cannot swallow the memory with the file. */
export const rowBytesMax = 1 << 20

const formatByExtension: Record<string, RowFormat> = {
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.conll': 'conll',
  '.bio': 'conll',
  '.iob': 'conll',
  '.iob2': 'conll',
  '.parquet': 'parquet',
}

/** The format a file's extension names. Throws `data.unknown-format`. */
export function formatOf(path: string): RowFormat {
  const format = formatByExtension[extname(path).toLowerCase()]
  if (format) return format
  throw new InvalidInputError('data.unknown-format', `${path}: "${extname(path)}" is not a format that can be read`, {
    hint: `rename it to end in ${Object.keys(formatByExtension).join(', ')}, or name its format`,
    details: { path },
  })
}
