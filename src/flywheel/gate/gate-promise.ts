import { InvalidInputError } from '../../base/index.ts'

/** What a task promises: with probability `confidence`, accepted answers agree with the teacher in a share of at least `target`. */
export type GatePromise = { target: number; confidence: number }

/** Both numbers between 0 and 1, or an error that names those that are not. */
export function checkPromise({ target, confidence }: GatePromise): void {
  const wrong = Object.entries({ target, confidence }).filter(([, value]) => !(value > 0 && value < 1))
  if (wrong.length === 0) return
  throw new InvalidInputError(
    'gate.bad-promise',
    `A promise of ${wrong.map(([name, value]) => `${name} ${value}`).join(' and ')} cannot be kept`,
    { hint: 'Give shares between 0 and 1, such as target 0.95 and confidence 0.95.' },
  )
}

/** The number of examples, all of them right, that the exact binomial test needs to hold the target at level `alpha`. */
export function countNeeded(target: number, alpha: number): number {
  return Math.ceil(Math.log(alpha) / Math.log(target) - 1e-9)
}
