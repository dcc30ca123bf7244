import { type FileHandle, open, rename } from 'node:fs/promises'
import { dirname, extname } from 'node:path'
import { InvalidInputError } from '../../base/index.ts'
import { syncFolder } from '../../storage/index.ts'
import { createCsvEncoder } from './encode-csv.ts'
import { createJsonlEncoder } from './encode-jsonl.ts'
import type { TableColumns, TableEncoder, TableFormat, TableRow } from './table.ts'

export type TableWriterOptions = TableColumns & {
  format: TableFormat
  /** Where the table is written until it is whole. */
  draft: string
  /** Of a Parquet file; other formats have no place for it. */
  metadata: Readonly<Record<string, string>>
  /** The blocks that the draft already has; what is behind them is cut off. */
  resume?: { offset: number; states: readonly string[] } | undefined
}

/** A table that grows on disk block by block. */
export type TableWriter = {
  /** Appends rows, and resolves once they are on disk: with the draft's size, and what `resume` needs of this block. */
  write(rows: readonly TableRow[]): Promise<{ offset: number; state: string }>
  /** Ends the table and gives it its name. */
  finish(path: string): Promise<void>
  /** Leaves the draft as it is. */
  close(): Promise<void>
}

const formatByExtension: Record<string, TableFormat> = {
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.parquet': 'parquet',
}

/** The format in which a file of that name is written. Throws `data.unknown-format`. */
export function tableFormatOf(path: string): TableFormat {
  const format = formatByExtension[extname(path).toLowerCase()]
  if (format) return format
  throw new InvalidInputError(
    'data.unknown-format',
    `${path}: "${extname(path)}" is not a format that can be written`,
    {
      hint: `let it end in ${Object.keys(formatByExtension).join(', ')}`,
      details: { path },
    },
  )
}

export async function openTableWriter({ draft, resume, ...options }: TableWriterOptions): Promise<TableWriter> {
  const encoder = await createEncoder({ ...options, resume })
  const file = await open(draft, resume ? 'r+' : 'wx')
  let offset = 0
  const append = async (bytes: Uint8Array) => {
    await writeAll(file, bytes, offset)
    offset += bytes.length
  }
  if (resume) {
    await file.truncate(resume.offset)
    offset = resume.offset
  } else await append(encoder.begin())
  return {
    async write(rows) {
      const { bytes, state } = await encoder.encode(rows)
      await append(bytes)
      await file.datasync()
      return { offset, state }
    },
    async finish(path) {
      await append(encoder.end())
      await file.sync()
      await file.close()
      await rename(draft, path)
      await syncFolder(dirname(path))
    },
    close: () => file.close(),
  }
}

async function createEncoder(options: Omit<TableWriterOptions, 'draft'>): Promise<TableEncoder> {
  if (options.format === 'parquet') {
    const { createParquetEncoder } = await import('./encode-parquet.ts')
    return createParquetEncoder(options)
  }
  if (options.format === 'jsonl') return createJsonlEncoder(options)
  return createCsvEncoder(options, options.format === 'tsv' ? '\t' : ',')
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten
  }
}
