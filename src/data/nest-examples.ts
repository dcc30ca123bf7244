import { createRandom, shuffle } from '../base/index.ts'
import { type Example, labelsOf } from './example.ts'

/**
 * A random order of which any beginning, from the number of labels on, holds every label: each such beginning is a training
 * set, and holds the smaller ones. The same examples and seed give the same order.
 */
export function nestExamples(examples: readonly Example[], seed: number): Example[] {
  const seen = new Set<string>()
  const [first, rest]: [Example[], Example[]] = [[], []]
  for (const example of shuffle(examples, createRandom(seed, 'nest'))) {
    const unseen = labelsOf(example.answer).filter((label) => !seen.has(label))
    for (const label of unseen) seen.add(label)
    if (unseen.length > 0) first.push(example)
    else rest.push(example)
  }
  return [...first, ...rest]
}
