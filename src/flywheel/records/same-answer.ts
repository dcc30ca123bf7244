import type { Answer } from '../../data/index.ts'

/** Whether two answers say the same: the same label, or the same set of labels. Numbers agree only where they are equal. */
export function sameAnswer(a: Answer, b: Answer): boolean {
  if (a.kind === 'class' && b.kind === 'class') return a.label === b.label
  if (a.kind === 'classes' && b.kind === 'classes') {
    const labels = new Set(a.labels)
    return labels.size === new Set(b.labels).size && b.labels.every((label) => labels.has(label))
  }
  return a.kind === 'value' && b.kind === 'value' && a.value === b.value
}

/** An answer in one word, for counting. */
export function labelsOfAnswer(answer: Answer): string {
  if (answer.kind === 'class') return answer.label
  if (answer.kind === 'classes') return [...answer.labels].sort().join(' | ')
  return answer.kind === 'value' ? String(answer.value) : ''
}
