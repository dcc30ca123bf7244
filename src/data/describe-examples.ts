import { countLabels, type Example } from './example.ts'
import { groupNearDuplicates, normalizeText } from './near-duplicates.ts'

/** The same text, but for case and punctuation, under two labels or more: one of them is wrong, or the task unclear. */
export type LabelConflict = { text: string; labels: string[]; lines: number[] }

/** Counts over a data set, for people to look at. */
export type ExamplesSummary = {
  rows: number
  labels: number
  rowsPerLabel: { min: number; median: number; max: number }
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
    const text = normalizeText(example.text)
    const rows = rowsOfText.get(text) ?? []
    rowsOfText.set(text, rows)
    rows.push(example)
  }
  const counts = [...countLabels(examples).values()]
  const lengths = examples.map(({ text }) => text.length)
  const groups = new Set(groupNearDuplicates(examples.map(({ text }) => text))).size
  return {
    rows: examples.length,
    labels: counts.length,
    rowsPerLabel: { min: quantile(counts, 0), median: quantile(counts, 0.5), max: quantile(counts, 1) },
    exactDuplicates: examples.length - rowsOfText.size,
    nearDuplicates: rowsOfText.size - groups,
    conflicts: [...rowsOfText.values()].flatMap(findConflict),
    textLength: { median: quantile(lengths, 0.5), p95: quantile(lengths, 0.95), max: quantile(lengths, 1) },
  }
}

function findConflict(rows: Example[]): LabelConflict[] {
  const labels = [...countLabels(rows).keys()]
  if (labels.length < 2) return []
  return [{ text: (rows[0] as Example).text, labels, lines: rows.map(({ line }) => line) }]
}

/** The smallest number that at least that share of the numbers do not exceed. */
function quantile(numbers: number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
}
