import { type Answer, countLabels, type Example, textOf } from './example.ts'
import { groupNearDuplicates, normalizeText } from './near-duplicates.ts'

/**
 * The same text, but for case and punctuation, with two answers or more: one of them is wrong, or the task unclear. Several
 * labels of a text, or its spans, are named as one.
 */
export type LabelConflict = { text: string; labels: string[]; lines: number[] }

/** Counts over a data set, for people to look at. */
export type ExamplesSummary = {
  rows: number
  labels: number
  rowsPerLabel: { min: number; median: number; max: number }
  /** Of answers that are numbers. */
  values?: { min: number; median: number; max: number }
  /** Rows that are pairs of texts. */
  pairs: number
  /** Rows that repeat an earlier one but for case and punctuation. */
  exactDuplicates: number
  /** Further rows that are near duplicates of an earlier one. */
  nearDuplicates: number
  conflicts: LabelConflict[]
  /** In UTF-16 code units. */
  textLength: { median: number; p95: number; max: number }
}

/** What a data set holds, and what in it deserves a second look. All numbers are 0 where there are no examples. */
export function describeExamples(examples: readonly Example[]): ExamplesSummary {
  const rowsOfText = new Map<string, Example[]>()
  for (const example of examples) {
    const text = normalizeText(textOf(example))
    const rows = rowsOfText.get(text) ?? []
    rowsOfText.set(text, rows)
    rows.push(example)
  }
  const counts = [...countLabels(examples).values()]
  const values = examples.flatMap(({ answer }) => (answer.kind === 'value' ? [answer.value] : []))
  const lengths = examples.map((example) => textOf(example).length)
  const groups = new Set(groupNearDuplicates(examples.map(textOf))).size
  return {
    rows: examples.length,
    labels: counts.length,
    rowsPerLabel: summarize(counts),
    ...(values.length > 0 && { values: summarize(values) }),
    pairs: examples.filter(({ textPair }) => textPair !== undefined).length,
    exactDuplicates: examples.length - rowsOfText.size,
    nearDuplicates: rowsOfText.size - groups,
    conflicts: [...rowsOfText.values()].flatMap(findConflict),
    textLength: { median: quantile(lengths, 0.5), p95: quantile(lengths, 0.95), max: quantile(lengths, 1) },
  }
}

function findConflict(rows: Example[]): LabelConflict[] {
  const labels = [...new Set(rows.flatMap(({ answer }) => nameAnswer(answer)))]
  if (labels.length < 2) return []
  return [{ text: (rows[0] as Example).text, labels, lines: rows.map(({ line }) => line) }]
}

/** Labels as text; none for numbers and matches, of which a text may well have several. */
function nameAnswer(answer: Answer): string[] {
  if (answer.kind === 'class') return [answer.label]
  if (answer.kind === 'classes') return [[...answer.labels].sort().join(' | ') || '(none)']
  if (answer.kind !== 'spans') return []
  return [answer.spans.map(({ start, end, label }) => `${label} ${start}-${end}`).join(', ') || '(none)']
}

function summarize(numbers: number[]): { min: number; median: number; max: number } {
  return { min: quantile(numbers, 0), median: quantile(numbers, 0.5), max: quantile(numbers, 1) }
}

/** The smallest number that at least that share of the numbers do not exceed. */
function quantile(numbers: number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
}
