import type { Gate } from './gate.ts'
import { countNeeded } from './gate-promise.ts'

/** Why the gate is open or closed, in a sentence for people. */
export function explainGate({ open, n, target, confidence, coverage, evidence }: Omit<Gate, 'reason'>): string {
  const promise = `${target} at ${percent(confidence)}`
  if (evidence === null) return explainMissing(n, target, confidence)
  const { threshold, accepted, errors, agreement, bound, alpha } = evidence
  const seen = `the teacher agrees with ${percent(agreement)} of the ${accepted} calibration examples above ${Number(threshold.toPrecision(4))} (${errors} ${errors === 1 ? 'error' : 'errors'})`
  const proven = `which shows at least ${percent(bound)} at ${percent(1 - alpha)}`
  return open
    ? `${seen}, ${proven}; ${promise} is promised, and ${percent(coverage)} of the traffic is taken over`
    : `${seen}, ${proven}; ${promise} is promised, and no other threshold of the ${n} examples came closer`
}

function explainMissing(n: number, target: number, confidence: number): string {
  const needed = countNeeded(target, 1 - confidence)
  const there = Math.max(0, n - 1)
  if (there < needed) {
    return `needs at least ${needed} accepted calibration examples without one error for ${target} at ${percent(confidence)}: there are ${there}`
  }
  return `too many of the ${n} calibration examples have the same score for any threshold to leave enough above it`
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`
}
