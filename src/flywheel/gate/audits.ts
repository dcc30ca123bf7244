import { bisect, incompleteBeta, logBeta } from '../../base/index.ts'
import { checkPromise, type GatePromise } from './gate-promise.ts'

/**
 * What the audits of accepted requests say about their agreement, at any moment and as often as one looks.
 *
 * The evidence against "each agrees with probability p or more" is the mixture of likelihood ratios over all q < p,
 * weighted by a beta prior cut off at p: a non-negative supermartingale that starts at 1, so that by Ville's inequality it
 * ever reaches 1/α with probability α at most (Robbins 1970; Howard et al. 2021, "Time-uniform, nonparametric,
 * nonasymptotic confidence sequences"). It has a closed form in the two counts, exact for yes-or-no outcomes, and it holds
 * when the agreement drifts, because each factor has mean ≤ 1 under any probability ≥ p.
 */
export type Audits = GatePromise & {
  audited: number
  agreed: number
  /** Set for good by the audit at which the evidence first sufficed; at that audit, counted from 1. */
  closedAt: number | null
}

export type AuditReading = {
  audited: number
  agreed: number
  agreement: number | null
  /** The gate closes when this falls under the target: it holds at all times at once with the promise's confidence. */
  upper: number
  /** The same from below: when it is above the target, audits alone keep the promise. */
  lower: number
  /** Both ends at once with that confidence. */
  interval: [number, number]
  closed: boolean
}

/** The prior counts as much as this many audits, spread about the target. */
const priorStrength = 20

export function startAudits(promise: GatePromise): Audits {
  checkPromise(promise)
  return { target: promise.target, confidence: promise.confidence, audited: 0, agreed: 0, closedAt: null }
}

/** The state after one more audited request; plain data, kept wherever the caller likes. O(1). */
export function recordAudit(audits: Audits, agrees: boolean): Audits {
  const audited = audits.audited + 1
  const agreed = audits.agreed + (agrees ? 1 : 0)
  // Where the share is not under the target no likelihood ratio exceeds 1, and there is nothing to compute.
  const closes =
    agreed < audits.target * audited &&
    logEvidenceBelow(agreed, audited, audits.target, audits.target) >= -Math.log(1 - audits.confidence)
  return { ...audits, audited, agreed, closedAt: audits.closedAt ?? (closes ? audited : null) }
}

export function readAudits({ audited, agreed, target, confidence, closedAt }: Audits): AuditReading {
  const alpha = 1 - confidence
  const upperAt = (level: number) => boundAbove(agreed, audited, target, level)
  // An error is a success of the mirrored sequence.
  const lowerAt = (level: number) => 1 - boundAbove(audited - agreed, audited, 1 - target, level)
  return {
    audited,
    agreed,
    agreement: audited === 0 ? null : agreed / audited,
    upper: upperAt(alpha),
    lower: lowerAt(alpha),
    interval: [lowerAt(alpha / 2), upperAt(alpha / 2)],
    closed: closedAt !== null,
  }
}

/** The smallest p above the observed share that the evidence refutes at the level. */
function boundAbove(successes: number, count: number, centre: number, level: number): number {
  if (count === 0) return 1
  const needed = -Math.log(level)
  return bisect((p) => logEvidenceBelow(successes, count, p, centre) < needed, successes / count, 1)
}

/** ln of the mixture of likelihood ratios of all q < p against p. */
function logEvidenceBelow(successes: number, count: number, p: number, centre: number): number {
  const errors = count - successes
  if (p >= 1) return errors > 0 ? Number.POSITIVE_INFINITY : 0
  const a = priorStrength * centre
  const b = priorStrength - a
  return (
    logBeta(a + successes, b + errors) +
    Math.log(incompleteBeta(p, a + successes, b + errors)) -
    logBeta(a, b) -
    Math.log(incompleteBeta(p, a, b)) -
    successes * Math.log(p) -
    errors * Math.log1p(-p)
  )
}
