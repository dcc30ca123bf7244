import { type Tensor, zeros } from '../onnx/index.ts'

/** The rows of tables of equal height that a batch uses, as small matrices that a graph reads and writes. */
export type RowBuffers = {
  readonly buffers: readonly Tensor[]
  /** Copies the rows `ids` out of the tables, in that order. */
  load(ids: readonly number[]): void
  /** Copies them back into the tables that are written. */
  store(ids: readonly number[]): void
}

export function createRowBuffers(
  tables: readonly { table: Tensor; isWritten: boolean }[],
  rowCount: number,
): RowBuffers {
  const pairs = tables.map(({ table, isWritten }) => {
    const [height, width] = table.dims as [number, number]
    const buffer = zeros('float32', [Math.min(rowCount, height), width])
    return { width, full: table.data as Float32Array, rows: buffer.data as Float32Array, buffer, isWritten }
  })
  return {
    buffers: pairs.map(({ buffer }) => buffer),
    load(ids) {
      for (const { width, full, rows } of pairs) {
        ids.forEach((id, row) => {
          rows.set(full.subarray(id * width, (id + 1) * width), row * width)
        })
      }
    },
    store(ids) {
      for (const { width, full, rows } of pairs.filter(({ isWritten }) => isWritten)) {
        ids.forEach((id, row) => {
          full.set(rows.subarray(row * width, (row + 1) * width), id * width)
        })
      }
    },
  }
}
