import { toJson } from './cell.ts'
import type { TableColumn, TableColumns, TableEncoder, TableRow } from './table.ts'

/** One object a line, without the added columns that its row has nothing for. */
export function createJsonlEncoder({ kept, added }: TableColumns): TableEncoder {
  const toLine = (row: TableRow) => {
    // As it was written: numbers of any length and the order of the fields stay.
    const before = row.keptJson?.slice(1, -1).trim()
    const members = before === undefined ? toMembers(kept, row.kept) : before === '' ? [] : [before]
    const more = toMembers(
      added.filter(({ name }) => row.added[name] !== undefined),
      row.added,
    )
    return `{${[...members, ...more].join(',')}}\n`
  }
  return {
    begin: () => new Uint8Array(),
    encode: async (rows) => ({ bytes: Buffer.from(rows.map(toLine).join('')), state: '' }),
    end: () => new Uint8Array(),
  }
}

function toMembers(columns: readonly TableColumn[], values: Readonly<Record<string, unknown>>): string[] {
  return columns.map(({ name, type }) => `${JSON.stringify(name)}:${toJson(values[name], type)}`)
}
