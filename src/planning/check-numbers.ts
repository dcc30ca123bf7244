import { InvalidInputError } from '../base/index.ts'

const rules = {
  finite: (value: number) => Number.isFinite(value),
  positive: (value: number) => Number.isFinite(value) && value > 0,
  'at least 0': (value: number) => Number.isFinite(value) && value >= 0,
  'between 0 and 1': (value: number) => value > 0 && value < 1,
  'from 0 to 1': (value: number) => value >= 0 && value <= 1,
  'a whole number above 0': (value: number) => Number.isSafeInteger(value) && value > 0,
} as const

export type NumberRule = keyof typeof rules

/** What is wrong with a number, as part of a sentence; null: nothing is. */
export function findBreach(name: string, value: number, rule: NumberRule): string | null {
  return rules[rule](value) ? null : `${name} must be ${rule === 'finite' ? 'a finite number' : rule} and is ${value}`
}

/** Throws `plan.invalid-number` with every number of `where` that breaks its rule; the door's functions call it first. */
export function checkNumbers(where: string, numbers: Record<string, readonly [number, NumberRule]>): void {
  const problems = Object.entries(numbers).flatMap(([name, [value, rule]]) => findBreach(name, value, rule) ?? [])
  if (problems.length === 0) return
  throw new InvalidInputError('plan.invalid-number', `In ${where}, ${problems.join('; ')}.`, {
    hint: 'Correct the numbers named.',
    details: problems,
  })
}
