import type { Schema } from './schema.ts'

/** Rows of one table or several that are stored together or not at all, parents first; values as JSON has them. */
export type RowSet = { readonly [Table in keyof Schema]?: readonly Readonly<Record<string, unknown>>[] }

export type Statement = { readonly text: string; readonly values: readonly string[] }

/** One statement for all rows; rows whose key is there already are left as they are. */
export function insertRowSets(sets: readonly RowSet[]): Statement {
  const tables = [...new Set(sets.flatMap((set) => Object.keys(set) as (keyof Schema)[]))]
  // One value for each table however many rows there are, so that the statement stays the same.
  const inserts = tables.map(
    (table, i) =>
      `insert into "${table}" select * from json_populate_recordset(null::"${table}", $${i + 1}::json) on conflict do nothing`,
  )
  const before = inserts.slice(0, -1).map((insert, i) => `"part ${i}" as (${insert})`)
  return {
    text: `${before.length > 0 ? `with ${before.join(', ')} ` : ''}${inserts.at(-1) ?? ''}`,
    values: tables.map((table) => JSON.stringify(sets.flatMap((set) => set[table] ?? []))),
  }
}
