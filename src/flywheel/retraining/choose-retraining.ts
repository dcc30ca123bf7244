import type { Retraining } from '../../contracts/index.ts'

/** What decides whether a task is due for training. */
export type RetrainingFacts = {
  /** Labelled examples now, and at the last training that was tried; 0 before the first. */
  examples: number
  trained: number
  /** Representative examples since the gate was closed for good; null while it is not. */
  sinceClosed: { reason: 'gate-closed' | 'drift'; examples: number } | null
  /** By how much the learning curve of the trainings so far says that accuracy would rise; null where it cannot say. */
  predictedGain: number | null
  hoursSinceTrained: number | null
}

export type RetrainingDue = { reason: 'examples' | 'gain' | 'gate-closed' | 'drift' | 'schedule' }

/** A predicted gain in accuracy for which a training is worth its cost. */
const gainMin = 0.005
/** With fewer new examples than this share nothing is predicted: noise would be larger. */
const newShareMin = 0.1

/** Why a task is due for training; null where it is not. */
export function chooseRetraining(
  { examplesMin, growth, everyHours }: Pick<Retraining, 'examplesMin' | 'growth' | 'everyHours'>,
  { examples, trained, sinceClosed, predictedGain, hoursSinceTrained }: RetrainingFacts,
): RetrainingDue | null {
  if (sinceClosed) return sinceClosed.examples >= examplesMin ? { reason: sinceClosed.reason } : null
  if (trained === 0) return examples >= examplesMin ? { reason: 'examples' } : null
  if (examples >= growth * trained) return { reason: 'examples' }
  if (predictedGain !== null && predictedGain >= gainMin && examples >= (1 + newShareMin) * trained)
    return { reason: 'gain' }
  const isDue = everyHours !== undefined && hoursSinceTrained !== null && hoursSinceTrained >= everyHours
  return isDue && examples > trained ? { reason: 'schedule' } : null
}
