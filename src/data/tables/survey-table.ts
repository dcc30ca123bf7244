import { assert, InvalidInputError } from '../../base/index.ts'
import type { TaskKind } from '../../contracts/index.ts'
import { type ColumnChoice, chooseTextColumns } from '../columns.ts'
import { findTextProblem } from '../read-examples.ts'
import { formatOf, type Row, type RowProblem, type RowProblemKind } from '../row.ts'
import { readStatedColumns, readTable } from './read-table.ts'
import { type ColumnType, cellsOf, type TableColumn } from './table.ts'

export type SurveyRequest = {
  path: string
  kind: TaskKind
  /** Every row is a pair of texts, or none is. */
  pairs: boolean
  textColumn?: string | undefined
  pairColumn?: string | undefined
}

/** What a file of texts holds, found by reading all of it once. */
export type TableSurvey = {
  columns: TableColumn[]
  texts: ColumnChoice
  /** Readable or not. */
  rowCount: number
  problemCount: number
  problemsByKind: Partial<Record<RowProblemKind, number>>
  /** The first of them. */
  problems: RowProblem[]
}

const problemsKept = 1000

/**
 * Reads a file of texts to answer once, in constant memory: its columns with their types, its rows and its problems. Throws
 * what `readRows` throws, `data.missing-column`, `data.ambiguous-column`, and `data.bad-rows` for a file without any row.
 */
export async function surveyTable(request: SurveyRequest): Promise<TableSurvey> {
  const { path } = request
  const stated = await readStatedColumns(path)
  const types = new Map<string, ColumnType | undefined>()
  const problems: RowProblem[] = []
  const problemsByKind: TableSurvey['problemsByKind'] = {}
  let texts =
    stated &&
    chooseTexts(
      request,
      stated.map(({ name }) => name),
    )
  let rowCount = 0
  let problemCount = 0
  for await (const row of readTable(path, texts ? { columns: Object.values(texts) } : {})) {
    rowCount++
    if ('fields' in row) {
      noteTypes(row, types)
      texts ??= chooseTexts(request, [...types.keys()])
    }
    const problem = 'fields' in row ? findTextProblem(row, texts as ColumnChoice) : row
    if (!problem) continue
    problemCount++
    problemsByKind[problem.kind] = (problemsByKind[problem.kind] ?? 0) + 1
    if (problems.length < problemsKept) problems.push(problem)
  }
  if (problemCount === rowCount) throw badRows(request.path, { rowCount, problemCount, problems, problemsByKind })
  assert(texts, 'internal: rows were read without choosing columns')
  const columns = stated
    ? stated.map(({ name, elements }): TableColumn => ({ name, type: 'json', elements }))
    : [...types].map(([name, type]): TableColumn => ({ name, type: type ?? 'text' }))
  return { columns, texts, rowCount, problemCount, problemsByKind, problems }
}

/** `data.bad-rows` with the first problems; `hint` says what to do where some rows are good. */
export function badRows(
  path: string,
  { rowCount, problemCount, problems, problemsByKind }: Omit<TableSurvey, 'columns' | 'texts'>,
  hint = 'the file needs rows with a text',
): InvalidInputError {
  const linesShown = problems.slice(0, 20).map(({ line, message }) => `\n  ${nameLine(path)} ${line}: ${message}`)
  const more = problemCount > linesShown.length ? `\n  … and ${problemCount - linesShown.length} more` : ''
  const what = rowCount === 0 ? 'the file has no rows' : `${problemCount} of ${rowCount} rows cannot be answered`
  return new InvalidInputError('data.bad-rows', `${path}: ${what}${linesShown.join('')}${more}`, {
    hint,
    details: { path, problems, countByKind: problemsByKind },
  })
}

/** What a row's number counts. */
export function nameLine(path: string): 'line' | 'row' {
  return formatOf(path) === 'parquet' ? 'row' : 'line'
}

function chooseTexts({ path, kind, pairs, textColumn, pairColumn }: SurveyRequest, columns: string[]): ColumnChoice {
  return chooseTextColumns(path, columns, { kind, pairs, given: { text: textColumn, pair: pairColumn } })
}

/** A column of several types holds what they have in common; one that is always empty has none yet. */
function noteTypes(row: Row, types: Map<string, ColumnType | undefined>): void {
  for (const [name, value] of Object.entries(cellsOf(row))) {
    const type = typeOf(value)
    const known = types.get(name)
    types.set(name, known === undefined ? type : joinTypes(known, type ?? known))
  }
}

function typeOf(value: unknown): ColumnType | undefined {
  if (value === null || value === undefined) return undefined
  if (typeof value === 'string') return 'text'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'number'
  return 'json'
}

function joinTypes(a: ColumnType, b: ColumnType): ColumnType {
  if (a === b) return a
  const both = [a, b]
  if (both.includes('integer') && both.includes('number')) return 'number'
  return both.includes('json') ? 'json' : 'text'
}
