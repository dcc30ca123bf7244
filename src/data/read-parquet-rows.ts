import type { ParquetReadOptions } from './open-parquet.ts'
import type { Row } from './row.ts'
import { toTypedRow } from './typed-row.ts'

/** The rows of a Parquet file; their lines count the rows from 1. */
export async function* readParquetRows(path: string, options: ParquetReadOptions = {}): AsyncGenerator<Row> {
  const { openParquet } = await import('./open-parquet.ts')
  const file = await openParquet(path)
  try {
    let line = (options.start ?? 0) + 1
    for await (const slice of file.readRows(options)) {
      for (const values of slice) yield { line: line++, ...toTypedRow(values) }
    }
  } finally {
    await file.close()
  }
}
