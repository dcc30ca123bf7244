import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { InvalidInputError } from '../base/index.ts'
import type { TaskKind } from '../contracts/index.ts'
import { type ReadExamplesOptions, readExamples, type Span } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'capstan-kinds-'))
afterAll(() => rmSync(folder, { recursive: true }))

type Options = Partial<ReadExamplesOptions>

function read(file: string, content: string, options: Options = {}) {
  const path = join(folder, file)
  writeFileSync(path, content)
  return readExamples({ path, ...options })
}

async function refusal(file: string, content: string, options: Options = {}): Promise<InvalidInputError> {
  const error = await read(file, content, options).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(InvalidInputError)
  return error as InvalidInputError
}

const answersOf = async (...given: Parameters<typeof read>) =>
  (await read(...given)).examples.map(({ answer }) => answer)
const linesOf = ({ message }: InvalidInputError) => message.replaceAll(folder, '…')
const jsonl = (...rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

describe('several labels', () => {
  const classes = (...labels: string[]) => ({ kind: 'classes', labels })

  it('stand in one column, between | or ;, each once; a text may have none', async () => {
    const content = 'text,tags\nx,card | lost\ny,card;pin;card\nz,\n'
    expect(await answersOf('a.csv', content, { kind: 'multilabel' })).toEqual([
      classes('card', 'lost'),
      classes('card', 'pin'),
      classes(),
    ])
  })

  it('may have another separator', async () => {
    const options: Options = { kind: 'multilabel', labelSeparator: '+' }
    expect(await answersOf('b.csv', 'text,labels\nx,a|b+c\n', options)).toEqual([classes('a|b', 'c')])
  })

  it('are an array in JSONL, and are known by it', async () => {
    const { kind, examples } = await read(
      'c.jsonl',
      jsonl({ text: 'x', labels: ['a', 'b'] }, { text: 'y', labels: [] }),
    )
    expect(kind).toBe('multilabel')
    expect(examples.map(({ answer }) => answer)).toEqual([classes('a', 'b'), classes()])
  })

  it('are refused where they are no texts, by line', async () => {
    const rows = jsonl(
      { text: 'x', labels: ['a'] },
      { text: 'y', labels: { a: 1 } },
      { text: 'z', labels: ['b', null] },
    )
    expect(linesOf(await refusal('d.jsonl', rows, { kind: 'multilabel' }))).toMatchInlineSnapshot(`
      "…/d.jsonl: 2 of 3 rows cannot be used
        line 2: "labels" is an object, not an array of labels
        line 3: "labels" has null, which is no label"
    `)
  })

  it('are asked about where nobody said that there are several', async () => {
    const error = await refusal('e.csv', 'text,label\nx,a|b\ny,b|a\nz,a\nu,b\nv,a|b\n')
    expect(error).toMatchObject({ code: 'data.unclear-kind', hint: expect.stringContaining('--kind multilabel') })
    const { examples } = await read('e.csv', 'text,label\nx,R;D\ny,R;D\nz,law\nu,law\n')
    expect(examples).toHaveLength(4)
  })
})

describe('numbers', () => {
  it.each(['regress', 'ordinal'] as const)('are read for %s from a column with a usual name', async (kind) => {
    const content = 'text,rating\nx,4\ny, -2.5 \nz,1e1\nu,.5\n'
    const values = [4, -2.5, 10, 0.5]
    expect(await answersOf('a.csv', content, { kind })).toEqual(values.map((value) => ({ kind: 'value', value })))
  })

  it('are refused by line where they are none', async () => {
    const content = 'text,score\nx,1\ny,"3,5"\nz,\nu,high\nv,NaN\nw,0x10\nq,1e999\n'
    expect(linesOf(await refusal('b.csv', content, { kind: 'regress' }))).toMatchInlineSnapshot(`
      "…/b.csv: 6 of 7 rows cannot be used; every row that can be used has the same number, 1
        line 3: "score" is "3,5", which is no number (decimals are written with a point)
        line 4: "score" is empty
        line 5: "score" is "high", which is no number
        line 6: "score" is "NaN", which is no number
        line 7: "score" is "0x10", which is no number
        line 8: "score" is "1e999", which is no number"
    `)
  })

  it('need two values, and as grades no more than fifty', async () => {
    expect((await refusal('c.csv', 'text,score\nx,1\ny,1.0\n', { kind: 'regress' })).message).toContain(
      'same number, 1',
    )
    const many = `text,score\n${Array.from({ length: 51 }, (_, i) => `text ${i},${i}\n`).join('')}`
    expect((await refusal('d.csv', many, { kind: 'ordinal' })).message).toContain('51 different numbers are no grades')
    expect((await read('d.csv', many, { kind: 'regress' })).examples).toHaveLength(51)
  })

  it('are asked about where many stand as labels and nobody said what they are', async () => {
    const rows = (count: number) =>
      `text,label\n${Array.from({ length: 2 * count }, (_, i) => `text ${i},${i % count}\n`).join('')}`
    const error = await refusal('e.csv', rows(30))
    expect(error).toMatchObject({ code: 'data.unclear-kind', message: expect.stringContaining('30 different numbers') })
    expect(error.hint).toContain('--kind regress')
    expect((await read('e.csv', rows(5))).kind).toBe('classify')
    expect((await read('e.csv', rows(30), { kind: 'classify' })).examples).toHaveLength(60)
  })
})

describe('spans', () => {
  it('are objects in JSONL, in any order, and are known by their name', async () => {
    const spans = [
      { start: 12, end: 17, label: 'CITY' },
      { start: 0, end: 3, label: ' NAME ' },
    ]
    const { kind, examples } = await read('a.jsonl', jsonl({ text: 'Ada went to Paris', spans }))
    expect(kind).toBe('tag')
    expect(examples).toEqual([
      {
        line: 1,
        text: 'Ada went to Paris',
        answer: {
          kind: 'spans',
          spans: [
            { start: 0, end: 3, label: 'NAME' },
            { start: 12, end: 17, label: 'CITY' },
          ],
        },
      },
    ])
  })

  it('are refused, all of a file at once, where they overlap, are empty or lie outside of the text', async () => {
    const row = (...spans: unknown[]) => ({ text: 'Ada went', spans })
    const rows = jsonl(
      row({ start: 0, end: 3, label: 'A' }),
      row({ start: 0, end: 4, label: 'A' }, { start: 3, end: 8, label: 'B' }),
      row({ start: 5, end: 9, label: 'A' }, { start: -1, end: 2, label: 'A' }),
      row({ start: 2, end: 2, label: 'A' }, { start: 3, end: 4, label: 'A' }),
      row({ start: 0.5, end: 2, label: 'A' }, { start: 0, end: 2 }, 'Ada'),
      { text: 'Ada went', spans: { start: 0, end: 3, label: 'A' } },
      { text: 'Ada went', spans: 'Ada' },
      { text: 'Ada went' },
    )
    expect(linesOf(await refusal('b.jsonl', rows))).toMatchInlineSnapshot(`
      "…/b.jsonl: 7 of 8 rows cannot be used
        line 2: "spans": A (0 to 4) and B (3 to 8) overlap
        line 3: "spans": span 1 reaches from 5 to 9, the text has 8 characters; span 2 reaches from -1 to 2, the text has 8 characters
        line 4: "spans": span 1 is empty: it reaches from 2 to 2; span 2 holds only white space, from 3 to 4
        line 5: "spans": span 1 has the offsets 0.5 and 2; span 2 has the label undefined; span 3 is "Ada", not {start, end, label}
        line 6: "spans": it is an object, not an array of spans
        line 7: "spans" is no array of spans
        line 8: the row has no "spans""
    `)
  })

  it('of a file without any are refused for training', async () => {
    expect((await refusal('c.jsonl', jsonl({ text: 'x', spans: [] }))).message).toContain(
      'no row that can be used has a label',
    )
  })
})

describe('CoNLL', () => {
  const tokens = fc.array(
    fc.tuple(fc.stringMatching(/^[^\s#]{1,6}$/u), fc.constantFrom('O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC')),
    { minLength: 1, maxLength: 8 },
  )

  it('gives back the words and tags of every sentence', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(tokens, { minLength: 1, maxLength: 5 }), async (sentences) => {
        const content = sentences.map((sentence) => sentence.map((line) => line.join('\t')).join('\n')).join('\n\n')
        const { examples } = await read('p.conll', content, { kind: 'tag', purpose: 'evaluate' })
        const words = (text: string, spans: readonly Span[]) =>
          text.split(' ').map((word, i, all) => {
            const start = all.slice(0, i).reduce((sum, { length }) => sum + length + 1, 0)
            const span = spans.find(({ start: from, end }) => from <= start && start + word.length <= end)
            return [word, span ? `${span.start === start ? 'B' : 'I'}-${span.label}` : 'O']
          })
        const read2 = examples.map(({ text, answer }) => words(text, answer.kind === 'spans' ? answer.spans : []))
        expect(read2).toEqual(sentences.map(startSpans))
      }),
      { numRuns: 100 },
    )
  })

  it('passes over document marks, comments and columns between', async () => {
    const content =
      '-DOCSTART- -X- O O\n\n# id 7\nAda NNP I-NP B-PER\r\n# NN I-NP O\nof IN I-PP O\n\n\nRome NNP I-NP S-LOC\n'
    const { kind, examples } = await read('a.conll', content)
    expect(kind).toBe('tag')
    expect(examples).toEqual([
      { line: 4, text: 'Ada # of', answer: { kind: 'spans', spans: [{ start: 0, end: 3, label: 'PER' }] } },
      { line: 9, text: 'Rome', answer: { kind: 'spans', spans: [{ start: 0, end: 4, label: 'LOC' }] } },
    ])
  })

  it('refuses lines without a tag, by line, and leaves out their sentence when asked', async () => {
    const content = 'Ada B-PER\nwent\nto X-LOC\n\nRome B-LOC\n'
    expect(linesOf(await refusal('b.conll', content))).toMatchInlineSnapshot(`
      "…/b.conll: 2 of 3 rows cannot be used
        line 2: the line has "went" and no tag
        line 3: "X-LOC" is no tag: it must be O, or B- or I- with a label"
    `)
    const { examples, skippedByKind } = await read('b.conll', content, { skipBadRows: true })
    expect(examples.map(({ text }) => text)).toEqual(['Rome'])
    expect(skippedByKind).toEqual({ 'bad-tag': 1, 'ragged-row': 1 })
  })
})

/** The same tags with a B where an I continues nothing. */
function startSpans(sentence: [string, string][]): [string, string][] {
  return sentence.map(([word, tag], i) => {
    const before = sentence[i - 1]?.[1] ?? 'O'
    return [word, tag.startsWith('I') && before.slice(2) !== tag.slice(2) ? tag.replace('I', 'B') : tag]
  })
}

describe('pairs of texts', () => {
  const content = 'premise,hypothesis,label\nit rains,it is wet,yes\nit rains,it is dry,no\nx,y,yes\nu,v,no\n'

  it('are found by the usual names of their columns', async () => {
    const { examples, columns } = await read('a.csv', content)
    expect(columns).toEqual({ text: 'premise', pair: 'hypothesis', label: 'label' })
    expect(examples[0]).toEqual({
      line: 2,
      text: 'it rains',
      textPair: 'it is wet',
      answer: { kind: 'class', label: 'yes' },
    })
  })

  it('are read from a named column, for numbers too', async () => {
    const rows = 'question,answer,score\nwhy,so,1\nwho,me,0\n'
    const options: Options = { kind: 'regress', pairColumn: 'answer' }
    expect((await read('b.csv', rows, options)).examples.map(({ textPair }) => textPair)).toEqual(['so', 'me'])
    expect((await read('b.csv', rows, { kind: 'regress' })).examples[0]).not.toHaveProperty('textPair')
  })

  it('are asked for, or left aside, by who knows the model', async () => {
    expect((await read('a.csv', content, { pairs: false })).examples[0]).not.toHaveProperty('textPair')
    const single = 'text,label\nx,a\n'
    const error = await refusal('c.csv', single, { pairs: true, purpose: 'evaluate' })
    expect(error).toMatchObject({ code: 'data.missing-column', hint: expect.stringContaining('--pair-column') })
  })

  it('have no empty side', async () => {
    const error = await refusal('d.csv', 'text,text2,label\nx,,a\ny,z,a\n', { purpose: 'evaluate' })
    expect(error.message).toContain('line 2: "text2" is empty')
  })
})

describe('texts to embed', () => {
  it('have a match, and perhaps a text that is none', async () => {
    const { kind, examples } = await read('a.csv', 'anchor,positive,negative\nwhy,because,thanks\nwho,me,\n')
    expect(kind).toBe('embed')
    expect(examples).toEqual([
      { line: 2, text: 'why', answer: { kind: 'match', positive: 'because', negative: 'thanks' } },
      { line: 3, text: 'who', answer: { kind: 'match', positive: 'me' } },
    ])
  })

  it('or a label, which two of them bear at least', async () => {
    const options: Options = { kind: 'embed' }
    const content = 'text,label\nx,a\ny,a\nz,b\nu,b\n'
    expect((await read('b.csv', content, options)).examples[0]?.answer).toEqual({ kind: 'class', label: 'a' })
    expect((await refusal('c.csv', `${content}v,c\n`, options)).message).toContain('label "c" is on this row only')
  })
})

it.each<[TaskKind, string]>([
  ['multilabel', 'label'],
  ['regress', 'label'],
  ['tag', 'label'],
  ['embed', 'label'],
])('%s needs a column for what is known of the text', async (kind, role) => {
  const error = await refusal('missing.csv', 'text,note\nx,y\n', { kind })
  expect(error).toMatchObject({ code: 'data.missing-column', hint: `say which with --${role}-column` })
})
