import type { TaughtTask, TeacherAnswer } from './teacher.ts'

/**
 * The answer that a teacher's value stands for, or a sentence why it is none. Labels must be those of the task, letter by
 * letter. The sentence does not quote the value: it may repeat the text that was asked.
 */
export function readAnswer(task: TaughtTask, value: unknown): TeacherAnswer | string {
  if (task.kind === 'regress') {
    if (typeof value !== 'number' || !Number.isFinite(value)) return 'the answer is no number'
    const { min, max } = task.range ?? { min: -Infinity, max: Infinity }
    if (value < min || value > max) return `the number is not within ${min} and ${max}`
    return { kind: 'value', value }
  }
  if (task.kind === 'classify') {
    const fault = findLabelFault(task, value)
    return fault ?? { kind: 'class', label: value as string }
  }
  if (!Array.isArray(value)) return 'the answer is no list of labels'
  const fault = value.map((label) => findLabelFault(task, label)).find((found) => found !== undefined)
  return fault ?? { kind: 'classes', labels: [...new Set(value as string[])] }
}

function findLabelFault({ labels }: TaughtTask, value: unknown): string | undefined {
  if (typeof value !== 'string') return 'the answer is no label'
  if (value === '') return 'the label is empty'
  return labels.has(value) ? undefined : `the label is none of the task's ${labels.size}`
}
