import { assert, sha256 } from '../base/index.ts'

/** A labelled part of a text: from `start` up to, not with, `end`, in UTF-16 code units. */
export type Span = { start: number; end: number; label: string }

/**
 * What is known about a text. Kinds of task and their answers: classify `class`; multilabel `classes`, of which there may
 * be none; regress and ordinal `value`; tag `spans`, in their order and without overlap; embed `match`, texts that mean
 * the same or (negative) do not, or `class`, where texts of one label are matches of each other.
 */
export type Answer =
  | { kind: 'class'; label: string }
  | { kind: 'classes'; labels: readonly string[] }
  | { kind: 'value'; value: number }
  | { kind: 'spans'; spans: readonly Span[] }
  | { kind: 'match'; positive: string; negative?: string }

/** A text, or a pair of texts, with its answer; `line` (1-based) says where in its file it began. */
export type Example = { line: number; text: string; textPair?: string; answer: Answer }

/**
 * SHA-256 (hex) of the texts and answers in their order, without the lines they stood on. Order counts because training
 * depends on it: the same fingerprint, base, settings and seed give the same weights.
 */
export function fingerprintExamples(examples: readonly Example[]): string {
  return sha256(examples.map((example) => JSON.stringify(contentOf(example))).join('\n'))
}

/** Examples of each label, in the order the labels first appear; one with a label twice counts once. */
export function countLabels(examples: readonly Example[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { answer } of examples) {
    for (const label of new Set(labelsOf(answer))) counts.set(label, (counts.get(label) ?? 0) + 1)
  }
  return counts
}

/** The labels that an answer bears: one for a class, any number for classes and spans, none for a value or a match. */
export function labelsOf(answer: Answer): readonly string[] {
  if (answer.kind === 'class') return [answer.label]
  if (answer.kind === 'classes') return answer.labels
  return answer.kind === 'spans' ? answer.spans.map(({ label }) => label) : []
}

/** The text by which examples are compared: of a pair both, because either alone may repeat. */
export function textOf({ text, textPair }: Pick<Example, 'text' | 'textPair'>): string {
  return textPair === undefined ? text : `${text}\n${textPair}`
}

/** The answer of an example whose answers are known to be of that kind. */
export function answerOf<Kind extends Answer['kind']>(
  { answer, line }: Example,
  kind: Kind,
): Extract<Answer, { kind: Kind }> {
  assert(answer.kind === kind, `internal: line ${line} has an answer of kind ${answer.kind}, not ${kind}`)
  return answer as Extract<Answer, { kind: Kind }>
}

/** Text and answer without the names of their parts: a text alone with its label is [text, label]. */
function contentOf({ text, textPair, answer }: Example): unknown[] {
  const texts = textPair === undefined ? [text] : [text, textPair]
  if (answer.kind === 'class') return [...texts, answer.label]
  if (answer.kind === 'classes') return [...texts, answer.labels]
  if (answer.kind === 'value') return [...texts, answer.value]
  if (answer.kind === 'spans') return [...texts, answer.spans.map(({ start, end, label }) => [start, end, label])]
  return [...texts, { positive: answer.positive, ...(answer.negative !== undefined && { negative: answer.negative }) }]
}
