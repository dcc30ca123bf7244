import { InvalidInputError } from '../../base/index.ts'
import type { LabelledAnswer, TaskConfig } from '../../contracts/index.ts'
import type { Answer } from '../../data/index.ts'

/** A label, labels or a number as the task's answer; InvalidInputError `flywheel.bad-label` says what the task takes. */
export function readSpokenAnswer(
  task: string,
  { kind, labels, range }: Pick<TaskConfig, 'kind' | 'labels' | 'range'>,
  said: LabelledAnswer,
): Answer {
  const known = labels && new Set(Object.keys(labels))
  const refuse = (takes: string): never => {
    throw new InvalidInputError(
      'flywheel.bad-label',
      `${JSON.stringify(said)} is no answer of ${task}: it takes ${takes}`,
      {
        hint: known
          ? `Its labels are ${[...known].slice(0, 20).join(', ')}${known.size > 20 ? ', …' : ''}.`
          : 'See GET /v1/tasks.',
      },
    )
  }
  if (typeof said === 'number') {
    if (kind !== undefined && kind !== 'regress' && kind !== 'ordinal') return refuse('labels')
    if (!Number.isFinite(said) || (range && (said < range.min || said > range.max)))
      return refuse(`a number from ${range?.min} to ${range?.max}`)
    return { kind: 'value', value: said }
  }
  const list = typeof said === 'string' ? [said] : said
  if (known && list.some((label) => !known.has(label))) return refuse('one of its labels')
  if (kind === 'multilabel') return { kind: 'classes', labels: [...new Set(list)] }
  if (kind !== undefined && kind !== 'classify') return refuse('a number')
  if (typeof said !== 'string') return refuse('a single label')
  return { kind: 'class', label: said }
}
