import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { InvalidInputError } from '../base/index.ts'
import { type ReadExamplesOptions, readExamples } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'capstan-examples-'))
afterAll(() => rmSync(folder, { recursive: true }))

function read(content: string | Buffer, options: Partial<ReadExamplesOptions> = {}) {
  const path = options.path ?? join(folder, 'tickets.csv')
  writeFileSync(path, content)
  return readExamples({ path, ...options })
}

async function refusal(content: string | Buffer, options?: Partial<ReadExamplesOptions>): Promise<InvalidInputError> {
  const error = await read(content, options).then(
    () => expect.unreachable('the file was read'),
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(InvalidInputError)
  return error as InvalidInputError
}

const shorten = (error: InvalidInputError) => error.message.replaceAll(folder, '…')

const mixed = Buffer.concat([
  Buffer.from('text,label\nmy card,lost\n,lost\nno label,\nlonely,once\na,b,c\n'),
  Buffer.from([0xff]),
  Buffer.from(',lost\nmy "card",lost\nmy phone,found \nmy keys,found\ngone,lost\n'),
])

describe('reading examples', () => {
  it('keeps texts as they are and takes white space off the labels', async () => {
    const { examples, problems } = await read('text,label\n  hi ,a \nyo,a\n"two\nlines", b\nend,b\n')
    expect(examples).toEqual([
      { line: 2, text: '  hi ', answer: { kind: 'class', label: 'a' } },
      { line: 3, text: 'yo', answer: { kind: 'class', label: 'a' } },
      { line: 4, text: 'two\nlines', answer: { kind: 'class', label: 'b' } },
      { line: 6, text: 'end', answer: { kind: 'class', label: 'b' } },
    ])
    expect(problems).toEqual([])
  })

  it('lists every problem with its line in one error', async () => {
    const error = await refusal(mixed)
    expect(error.code).toBe('data.bad-rows')
    expect(error.hint).toContain('--skip-bad-rows')
    expect(shorten(error)).toMatchInlineSnapshot(`
      "…/tickets.csv: 6 of 10 rows cannot be used
        line 3: "text" is empty
        line 4: "label" is empty
        line 5: the label "once" is on this row only; it needs two
        line 6: the row has 3 fields, the first row names 2 columns
        line 7: not valid UTF-8: text
        line 8: a quote stands inside of a field that does not begin with one"
    `)
  })

  it('leaves bad rows out when asked to, and counts them by kind', async () => {
    const { examples, problems, skippedByKind } = await read(mixed, { skipBadRows: true })
    expect(examples.map(({ line }) => line)).toEqual([2, 9, 10, 11])
    expect(problems.map(({ line }) => line)).toEqual([3, 4, 5, 6, 7, 8])
    expect(skippedByKind).toEqual({
      'broken-quotes': 1,
      'empty-label': 1,
      'empty-text': 1,
      'invalid-utf8': 1,
      'label-seen-once': 1,
      'ragged-row': 1,
    })
  })

  it('shows the first 20 problems and keeps all of them in the details', async () => {
    const error = await refusal(`text,label\nx,a\nx,a\ny,b\ny,b\n${',c\n'.repeat(332)}`)
    expect(error.message.split('\n')).toHaveLength(22)
    expect(error.message).toMatch(/line 25: "text" is empty\n {2}… and 312 more$/)
    expect(error.details).toMatchObject({ countByKind: { 'empty-text': 332 }, problems: { length: 332 } })
  })

  it('takes a label seen once, or a single class, for a problem in training data only', async () => {
    const content = 'text,label\nhello,a\nworld,b\nthere,b\n'
    expect(shorten(await refusal(content))).toBe(
      '…/tickets.csv: 1 of 3 rows cannot be used; every row that can be used has the same label, "b"\n' +
        '  line 2: the label "a" is on this row only; it needs two',
    )
    expect((await read(content, { purpose: 'evaluate' })).examples).toHaveLength(3)
    expect((await read('text,label\nhello,a\n', { purpose: 'evaluate' })).examples).toHaveLength(1)
  })

  it.each([
    ['has no rows', 'text,label\n', 'the file has no rows'],
    ['is empty', '', 'the file has no rows'],
    ['has one class', 'text,label\nx,a\ny,a\n', 'every row that can be used has the same label, "a"'],
    ['has no good row', 'text,label\n,a\n', '1 of 1 rows cannot be used; no row is left that can be used'],
  ])('refuses a file that %s, skipping bad rows or not', async (_, content, reason) => {
    for (const skipBadRows of [false, true]) {
      const error = await refusal(content, { skipBadRows })
      expect(error.code).toBe('data.bad-rows')
      expect(shorten(error)).toContain(reason)
      expect(error.hint).not.toContain('--skip-bad-rows')
    }
  })

  it('reports JSONL rows without the text or label', async () => {
    const content = '{"text":"x","label":1}\n{"label":1}\n{"text":"x","label":{}}\n'
    const error = await refusal(content, { path: join(folder, 'tickets.jsonl') })
    expect(error.details).toMatchObject({
      problems: [
        { kind: 'label-seen-once', line: 1 },
        { kind: 'missing-field', line: 2, message: 'the row has no "text"' },
        { kind: 'missing-field', line: 3, message: 'the row has no "label"' },
      ],
    })
  })
})

describe('choosing columns', () => {
  const columnsOf = async (header: string, options: Partial<ReadExamplesOptions> = {}) => {
    const row = header.replace(/[^,]+/g, 'x')
    return (await read(`${header}\n${row}\n`, { ...options, purpose: 'evaluate' })).columns
  }

  it('takes the columns with usual names, whatever their case', async () => {
    expect(await columnsOf('id,Utterance,INTENT')).toEqual({ text: 'Utterance', label: 'INTENT' })
  })

  it('takes the given columns', async () => {
    const given = { textColumn: 'subject', labelColumn: 'text' }
    expect(await columnsOf('text,subject,label', given)).toEqual({ text: 'subject', label: 'text' })
  })

  it.each([
    ['data.missing-column', 'texts,label', { textColumn: 'text' }, /has: texts, label/, /did you mean "texts"/],
    ['data.missing-column', 'body,label', { textColumn: 'Body' }, /no column "Body"/, /did you mean "body"/],
    ['data.missing-column', 'subject,label', { textColumn: 'q' }, /has: subject, label/, /--text-column takes/],
    ['data.missing-column', 'subject,label', {}, /hold the text; the file has: subject, label/, /--text-column/],
    ['data.missing-column', 'text,kind', {}, /hold the label/, /--label-column/],
    ['data.ambiguous-column', 'text,label,intent', {}, /each of: label, intent/, /--label-column/],
    ['data.ambiguous-column', 'text,label', { labelColumn: 'text' }, /both text and label/, /text, label/],
  ])('refuses with %s: columns %s, given %j', async (code, header, given, message, hint) => {
    await expect(columnsOf(header, given)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
      details: { columns: header.split(',') },
    })
  })
})
