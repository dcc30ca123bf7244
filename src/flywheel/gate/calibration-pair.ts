import { createRandom, InvalidInputError } from '../../base/index.ts'

/** An example that training did not see: the model's score of its answer, and whether the teacher agrees. */
export type CalibrationPair = {
  /** The more careful, the higher; mostly the calibrated probability of the answer. */
  score: number
  agrees: boolean
  /** How much more often such requests come in traffic than among the pairs; 1 where nothing is said. */
  weight?: number
}

/** Every pair has a finite score and a weight above zero, or an error that lists those that have not. */
export function checkPairs(pairs: readonly CalibrationPair[]): void {
  const wrong = pairs.flatMap(({ score, weight = 1 }, i) =>
    Number.isFinite(score) && Number.isFinite(weight) && weight > 0
      ? []
      : [`pair ${i} (score ${score}, weight ${weight})`],
  )
  if (wrong.length === 0) return
  throw new InvalidInputError(
    'gate.bad-calibration',
    `${wrong.length} of ${pairs.length} calibration pairs cannot be used: ${wrong.slice(0, 10).join(', ')}`,
    { hint: 'Give each a finite score and a weight above zero.', details: wrong },
  )
}

/**
 * A sample of the pairs that follows the traffic: each is kept with probability weight / largest weight (rejection
 * sampling), so that exact tests for equal weights hold. The same seed keeps the same pairs.
 */
export function thinByWeight(pairs: readonly CalibrationPair[], seed: number): readonly CalibrationPair[] {
  const weightMax = pairs.reduce((largest, { weight = 1 }) => Math.max(largest, weight), 0)
  if (pairs.every(({ weight = 1 }) => weight === weightMax)) return pairs
  const random = createRandom(seed, 'gate-thinning')
  return pairs.filter(({ weight = 1 }) => random.float() * weightMax < weight)
}
