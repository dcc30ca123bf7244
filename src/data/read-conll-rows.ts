/**
 * CoNLL files (Tjong Kim Sang and De Meulder 2003): a token a line, its tag in the last column, an empty line between
 * sentences. Tags are O, B-x and I-x; E-x and S-x of BIOES are taken too, and an I-x that continues nothing begins a span,
 * as conlleval counts it.
 */
import { isUtf8 } from 'node:buffer'
import type { RowSource } from './data-file.ts'
import type { Span } from './example.ts'
import { type Row, type RowProblem, rowBytesMax } from './row.ts'
import { splitLines } from './split-lines.ts'

const tagPattern = /^(?:O|[BIES]-(\S.*))$/u
const documentMark = '-DOCSTART-'

type Sentence = { line: number; text: string; spans: Span[]; problems: RowProblem[]; isOpen: boolean }

/** One row for each sentence, its tokens joined by a space: `text`, and as nested value its `spans`. */
export async function* readConllRows(source: RowSource): AsyncGenerator<Row> {
  let sentence: Sentence | undefined
  const finish = function* (): Generator<Row> {
    if (sentence && sentence.problems.length > 0) sentence.problems.forEach(source.onProblem)
    else if (sentence) yield { line: sentence.line, fields: { text: sentence.text }, nested: { spans: sentence.spans } }
    sentence = undefined
  }
  for await (const { line, bytes } of splitLines(source)) {
    const content = bytes.toString('utf8').trim()
    if (content === '') yield* finish()
    else if (!content.startsWith(documentMark)) {
      const columns = content.split(/[\t ]+/)
      if (isComment(columns)) continue
      sentence ??= { line, text: '', spans: [], problems: [], isOpen: false }
      const message = findFault(bytes, columns)
      if (message) sentence.problems.push({ ...message, line })
      else addToken(sentence, columns[0] as string, columns.at(-1) as string)
    }
  }
  yield* finish()
}

/** "# text = …" of CoNLL-U; a token "#" has a tag at the end of its line. */
function isComment(columns: readonly string[]): boolean {
  return columns[0] === '#' && !tagPattern.test(columns.at(-1) as string)
}

function findFault(bytes: Buffer, columns: readonly string[]): Omit<RowProblem, 'line'> | undefined {
  if (bytes.length > rowBytesMax)
    return { kind: 'row-too-long', message: `the line is longer than ${rowBytesMax} bytes` }
  if (!isUtf8(bytes)) return { kind: 'invalid-utf8', message: 'the line is not valid UTF-8' }
  if (columns.length < 2) return { kind: 'ragged-row', message: `the line has "${columns[0]}" and no tag` }
  const tag = columns.at(-1) as string
  if (tagPattern.test(tag)) return undefined
  return { kind: 'bad-tag', message: `"${tag}" is no tag: it must be O, or B- or I- with a label` }
}

function addToken(sentence: Sentence, token: string, tag: string): void {
  const start = sentence.text === '' ? 0 : sentence.text.length + 1
  sentence.text += start === 0 ? token : ` ${token}`
  const end = sentence.text.length
  const label = tagPattern.exec(tag)?.[1]
  const last = sentence.spans.at(-1)
  const continues = sentence.isOpen && last?.label === label && (tag.startsWith('I') || tag.startsWith('E'))
  if (label !== undefined && continues && last) last.end = end
  else if (label !== undefined) sentence.spans.push({ start, end, label })
  sentence.isOpen = label !== undefined && !tag.startsWith('E') && !tag.startsWith('S')
}
