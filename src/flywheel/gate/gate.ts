import type { GatePromise } from './gate-promise.ts'

/** What was chosen, with all that `capstan gate` explains. */
export type Gate = GatePromise & {
  open: boolean
  /** Answers that score above it are the model's own; null while the gate is closed. */
  threshold: number | null
  /** The share of calibration examples above the threshold; 0 while closed. */
  coverage: number
  /** Calibration examples after thinning by weight. */
  n: number
  /** Of the threshold, or while closed of the one that came closest; null where none could be tested. */
  evidence: GateEvidence | null
  reason: string
}

export type GateEvidence = {
  threshold: number
  /** Calibration examples above the threshold, and those among them with which the teacher disagrees. */
  accepted: number
  errors: number
  agreement: number
  /** The exact one-sided lower bound of the agreement at level `alpha`. */
  bound: number
  /** The share of 1 − confidence that was left for this test. */
  alpha: number
}

/** Whether the model's own answer is given for a request whose answer has this score. */
export function acceptsScore({ threshold }: Pick<Gate, 'threshold'>, score: number): boolean {
  return threshold !== null && score > threshold
}
