import { open } from 'node:fs/promises'
import * as zlib from 'node:zlib'
import {
  type AsyncBuffer,
  type CompressionCodec,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaElement,
  type SchemaTree,
} from 'hyparquet'
import { CapstanError, InvalidInputError, UnsupportedError } from '../base/index.ts'
import { findDataStart } from './data-file.ts'

/** A column with its schema, nested parts in the order of the file. */
export type ParquetColumn = { name: string; elements: SchemaElement[] }

export type ParquetFile = {
  columns: readonly ParquetColumn[]
  rowCount: number
  /** Rows in their order from `start` on, so many at a time that they take little memory. */
  readRows(options?: ParquetReadOptions): AsyncGenerator<Record<string, unknown>[]>
  close(): Promise<void>
}

export type ParquetReadOptions = {
  start?: number
  /** Only these columns. */
  columns?: readonly string[]
  /** Points in time: as Date, to the millisecond; or as the file's own numbers, to be written to one like it. */
  times?: 'dates' | 'raw'
}

type Decompress = (input: Uint8Array, outputLength: number) => Uint8Array

/** Values of so many bytes are decoded at a time: a row group alone may hold millions of rows. */
const sliceBytesMax = 1 << 25
const sliceRowsMin = 4096

/** Node has zstd from 22.15 on. */
const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (input: Uint8Array) => Uint8Array }
const compressors: Partial<Record<CompressionCodec, Decompress>> = {
  GZIP: (input) => zlib.gunzipSync(input),
  BROTLI: (input) => zlib.brotliDecompressSync(input),
  ...(zstdDecompressSync && { ZSTD: (input: Uint8Array) => zstdDecompressSync(input) }),
}
const codecs = new Set<CompressionCodec>([
  'UNCOMPRESSED',
  'SNAPPY',
  ...(Object.keys(compressors) as CompressionCodec[]),
])

const identity = (value: unknown) => value
/** Only what has more than milliseconds, or another unit, needs to be kept from becoming a Date. */
const rawTimes = {
  timestampFromMilliseconds: identity,
  timestampFromMicroseconds: identity,
  timestampFromNanoseconds: identity,
  dateFromDays: identity,
}

/**
 * Opens a Parquet file. Throws what `findDataStart` throws, `data.bad-parquet`, and `data.unsupported-parquet` with every
 * column whose type or compression cannot be read.
 */
export async function openParquet(path: string): Promise<ParquetFile> {
  await findDataStart(path)
  const handle = await open(path)
  try {
    const file = toAsyncBuffer(handle, (await handle.stat()).size)
    const metadata = await asParquetError(path, () => parquetMetadataAsync(file, { geoparquet: false }))
    refuseUnsupported(path, metadata)
    return {
      columns: parquetSchema(metadata).children.map((tree) => ({
        name: tree.element.name,
        elements: listElements(tree),
      })),
      rowCount: Number(metadata.num_rows),
      readRows: (options) => readSlices(path, { file, metadata }, options),
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function* readSlices(
  path: string,
  source: { file: AsyncBuffer; metadata: FileMetaData },
  { start = 0, columns, times = 'dates' }: ParquetReadOptions = {},
): AsyncGenerator<Record<string, unknown>[]> {
  let groupStart = 0
  for (const group of source.metadata.row_groups) {
    const groupEnd = groupStart + Number(group.num_rows)
    const sliceRows = chooseSliceRows(Number(group.num_rows), Number(group.total_byte_size))
    for (let rowStart = Math.max(start, groupStart); rowStart < groupEnd; rowStart += sliceRows) {
      const rowEnd = Math.min(rowStart + sliceRows, groupEnd)
      yield await asParquetError(path, () =>
        parquetReadObjects({
          ...source,
          rowStart,
          rowEnd,
          ...(columns && { columns: [...columns] }),
          compressors,
          parsers: times === 'raw' ? rawTimes : {},
          // Bytes that nobody calls text stay bytes, so that they can be written again as they are.
          utf8: false,
          geoparquet: false,
          useOffsetIndex: true,
        }),
      )
    }
    groupStart = groupEnd
  }
}

function chooseSliceRows(rows: number, bytes: number): number {
  return Math.max(sliceRowsMin, Math.floor((rows * sliceBytesMax) / Math.max(1, bytes)))
}

function toAsyncBuffer(handle: Awaited<ReturnType<typeof open>>, size: number): AsyncBuffer {
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new Uint8Array(end - start)
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start)
      return bytesRead === bytes.length ? bytes.buffer : bytes.buffer.slice(0, bytesRead)
    },
  }
}

function listElements({ element, children }: SchemaTree): SchemaElement[] {
  return [element, ...children.flatMap(listElements)]
}

function refuseUnsupported(path: string, { schema, row_groups: groups }: FileMetaData): void {
  const types = schema
    .filter(({ converted_type: type }) => type === 'BSON' || type === 'INTERVAL')
    .map(({ name, converted_type: type }) => `${name} is ${type}`)
  const variants = schema
    .filter(({ logical_type: type }) => type?.type === 'VARIANT')
    .map(({ name }) => `${name} is VARIANT`)
  const used = new Set(groups.flatMap(({ columns }) => columns.map(({ meta_data: data }) => data?.codec)))
  const unknown = [...used].filter((codec) => codec !== undefined && !codecs.has(codec))
  const problems = [...types, ...variants, ...unknown.map((codec) => `it is compressed with ${codec}`)]
  if (problems.length === 0) return
  throw new UnsupportedError('data.unsupported-parquet', `${path} cannot be read: ${problems.join('; ')}`, {
    hint: `write it with the compression snappy and without such columns${unknown.includes('ZSTD') ? '; ZSTD needs Node 22.15' : ''}`,
    details: { path, problems },
  })
}

/** The library's own errors come out as `data.bad-parquet`. */
async function asParquetError<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof CapstanError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new InvalidInputError('data.bad-parquet', `${path} is no Parquet file that can be read: ${reason}`, {
      hint: 'write the file again; a copy may have been cut off',
      details: { path },
      cause: error,
    })
  }
}
