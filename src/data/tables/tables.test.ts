import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { parquetWriteFile } from 'hyparquet-writer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readExamples } from '../read-examples.ts'
import type { Row, RowProblem } from '../row.ts'
import { openTableWriter, tableFormatOf } from './open-table-writer.ts'
import { readTable } from './read-table.ts'
import { badRows, surveyTable } from './survey-table.ts'
import { cellsOf, type TableColumns, type TableFormat, type TableRow } from './table.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-tables-'))
})
afterAll(() => rm(folder, { recursive: true }))

const inFolder = async (name: string, content: string) => {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}
const collect = async (path: string, options = {}) => {
  const rows: (Row | RowProblem)[] = []
  for await (const row of readTable(path, options)) rows.push(row)
  return rows
}
const survey = (path: string) => surveyTable({ path, kind: 'classify', pairs: false })

/** Writes rows in blocks of two and returns the file's bytes. */
async function write(name: string, columns: TableColumns, rows: readonly TableRow[], format: TableFormat) {
  const draft = join(folder, `${name}.partial`)
  const writer = await openTableWriter({ ...columns, format, draft, metadata: { model: 'm' } })
  for (let start = 0; start < rows.length; start += 2) await writer.write(rows.slice(start, start + 2))
  const path = join(folder, name)
  await writer.finish(path)
  return path
}

/** Two texts with a number and a list, as Parquet. */
function writeSource(path: string): void {
  parquetWriteFile({
    filename: path,
    columnData: [
      { name: 'text', data: ['card', 'money', 'pin'] },
      { name: 'id', data: [1n, 9007199254740993n, null] },
      { name: 'at', data: [1700000000123456n, null, -5n] },
      { name: 'list', data: [[1, 2], [], null] },
      { name: 'bytes', data: [Uint8Array.of(0, 255), null, Uint8Array.of(65)] },
    ],
    schema: [
      { name: 'root', num_children: 5 },
      { name: 'text', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      { name: 'id', type: 'INT64', repetition_type: 'OPTIONAL' },
      {
        name: 'at',
        type: 'INT64',
        repetition_type: 'OPTIONAL',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
      },
      { name: 'list', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', type: 'INT32', repetition_type: 'OPTIONAL' },
      { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
    ],
  })
}

describe('a survey', () => {
  it('counts rows and problems and finds the columns that only later rows have, with their types', async () => {
    const path = await inFolder(
      'mixed.jsonl',
      '{"text":"a","n":1,"mixed":1}\n{"text":" ","n":2.5,"mixed":"x"}\n[]\n{"text":"b","late":true,"deep":{"k":[1]}}\n',
    )
    expect(await survey(path)).toEqual({
      columns: [
        { name: 'text', type: 'text' },
        { name: 'n', type: 'number' },
        { name: 'mixed', type: 'text' },
        { name: 'late', type: 'boolean' },
        { name: 'deep', type: 'json' },
      ],
      texts: { text: 'text' },
      rowCount: 4,
      problemCount: 2,
      problemsByKind: { 'empty-text': 1, 'invalid-json': 1 },
      problems: [
        { kind: 'empty-text', line: 2, message: '"text" is empty' },
        { kind: 'invalid-json', line: 3, message: 'the line is an array, not a JSON object' },
      ],
    })
  })

  it('needs no label, and of a Parquet file takes the columns from its schema', async () => {
    const path = join(folder, 'survey.parquet')
    writeSource(path)
    const { columns, texts, rowCount, problemCount } = await survey(path)
    expect({ texts, rowCount, problemCount }).toEqual({ texts: { text: 'text' }, rowCount: 3, problemCount: 0 })
    expect(columns.map(({ name, elements }) => [name, elements?.length])).toEqual([
      ['text', 1],
      ['id', 1],
      ['at', 1],
      ['list', 3],
      ['bytes', 1],
    ])
  })

  it('refuses a file without any row, and one whose texts are in no known column', async () => {
    await expect(survey(await inFolder('empty.csv', 'text\n'))).rejects.toMatchObject({
      code: 'data.bad-rows',
      message: expect.stringContaining('the file has no rows'),
    })
    await expect(survey(await inFolder('unnamed.csv', 'a,b\n1,2\n'))).rejects.toMatchObject({
      code: 'data.missing-column',
    })
  })

  it('names the first problems with their lines and says how many more there are', async () => {
    const path = await inFolder('bad.csv', `text,n\n${'x,1,2\n'.repeat(25)}good,1\n`)
    const { message } = badRows(path, await survey(path))
    expect(message).toContain('25 of 26 rows cannot be answered\n  line 2: the row has 3 fields')
    expect(message).toContain('  line 21: the row has 3 fields, the first row names 2 columns\n  … and 5 more')
  })
})

describe('reading a table', () => {
  it('gives rows that cannot be read in their places, and can pass over the first ones', async () => {
    const path = await inFolder('places.csv', 'text,n\na,1\n"b"x,2\nc,3,4\nd,5\n')
    const lines = (rows: (Row | RowProblem)[]) =>
      rows.map((row) => ('fields' in row ? row.fields.text : `${row.line} ${row.kind}`))
    expect(lines(await collect(path))).toEqual(['a', '3 broken-quotes', '4 ragged-row', 'd'])
    expect(lines(await collect(path, { skip: 2 }))).toEqual(['4 ragged-row', 'd'])
  })

  it('reads Parquet from any row on, whatever its row groups', async () => {
    const path = join(folder, 'groups.parquet')
    const data = Array.from({ length: 25 }, (_, i) => `text ${i}`)
    parquetWriteFile({ filename: path, columnData: [{ name: 'text', data, type: 'STRING' }], rowGroupSize: 10 })
    const rows = (await collect(path, { skip: 13 })) as Row[]
    expect(rows.map(({ line, fields }) => [line, fields.text])).toEqual(data.slice(13).map((text, i) => [14 + i, text]))
  })

  it.each([
    ['cut.parquet', 'data.bad-parquet'],
    ['absent.parquet', 'data.file-not-found'],
  ])('refuses %s with %s', async (name, code) => {
    if (name === 'cut.parquet') await inFolder(name, 'PAR1 and then nothing that ends like Parquet')
    await expect(collect(join(folder, name))).rejects.toMatchObject({ code })
  })
})

describe('training data', () => {
  it('can be Parquet', async () => {
    const path = join(folder, 'train.parquet')
    const [text, label] = [
      ['a b', 'c d', 'e f', 'g h'],
      ['x', 'y', 'x', 'y'],
    ]
    parquetWriteFile({
      filename: path,
      columnData: [
        { name: 'text', data: text, type: 'STRING' },
        { name: 'label', data: label, type: 'STRING' },
      ],
    })
    const { examples } = await readExamples({ path })
    expect(examples).toEqual(text.map((text, i) => ({ line: i + 1, text, answer: { kind: 'class', label: label[i] } })))
  })
})

const added = [
  { name: 'label', type: 'text' },
  { name: 'confidence', type: 'float' },
  { name: 'labels', type: 'texts' },
  { name: 'embedding', type: 'floats' },
  { name: 'spans', type: 'json' },
  { name: 'truncated', type: 'boolean' },
  { name: 'model_version', type: 'integer' },
] as const
const answered = {
  label: 'a, "b"',
  confidence: Math.fround(0.9734521),
  labels: ['x', 'y'],
  embedding: [Math.fround(0.1), -1],
  spans: [{ start: 0, label: 'CITY' }],
  truncated: false,
  model_version: 3,
}

describe('a written table', () => {
  it('is CSV that quotes what it must, lists joined and the rest JSON', async () => {
    const kept = [{ name: 'text', type: 'text' }] as const
    const rows = [
      { kept: { text: 'two\nlines' }, added: answered },
      { kept: {}, added: {} },
    ]
    expect(await readFile(await write('quoted.csv', { kept, added }, rows, 'csv'), 'utf8')).toBe(
      'text,label,confidence,labels,embedding,spans,truncated,model_version\n' +
        '"two\nlines","a, ""b""",0.9734521,x|y,"[0.1,-1]","[{""start"":0,""label"":""CITY""}]",false,3\n' +
        ',,,,,,,\n',
    )
  })

  it('is JSON Lines that keep an input line as it was written', async () => {
    const path = await inFolder('kept.jsonl', ' {"id": 12345678901234567890, "text": "a"} \n{}\n')
    const rows = (await collect(path)) as Row[]
    const table = rows.map((row) => ({ kept: cellsOf(row), keptJson: row.json, added: { label: 'x' } }))
    const written = await write('out.jsonl', { kept: [], added }, table, 'jsonl')
    expect(await readFile(written, 'utf8')).toBe(
      '{"id": 12345678901234567890, "text": "a","label":"x"}\n{"label":"x"}\n',
    )
  })

  it('is Parquet in which kept columns have the types and values that they had', async () => {
    const path = join(folder, 'source.parquet')
    writeSource(path)
    const rows = (await collect(path, { times: 'raw' })) as Row[]
    const table = rows.map((row) => ({ kept: cellsOf(row), added: answered }))
    const written = await write('types.parquet', { kept: (await survey(path)).columns, added }, table, 'parquet')
    const file = await asyncBufferFromFile(written)
    const metadata = await parquetMetadataAsync(file)
    const source = await parquetMetadataAsync(await asyncBufferFromFile(path))
    expect(metadata.schema.slice(1, source.schema.length)).toEqual(source.schema.slice(1))
    expect(metadata.row_groups.map(({ num_rows: rows }) => rows)).toEqual([2n, 1n])
    expect(metadata.key_value_metadata).toEqual([{ key: 'model', value: 'm' }])
    const back = (await collect(written, { times: 'raw' })) as Row[]
    expect(back.map(cellsOf)).toEqual(rows.map((row) => ({ ...cellsOf(row), ...answered, model_version: 3n })))
    const [first] = await parquetReadObjects({ file })
    expect(first?.at).toEqual(new Date('2023-11-14T22:13:20.123Z'))
  })

  it('is Parquet with the types that a survey found in JSON Lines', async () => {
    const path = await inFolder('typed.jsonl', '{"text":"a","n":1,"x":0.5,"ok":true,"deep":{"k":[1]}}\n{"text":"b"}\n')
    const rows = (await collect(path)) as Row[]
    const { columns } = await survey(path)
    const table = rows.map((row) => ({ kept: cellsOf(row), added: {} }))
    const written = await write('typed.parquet', { kept: columns, added: [] }, table, 'parquet')
    expect(await parquetReadObjects({ file: await asyncBufferFromFile(written) })).toEqual([
      { text: 'a', n: 1n, x: 0.5, ok: true, deep: { k: [1] } },
      { text: 'b', n: null, x: null, ok: null, deep: null },
    ])
  })

  it.each(['csv', 'tsv', 'jsonl', 'parquet'] as const)(
    'in %s is the same bytes where its writing was cut in a block and went on',
    async (format) => {
      const columns = { kept: [{ name: 'text', type: 'text' }], added } as const
      const rows = Array.from({ length: 6 }, (_, i) => ({ kept: { text: `text ${i}` }, added: answered }))
      const whole = await write(`whole.${format}`, columns, rows, format)
      const draft = join(folder, `cut.${format}.partial`)
      const options = { ...columns, format, draft, metadata: { model: 'm' } }
      const first = await openTableWriter(options)
      const { offset, state } = await first.write(rows.slice(0, 2))
      await first.write(rows.slice(2, 4))
      await first.close()
      const second = await openTableWriter({ ...options, resume: { offset, states: [state] } })
      await second.write(rows.slice(2, 4))
      await second.write(rows.slice(4))
      const resumed = join(folder, `resumed.${format}`)
      await second.finish(resumed)
      expect((await readFile(resumed)).equals(await readFile(whole))).toBe(true)
    },
  )

  it('has the format that its name says, and no other', () => {
    expect(['a.CSV', 'a.tsv', 'a.ndjson', 'a.parquet'].map(tableFormatOf)).toEqual(['csv', 'tsv', 'jsonl', 'parquet'])
    expect(() => tableFormatOf('a.xlsx')).toThrow('a.xlsx: ".xlsx" is not a format that can be written')
  })
})
