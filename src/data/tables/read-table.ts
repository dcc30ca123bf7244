import type { ParquetReadOptions } from '../open-parquet.ts'
import { readParquetRows } from '../read-parquet-rows.ts'
import { readRows } from '../read-rows.ts'
import { formatOf, type Row, type RowProblem } from '../row.ts'

export type ReadTableOptions = Omit<ParquetReadOptions, 'start'> & {
  /** Rows, readable or not, to pass over. */
  skip?: number
}

/** The rows of a file in their order, each as it is or as the reason why it cannot be read. `columns` spare Parquet work. */
export async function* readTable(
  path: string,
  { skip = 0, ...options }: ReadTableOptions = {},
): AsyncGenerator<Row | RowProblem> {
  if (formatOf(path) === 'parquet') return yield* readParquetRows(path, { ...options, start: skip })
  let position = 0
  for await (const row of readInOrder(path)) if (position++ >= skip) yield row
}

async function* readInOrder(path: string): AsyncGenerator<Row | RowProblem> {
  const problems: RowProblem[] = []
  for await (const row of readRows(path, { onProblem: (problem) => problems.push(problem) })) {
    // Reported while the reader was on its way to this row.
    yield* problems.splice(0)
    yield row
  }
  yield* problems
}

/** The columns that a Parquet file says it has; of other files only their rows tell. */
export async function readStatedColumns(path: string) {
  if (formatOf(path) !== 'parquet') return undefined
  const { openParquet } = await import('../open-parquet.ts')
  const file = await openParquet(path)
  return file.close().then(() => file.columns)
}
