import { createRandom, InvalidInputError, shuffle } from '../base/index.ts'
import { type Example, textOf } from './example.ts'
import { groupNearDuplicates } from './near-duplicates.ts'
import { stratify } from './stratify.ts'

/** How large the held-out parts should be, and which of the possible splits to take. */
export type SplitOptions = {
  seed: number
  /** A fraction of all examples below 1, or a number of examples; 0 (the default) for none. */
  validation?: number
  test?: number
}

/** Every example is in exactly one part. */
export type Split = { train: Example[]; validation: Example[]; test: Example[] }

/** Examples that are near duplicates of each other, by stratum: one part gets all of them. */
type Group = { members: Example[]; counts: Map<string, number> }

/**
 * Divides examples into three parts that keep the order of the input. Each label (or number) is spread in proportion,
 * near-duplicate groups stay whole, and every label keeps at least one example in `train`; where these leave too little choice the
 * held-out parts come out smaller than asked, down to empty. The same examples and seed give the same split. Throws
 * `data.bad-split`.
 */
export function splitExamples(examples: readonly Example[], options: SplitOptions): Split {
  const { seed, validation = 0, test = 0 } = options
  const sizes = {
    test: toCount('test', test, examples.length),
    validation: toCount('validation', validation, examples.length),
  }
  if (sizes.test + sizes.validation >= Math.max(1, examples.length)) {
    const asked = `${sizes.validation} validation and ${sizes.test} test examples`
    throw badSplit(`${asked} leave nothing to train on: there are ${examples.length}`)
  }
  const strata = stratify(examples)
  const groups = shuffle(collectGroups(examples, strata), createRandom(seed, 'split'))
  const all = countEach(strata.flat())
  const training = new Map(all)
  const heldOut = new Map<Example, 'validation' | 'test'>()
  for (const part of ['test', 'validation'] as const) {
    const wanted = allotByStratum(all, sizes[part] / examples.length, seed)
    for (const { members, counts } of groups) {
      if (heldOut.has(members[0] as Example) || !canTake(counts, wanted, training)) continue
      for (const member of members) heldOut.set(member, part)
      subtract(wanted, counts)
      subtract(training, counts)
    }
  }
  return {
    train: examples.filter((example) => !heldOut.has(example)),
    validation: examples.filter((example) => heldOut.get(example) === 'validation'),
    test: examples.filter((example) => heldOut.get(example) === 'test'),
  }
}

/** The training examples that no held-out example is a near or exact duplicate of, and how many were dropped. */
export function removeDuplicatesOf<Text extends Pick<Example, 'text' | 'textPair'>>(
  training: readonly Text[],
  heldOut: readonly Pick<Example, 'text' | 'textPair'>[],
): { examples: Text[]; dropped: number } {
  const groups = groupNearDuplicates([...heldOut, ...training].map(textOf))
  // A group bears the index of its first text, so a group with a held-out text bears one below their number.
  const examples = training.filter((_, i) => (groups[heldOut.length + i] as number) >= heldOut.length)
  return { examples, dropped: training.length - examples.length }
}

function toCount(part: string, size: number, total: number): number {
  if (size >= 0 && size < 1) return Math.round(size * total)
  if (Number.isSafeInteger(size) && size >= 1) return size
  throw badSplit(`the size of the ${part} part is ${size}`)
}

function badSplit(message: string): InvalidInputError {
  return new InvalidInputError('data.bad-split', message, {
    hint: 'give a fraction below 1 (0.1 is a tenth) or a whole number of examples, and leave some to train on',
  })
}

function collectGroups(examples: readonly Example[], strata: readonly string[][]): Group[] {
  const indicesOf = new Map<number, number[]>()
  groupNearDuplicates(examples.map(textOf)).forEach((group, i) => {
    const indices = indicesOf.get(group) ?? []
    indicesOf.set(group, indices)
    indices.push(i)
  })
  return [...indicesOf.values()].map((indices) => ({
    members: indices.map((i) => examples[i] as Example),
    counts: countEach(indices.flatMap((i) => strata[i] as string[])),
  }))
}

function countEach(strata: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const stratum of strata) counts.set(stratum, (counts.get(stratum) ?? 0) + 1)
  return counts
}

/** That share of each count, in whole numbers by largest remainder; equal remainders by lot. */
function allotByStratum(counts: Map<string, number>, share: number, seed: number): Map<string, number> {
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const total = Math.round(all * share)
  const shares = shuffle([...counts], createRandom(seed, 'remainders')).map(([label, count]) => {
    const exact = (count * total) / Math.max(1, all)
    return { label, count: Math.floor(exact), remainder: exact % 1 }
  })
  let left = total - shares.reduce((sum, { count }) => sum + count, 0)
  for (const share of shares.sort((a, b) => b.remainder - a.remainder)) if (left-- > 0) share.count++
  return new Map(shares.map(({ label, count }) => [label, count]))
}

function canTake(counts: Map<string, number>, wanted: Map<string, number>, training: Map<string, number>): boolean {
  return [...counts].every(
    ([label, count]) => count <= (wanted.get(label) as number) && count < (training.get(label) as number),
  )
}

function subtract(from: Map<string, number>, counts: Map<string, number>): void {
  for (const [label, count] of counts) from.set(label, (from.get(label) as number) - count)
}
