import type { RowGroup, SchemaElement } from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { assert } from '../../base/index.ts'
import { toText } from './cell.ts'
import type { ColumnType, TableColumn, TableColumns, TableEncoder } from './table.ts'

/** Where a file goes on: its size, and the states of the blocks in it. */
export type ParquetResume = { offset: number; states: readonly string[] }

export type ParquetEncoderOptions = TableColumns & {
  /** Key and value pairs of the file. */
  metadata: Readonly<Record<string, string>>
  resume?: ParquetResume | undefined
}

type LeafType = Exclude<ColumnType, 'floats' | 'texts'>

const leaves: Record<LeafType, Omit<SchemaElement, 'name'>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  boolean: { type: 'BOOLEAN' },
  integer: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  float: { type: 'FLOAT' },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON', logical_type: { type: 'JSON' } },
}
const leafOfList = { floats: 'float', texts: 'text' } as const

/** A row group for each block. The footer, which a Parquet file is useless without, is made of the blocks' states. */
export function createParquetEncoder({ kept, added, metadata, resume }: ParquetEncoderOptions): TableEncoder {
  const columns = [...kept, ...added]
  const bytes = new ByteWriter()
  const parquet = new ParquetWriter({
    writer: bytes,
    schema: [{ name: 'schema', num_children: columns.length }, ...columns.flatMap(toElements)],
    // Bounds of texts would hold texts of the file in memory and in the footer, for readers that seek in sorted files.
    statistics: false,
    kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    createdBy: 'capstan',
  })
  const begin = takeBytes(bytes)
  if (resume) {
    bytes.offset = resume.offset
    parquet.row_groups.push(...resume.states.map(unpackGroup))
    parquet.num_rows = parquet.row_groups.reduce((sum, group) => sum + group.num_rows, 0n)
  }
  return {
    begin: () => begin,
    async encode(rows) {
      const columnData = [
        ...kept.map((column) => ({ column, values: rows.map((row) => row.kept[column.name]) })),
        ...added.map((column) => ({ column, values: rows.map((row) => row.added[column.name]) })),
      ].map(({ column, values }) => ({
        name: column.name,
        data: values.map((value) => toStored(value, column)),
        offsetIndex: false,
      }))
      await parquet.write({ columnData, rowGroupSize: Math.max(1, rows.length) })
      // Only page indexes would wait here for the end of the file, and none are made.
      parquet.pendingIndexes = []
      const group = parquet.row_groups.at(-1)
      assert(group, 'internal: a block of rows made no row group')
      return { bytes: takeBytes(bytes), state: packGroup(group) }
    },
    end() {
      void parquet.finish()
      return takeBytes(bytes)
    },
  }
}

function takeBytes(writer: ByteWriter): Uint8Array {
  const taken = writer.getBytes().slice()
  writer.index = 0
  return taken
}

function toElements({ name, type, elements }: TableColumn): SchemaElement[] {
  if (elements) return elements.map(toWritable)
  if (type !== 'floats' && type !== 'texts') return [{ name, ...leaves[type], repetition_type: 'OPTIONAL' }]
  return [
    { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', ...leaves[leafOfList[type]], repetition_type: 'REQUIRED' },
  ]
}

/** The old type for points in time is only read any more; its values come as nanoseconds. */
function toWritable(element: SchemaElement): SchemaElement {
  if (element.type !== 'INT96') return element
  const timestamp = { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'NANOS' } as const
  return { ...element, type: 'INT64', logical_type: timestamp }
}

function toStored(value: unknown, { type, elements }: TableColumn): unknown {
  if (value === null || value === undefined) return null
  if (elements) return value
  if (type === 'text') return toText(value, type)
  return type === 'integer' ? BigInt(value as number) : value
}

/** A row group's entry in the footer; JSON has no whole numbers of 64 bits. */
function packGroup(group: RowGroup): string {
  return JSON.stringify(group, (_key, value) => (typeof value === 'bigint' ? { int64: value.toString() } : value))
}

function unpackGroup(state: string): RowGroup {
  return JSON.parse(state, (_key, value) =>
    typeof value?.int64 === 'string' ? BigInt(value.int64) : value,
  ) as RowGroup
}
