import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type Row, type RowFormat, type RowProblem, readRows } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'capstan-rows-'))
afterAll(() => rmSync(folder, { recursive: true }))

type Read = { rows: Row[]; problems: RowProblem[] }

async function read(content: string | Buffer, format: RowFormat = 'csv', chunkBytes = 1 << 16): Promise<Read> {
  const path = join(folder, `rows.${format}`)
  writeFileSync(path, content)
  const problems: RowProblem[] = []
  const rows: Row[] = []
  for await (const row of readRows(path, { chunkBytes, onProblem: (problem) => problems.push(problem) })) rows.push(row)
  return { rows, problems }
}

function withoutMessages({ rows, problems }: Read) {
  return { lines: rows.map(({ line }) => line), problems: problems.map(({ kind, line }) => [kind, line]) }
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('"', ',', '\t', '\n', '\r', '\r\n', ' ', 'a', 'é', '漢', '👩‍🚀', '\ufeff') }),
)

describe('reading CSV', () => {
  it('gives back every field and line that was written, whatever the text, line ends and chunk size', async () => {
    const table = fc.array(fc.tuple(anyText, anyText), { maxLength: 8 })
    const layout = {
      lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
      delimiter: fc.constantFrom(',' as const, '\t' as const),
      mark: fc.constantFrom('', '\ufeff'),
      chunkBytes: fc.integer({ min: 1, max: 40 }),
    }
    await fc.assert(
      fc.asyncProperty(table, fc.record(layout), async (values, { lineEnd, delimiter, mark, chunkBytes }) => {
        const quote = (text: string) => (/["\t,\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
        let content = `text${delimiter}label${lineEnd}`
        const expected = values.map(([text, label]) => {
          const line = content.split(/\r\n|\r|\n/).length
          content += `${quote(text)}${delimiter}${quote(label)}${lineEnd}`
          return { line, fields: { text, label } }
        })
        const { rows, problems } = await read(mark + content, delimiter === ',' ? 'csv' : 'tsv', chunkBytes)
        expect(problems).toEqual([])
        expect(rows).toEqual(expected)
      }),
      { numRuns: 200 },
    )
  })

  it('counts lines through quoted line ends, blank lines and mixed line ends', async () => {
    const { rows } = await read('text,label\r\n\r\n"two\r\nlines",a\n\nx,b\ry,c')
    expect(rows).toEqual([
      { line: 3, fields: { text: 'two\r\nlines', label: 'a' } },
      { line: 6, fields: { text: 'x', label: 'b' } },
      { line: 7, fields: { text: 'y', label: 'c' } },
    ])
  })

  it('reports rows with too few or too many fields and goes on', async () => {
    const { rows, problems } = await read('text,label\nhello, world,a\nonly\nfine,b\n')
    expect(rows).toEqual([{ line: 4, fields: { text: 'fine', label: 'b' } }])
    expect(problems).toEqual([
      { kind: 'ragged-row', line: 2, message: 'the row has 3 fields, the first row names 2 columns' },
      { kind: 'ragged-row', line: 3, message: 'the row has 1 fields, the first row names 2 columns' },
    ])
  })

  it.each([1, 3, 1 << 16])(
    'loses only the row whose quotes are broken, read %i bytes at a time',
    async (chunkBytes) => {
      const content = [
        'text,label',
        '"he said "no" twice",a',
        'fine,b',
        'a 5" screen,c',
        '"never closed,d',
        'fine too,e',
        '"also never closed,f',
        'last,g',
      ]
      expect(withoutMessages(await read(content.join('\r\n'), 'csv', chunkBytes))).toEqual({
        lines: [3, 6, 8],
        problems: [
          ['broken-quotes', 2],
          ['broken-quotes', 4],
          ['broken-quotes', 5],
          ['broken-quotes', 7],
        ],
      })
    },
  )

  it('takes quotes inside of a TSV field for characters', async () => {
    const { rows } = await read('text\tlabel\na 5" screen\tb\n"yes" she said\tc\n', 'tsv')
    expect(rows.map(({ fields }) => fields.text)).toEqual(['a 5" screen', '"yes" she said'])
  })

  it('reports invalid UTF-8 with its line and column', async () => {
    const content = Buffer.concat([
      Buffer.from('text,label\nok,a\ncaf'),
      Buffer.from([0xe9]),
      Buffer.from(',b\nok,c\n'),
    ])
    for (const chunkBytes of [1, 20, 1 << 16]) {
      const { rows, problems } = await read(content, 'csv', chunkBytes)
      expect(rows.map(({ line }) => line)).toEqual([2, 4])
      expect(problems).toEqual([{ kind: 'invalid-utf8', line: 3, message: 'not valid UTF-8: text' }])
    }
  })

  it('gives up on a field longer than 1 MiB and reads on behind its line', async () => {
    const content = `text,label\n${'x'.repeat(3 << 20)},a\nfine,b\n"open,c\n${'more,rows\n'.repeat(150_000)}`
    const { rows, problems } = await read(content)
    expect(problems.map(({ kind, line }) => [kind, line])).toEqual([
      ['row-too-long', 2],
      ['row-too-long', 4],
    ])
    expect(rows).toHaveLength(150_001)
  })

  it('names a column without a name by its place', async () => {
    const { rows } = await read(',text,label\n0,hello,a\n')
    expect(rows[0]?.fields).toEqual({ 'column 1': '0', text: 'hello', label: 'a' })
  })

  it.each([
    ['names twice: text', 'text,label,text\n'],
    ['not valid UTF-8', Buffer.from([0x74, 0xe9, 0x2c, 0x62, 0x0a])],
    ['quotes', '"te"xt,label\n'],
  ])('refuses a first row with the wrong columns (%s)', async (_, content) => {
    await expect(read(content)).rejects.toMatchObject({ code: 'data.bad-header' })
  })
})

describe('reading JSONL', () => {
  it('gives back every object, whatever the text and chunk size', async () => {
    const objects = fc.array(fc.record({ text: anyText, label: anyText }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(objects, fc.integer({ min: 1, max: 40 }), async (values, chunkBytes) => {
        const content = values.map((value) => `${JSON.stringify(value)}\r\n`).join('')
        const { rows, problems } = await read(content, 'jsonl', chunkBytes)
        expect(problems).toEqual([])
        expect(rows.map(({ line, fields }) => ({ line, fields }))).toEqual(
          values.map((fields, i) => ({ line: i + 1, fields })),
        )
      }),
      { numRuns: 100 },
    )
  })

  it('makes text of plain values, sets nested ones apart, and keeps the object and its text', async () => {
    const json = '{"text":"a", "label":1,"ok":true,"note":null,"tags":["x"]}'
    const { rows } = await read(`\ufeff${json} \n`, 'jsonl')
    expect(rows).toEqual([
      {
        line: 1,
        fields: { text: 'a', label: '1', ok: 'true', note: '' },
        nested: { tags: ['x'] },
        values: JSON.parse(json),
        json,
      },
    ])
  })

  it('reports lines that are no object, no JSON, no UTF-8 or too long, and passes over blank ones', async () => {
    const content = Buffer.concat([
      Buffer.from('[1]\n\n{"text":\n"x"\nnull\n'),
      Buffer.from([0x7b, 0xff, 0x7d, 0x0a]),
      Buffer.from(`{"text":"${'x'.repeat(2 << 20)}"}\n{"text":"fine"}`),
    ])
    expect(withoutMessages(await read(content, 'jsonl'))).toEqual({
      lines: [8],
      problems: [
        ['invalid-json', 1],
        ['invalid-json', 3],
        ['invalid-json', 4],
        ['invalid-json', 5],
        ['invalid-utf8', 6],
        ['row-too-long', 7],
      ],
    })
  })
})

describe('opening a data file', () => {
  const firstRow = (path: string) => readRows(path, { onProblem: () => {} }).next()

  it('says that it does not exist', async () => {
    await expect(firstRow(join(folder, 'absent.csv'))).rejects.toMatchObject({ code: 'data.file-not-found' })
  })

  it('says that it is a folder', async () => {
    const path = join(folder, 'folder.csv')
    mkdirSync(path)
    await expect(firstRow(path)).rejects.toMatchObject({ code: 'data.not-a-file' })
  })

  it('says why it cannot be read', async () => {
    const path = join(folder, 'plain.csv')
    writeFileSync(path, 'text,label\n')
    await expect(firstRow(join(path, 'below.csv'))).rejects.toMatchObject({ code: 'data.unreadable' })
  })

  it('refuses UTF-16', async () => {
    const path = join(folder, 'wide.csv')
    writeFileSync(path, Buffer.from('\ufefftext,label\n', 'utf16le'))
    await expect(firstRow(path)).rejects.toMatchObject({ code: 'data.bad-encoding' })
  })

  it('refuses an extension that names no format, unless the format is given', async () => {
    const path = join(folder, 'table.txt')
    writeFileSync(path, 'text,label\nhello,a\n')
    await expect(firstRow(path)).rejects.toMatchObject({ code: 'data.unknown-format' })
    const { value } = await readRows(path, { format: 'csv', onProblem: () => {} }).next()
    expect(value).toEqual({ line: 2, fields: { text: 'hello', label: 'a' } })
  })
})
