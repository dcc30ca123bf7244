/** Tables as files: what their columns and rows hold, whatever the format. */
import type { ParquetColumn } from '../open-parquet.ts'
import type { Row } from '../row.ts'

/** `json` is any value; `float` has the precision of a model's numbers; the last two are lists. */
export type ColumnType = 'text' | 'boolean' | 'integer' | 'number' | 'float' | 'json' | 'floats' | 'texts'

export type TableColumn = {
  name: string
  type: ColumnType
  /** Of a column that comes from a Parquet file, so that it can be written to one as it was. */
  elements?: ParquetColumn['elements']
}

/** Formats that a table can be written in. */
export type TableFormat = 'csv' | 'tsv' | 'jsonl' | 'parquet'

/** The columns of a table that is made from another one: those it keeps, and those it adds. */
export type TableColumns = { kept: readonly TableColumn[]; added: readonly TableColumn[] }

/** Values by column; what a row does not name is empty. */
export type TableRow = {
  kept: Readonly<Record<string, unknown>>
  /** The kept values as they were written in a JSON file. */
  keptJson?: string | undefined
  added: Readonly<Record<string, unknown>>
}

/** Turns rows into the bytes of a file, block by block. */
export type TableEncoder = {
  /** What the file begins with. */
  begin(): Uint8Array
  /** The bytes that follow those of the blocks before, and what else it takes to go on after them. */
  encode(rows: readonly TableRow[]): Promise<{ bytes: Uint8Array; state: string }>
  end(): Uint8Array
}

/** All values of a row, with their types where its file has some. */
export function cellsOf({ fields, nested, values }: Row): Readonly<Record<string, unknown>> {
  return values ?? (nested ? { ...fields, ...nested } : fields)
}
