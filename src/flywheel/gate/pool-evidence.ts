import { type Audits, readAudits } from './audits.ts'
import type { Gate } from './gate.ts'

export type PooledEvidence = {
  /** Accepted calibration examples and audits together, and the share of them that agrees: an estimate, no bound. */
  checked: number
  agreement: number | null
  /** The better of two bounds: the target, proven at calibration, and what the audits alone show by now. */
  bound: number
  /** Each bound may fail with 1 − its confidence; both hold at once with this. */
  confidence: number
}

/**
 * What is known of an open gate's agreement after some audits. At first the bound is the target that calibration proved;
 * audits raise it as they come in, and because their sequence holds at all times, the larger of both may be taken at any moment.
 */
export function poolEvidence({ target, confidence, evidence, open }: Gate, audits: Audits): PooledEvidence {
  const { audited, agreed, lower } = readAudits(audits)
  const accepted = open && evidence ? evidence.accepted : 0
  const errors = open && evidence ? evidence.errors : 0
  const checked = accepted + audited
  return {
    checked,
    agreement: checked === 0 ? null : (accepted - errors + agreed) / checked,
    bound: Math.max(open ? target : 0, lower),
    confidence: Math.max(0, confidence + audits.confidence - 1),
  }
}
