/** Between spans and the tags of words: B-x begins one, I-x continues one of x or begins, as conlleval counts. */
import type { ScoredSpan } from '../contracts/index.ts'
import type { Word } from './encode-text.ts'
import type { Span } from './example.ts'

/** The labels of spans that tags speak of, in the order in which they first appear. */
export function labelsOfTags(tags: readonly string[]): string[] {
  return [...new Set(tags.flatMap((tag) => labelOf(tag) ?? []))]
}

/** Start, end, index of the label, score. */
const numbersPerSpan = 4

/**
 * The spans of a text as numbers, from each token's probabilities [tokens × tags]. A word has the likeliest tag of its
 * first token; a span's score is the mean of its words'.
 */
export function decodeTags(probabilities: Float32Array, words: readonly Word[], tags: readonly string[]): Float32Array {
  const labels = labelsOfTags(tags)
  const spans: { start: number; end: number; label: string; scores: number[] }[] = []
  let open: (typeof spans)[number] | undefined
  for (const { start, end, token } of words) {
    const row = probabilities.subarray(token * tags.length, (token + 1) * tags.length)
    const score = Math.max(...row)
    const tag = tags[row.indexOf(score)] as string
    const label = labelOf(tag)
    if (label === undefined) open = undefined
    else if (open?.label === label && !tag.startsWith('B-')) {
      open.end = end
      open.scores.push(score)
    } else {
      open = { start, end, label, scores: [score] }
      spans.push(open)
    }
  }
  return Float32Array.from(
    spans.flatMap(({ start, end, label, scores }) => [start, end, labels.indexOf(label), mean(scores)]),
  )
}

/** The spans of `decodeTags`, with their names and their text. */
export function toSpans(numbers: Float32Array, text: string, labels: readonly string[]): ScoredSpan[] {
  return Array.from({ length: numbers.length / numbersPerSpan }, (_, i) => {
    const [start = 0, end = 0, label = 0, score = 0] = numbers.subarray(i * numbersPerSpan)
    return { text: text.slice(start, end), start, end, label: labels[label] as string, score }
  })
}

/** The tag of each word: of the span that it begins in, if any. */
export function tagsOfWords(words: readonly Word[], spans: readonly Span[]): string[] {
  let open: Span | undefined
  return words.map(({ start }) => {
    const span = spans.find((one) => start >= one.start && start < one.end)
    const tag = span ? `${span === open ? 'I' : 'B'}-${span.label}` : 'O'
    open = span
    return tag
  })
}

function labelOf(tag: string): string | undefined {
  return /^[BI]-(.+)$/u.exec(tag)?.[1]
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
