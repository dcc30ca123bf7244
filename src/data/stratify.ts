import { type Example, labelsOf } from './example.ts'

/** Numbers of at most so many different values are divided by value, others by deciles. */
const valuesMax = 20
const quantiles = 10

/** A text's place where there are no labels to spread. */
const unlabelled = ''

/**
 * For each example the strata that a split should spread in proportion: its labels, each once; its number or the decile of
 * it; one common stratum where there is neither.
 */
export function stratify(examples: readonly Example[]): string[][] {
  const nameNumber = createNumberNames(
    examples.flatMap(({ answer }) => (answer.kind === 'value' ? [answer.value] : [])),
  )
  return examples.map(({ answer }) => {
    if (answer.kind === 'value') return [nameNumber(answer.value)]
    const labels = [...new Set(labelsOf(answer))]
    return labels.length > 0 ? labels : [unlabelled]
  })
}

function createNumberNames(values: readonly number[]): (value: number) => string {
  if (new Set(values).size <= valuesMax) return String
  const sorted = [...values].sort((a, b) => a - b)
  const limits = Array.from(
    { length: quantiles - 1 },
    (_, i) => sorted[Math.ceil(((i + 1) * sorted.length) / quantiles)],
  )
  return (value) => String(limits.filter((limit) => limit !== undefined && limit <= value).length)
}
