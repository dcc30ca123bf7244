/**
 * What a label is called says what it means: with few examples, its name in words is one more. Measured on Banking77:
 * docs/recipe.md.
 */
import { answerOf, type Example } from '../data/index.ts'

/** The classified examples, and each label's name `count` times. They stand on line 0, as no file holds them. */
export function addLabelExamples(examples: readonly Example[], count: number): readonly Example[] {
  if (count === 0) return examples
  const labels = [...new Set(examples.map((example) => answerOf(example, 'class').label))].sort()
  const named = labels.map((label): Example => ({ line: 0, text: toWords(label), answer: { kind: 'class', label } }))
  return [...examples, ...Array.from({ length: count }, () => named).flat()]
}

/** Whether every label is called by words, and by words of its own: codes and numbers ("label 7") say nothing. */
export function areNamedInWords(labels: Iterable<string>): boolean {
  const names = [...labels].map((label) =>
    toWords(label)
      .replace(/[^\p{L}\p{M}]+/gu, ' ')
      .trim(),
  )
  return names.every((name) => /\p{L}{3,}/u.test(name)) && new Set(names).size === names.length
}

/** "Refund_not_showing_up", "refundNotShowingUp" → "refund not showing up". */
function toWords(label: string): string {
  return label
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2')
    .replace(/[^\p{L}\p{M}\p{N}'’%&+]+/gu, ' ')
    .trim()
    .toLowerCase()
}
