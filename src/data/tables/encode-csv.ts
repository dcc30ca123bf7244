import { toText } from './cell.ts'
import type { TableColumns, TableEncoder } from './table.ts'

/** RFC 4180 with LF, the columns' names in the first row; a field is quoted where it must be. */
export function createCsvEncoder({ kept, added }: TableColumns, delimiter: ',' | '\t'): TableEncoder {
  const special = new RegExp(`["\\r\\n${delimiter}]`)
  const quote = (text: string) => (special.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  // A row of one empty field would be a blank line, which readers pass over.
  const toLine = (fields: string[]) =>
    fields.length === 1 && fields[0] === '' ? '""\n' : `${fields.join(delimiter)}\n`
  return {
    begin: () => Buffer.from(toLine([...kept, ...added].map(({ name }) => quote(name)))),
    async encode(rows) {
      const lines = rows.map((row) =>
        toLine([
          ...kept.map(({ name, type }) => quote(toText(row.kept[name], type))),
          ...added.map(({ name, type }) => quote(toText(row.added[name], type))),
        ]),
      )
      return { bytes: Buffer.from(lines.join('')), state: '' }
    },
    end: () => new Uint8Array(),
  }
}
