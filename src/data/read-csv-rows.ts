import { isUtf8 } from 'node:buffer'
import { CsvError, type Options, Parser } from 'csv-parse'
import { InvalidInputError, present } from '../base/index.ts'
import { countLines, findNextLine } from './csv-lines.ts'
import { type RowSource, readBytes } from './data-file.ts'
import { type Row, type RowProblem, rowBytesMax } from './row.ts'

type CsvForm = { format: 'csv' | 'tsv'; delimiter: string }

/** One record, or why it has none; `start` is the offset of its first byte in the file. */
type CsvRecord = { start: number; fields: Buffer[] } | { start: number; error: CsvError }

/**
 * The first row names the columns. After a row whose quotes are broken, reading starts again on the next line, so that
 * one stray quote costs one row and not the rest of the file.
 */
export async function* readCsvRows(
  source: RowSource,
  format: 'csv' | 'tsv',
  delimiter = format === 'tsv' ? '\t' : ',',
): AsyncGenerator<Row> {
  let columns: string[] | undefined
  let start: number | undefined = source.start
  let line = 1
  while (start !== undefined) {
    const lines = countLines(start, line)
    let next: number | undefined
    for await (const record of readRecords({ ...source, start }, { format, delimiter, onChunk: lines.see })) {
      line = lines.lineAt(record.start)
      if ('error' in record) {
        const problem = describeCsvError(record.error, line)
        if (!columns) throw badHeader(source.path, problem.message)
        source.onProblem(problem)
        next = await findNextLine({ ...source, start: record.start })
      } else if (isBlank(record.fields)) {
      } else if (!columns) {
        columns = readHeader(source.path, record.fields)
      } else {
        const row = toRow(record.fields, columns, line)
        if ('fields' in row) yield row
        else source.onProblem(row)
      }
    }
    start = next
    line++
  }
}

/** Records up to the end of the file or, as the last item, the first error. */
async function* readRecords(
  source: RowSource,
  { onChunk, ...form }: CsvForm & { onChunk: (chunk: Buffer) => void },
): AsyncGenerator<CsvRecord> {
  const ready: CsvRecord[] = []
  let start = source.start
  const parser = createParser(form, (fields, bytes) => {
    ready.push({ start, fields })
    start = source.start + bytes
  })
  for await (const chunk of readBytes(source)) {
    onChunk(chunk)
    const error = await settle((done) => parser.write(chunk, done))
    yield* ready.splice(0)
    if (error) return yield { start, error }
  }
  const error = await settle((done) => parser.end(done))
  yield* ready.splice(0)
  if (error) yield { start, error }
}

/** Fields stay bytes, so that their UTF-8 can be checked; nothing comes out of the stream's readable side. */
function createParser({ format, delimiter }: CsvForm, onRecord: (fields: Buffer[], bytesRead: number) => void): Parser {
  const options: Options<Buffer[]> = {
    encoding: null,
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    // TSV is often written without any quoting: there a quote inside of a field is a character like others.
    relax_quotes: format === 'tsv',
    max_record_size: rowBytesMax,
    on_record: (fields, { bytes }) => {
      onRecord(fields, bytes)
      return null
    },
  }
  // Errors reach the callback of `write` or `end`; without a listener the event would end the process.
  return new Parser(options as unknown as Options).on('error', () => {})
}

function settle(act: (done: (error?: Error | null) => void) => void): Promise<CsvError | undefined> {
  return new Promise((resolve, reject) =>
    act((error) => (!error || error instanceof CsvError ? resolve(error ?? undefined) : reject(error))),
  )
}

function describeCsvError({ code }: CsvError, line: number): RowProblem {
  const reasons: Partial<Record<CsvError['code'], string>> = {
    CSV_INVALID_CLOSING_QUOTE: 'a quoted field goes on after its closing quote (a quote inside is written twice: "")',
    CSV_QUOTE_NOT_CLOSED: 'a quoted field is never closed',
    INVALID_OPENING_QUOTE: 'a quote stands inside of a field that does not begin with one',
  }
  if (code === 'CSV_MAX_RECORD_SIZE') {
    return {
      kind: 'row-too-long',
      line,
      message: `a field is longer than ${rowBytesMax} bytes, or its quote not closed`,
    }
  }
  return { kind: 'broken-quotes', line, message: present(reasons[code], `the description of ${code}`) }
}

function isBlank(fields: Buffer[]): boolean {
  return fields.length === 1 && fields[0]?.length === 0
}

function readHeader(path: string, fields: Buffer[]): string[] {
  if (!fields.every((field) => isUtf8(field))) throw badHeader(path, 'the first row is not valid UTF-8')
  const columns = fields.map((field, i) => field.toString('utf8').trim() || `column ${i + 1}`)
  const repeated = columns.filter((name, i) => columns.indexOf(name) < i)
  if (repeated.length > 0) throw badHeader(path, `the first row names twice: ${[...new Set(repeated)].join(', ')}`)
  return columns
}

function badHeader(path: string, reason: string): InvalidInputError {
  return new InvalidInputError('data.bad-header', `${path}: ${reason}`, {
    hint: 'the first row must name each column once, for example: text,label',
    details: { path },
  })
}

function toRow(fields: Buffer[], columns: string[], line: number): Row | RowProblem {
  if (fields.length !== columns.length) {
    const message = `the row has ${fields.length} fields, the first row names ${columns.length} columns`
    return { kind: 'ragged-row', line, message }
  }
  const broken = columns.filter((_, i) => !isUtf8(fields[i] as Buffer))
  if (broken.length > 0) return { kind: 'invalid-utf8', line, message: `not valid UTF-8: ${broken.join(', ')}` }
  return { line, fields: Object.fromEntries(columns.map((name, i) => [name, (fields[i] as Buffer).toString('utf8')])) }
}
