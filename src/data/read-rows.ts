import { findDataStart } from './data-file.ts'
import { readConllRows } from './read-conll-rows.ts'
import { readCsvRows } from './read-csv-rows.ts'
import { readJsonRows } from './read-json-rows.ts'
import { readParquetRows } from './read-parquet-rows.ts'
import { formatOf, type Row, type RowFormat, type RowProblem } from './row.ts'

/** How to read a file, and who hears of rows that cannot be read. */
export type ReadRowsOptions = {
  /** By default what the extension says: .csv, .tsv, .jsonl, .ndjson, .parquet, .conll, .bio, .iob or .iob2. */
  format?: RowFormat | undefined
  /** What stands between the fields of a CSV file where that is no comma. */
  delimiter?: string | undefined
  /** Called for each row that cannot be read; reading goes on with the next row. */
  onProblem: (problem: RowProblem) => void
  /** Bytes read from the file at a time. */
  chunkBytes?: number
}

/**
 * Streams the rows of a CSV, TSV, JSONL, Parquet or CoNLL file in constant memory. In CSV and TSV the first row names the
 * columns; in JSONL and Parquet numbers and booleans become text, null becomes an empty text, and arrays and objects stand
 * apart as `nested`; a sentence of CoNLL is a row with `text` and nested `spans`. Throws
 * `data.file-not-found`, `data.not-a-file`, `data.unreadable`, `data.bad-encoding`, `data.unknown-format`,
 * `data.bad-header`, `data.bad-parquet` and `data.unsupported-parquet`; everything that concerns one row goes to `onProblem`.
 */
export async function* readRows(path: string, options: ReadRowsOptions): AsyncGenerator<Row> {
  const { format = formatOf(path), delimiter, onProblem, chunkBytes = 1 << 16 } = options
  if (format === 'parquet') return yield* readParquetRows(path)
  const source = { path, start: await findDataStart(path), chunkBytes, onProblem }
  if (format === 'jsonl') yield* readJsonRows(source)
  else if (format === 'conll') yield* readConllRows(source)
  else yield* readCsvRows(source, format, delimiter)
}
