import { binomialAtMost, binomialLowerBound } from '../../base/index.ts'
import { type CalibrationPair, checkPairs, thinByWeight } from './calibration-pair.ts'
import { explainGate } from './explain-gate.ts'
import type { Gate, GateEvidence } from './gate.ts'
import { checkPromise, countNeeded, type GatePromise } from './gate-promise.ts'
import { type PlannedTest, planTests } from './plan-tests.ts'

export type ChooseThresholdOptions = GatePromise & {
  /** The share of traffic that is likely accepted, known from other data than the pairs; places the tests. */
  expectedCoverage?: number
  /** For thinning by weight. */
  seed?: number
}

type Tested = Pick<GateEvidence, 'threshold' | 'accepted' | 'errors' | 'alpha'> & { p: number }

/**
 * The lowest score above which the promise is proven on the pairs: with probability at least `confidence` over the pairs,
 * either the gate is closed or the true agreement above its threshold is at least the target.
 *
 * Learn-then-Test (Angelopoulos et al. 2021): for each threshold of a plan that knows no label, from the most careful on,
 * "agreement is under the target" is tested with the exact binomial p-value. The thresholds are order statistics, and the
 * example that sets one is not counted: given it, those above are independent draws of what it would accept, so the
 * p-value is exact. Tests share 1 − confidence by the fallback procedure (Wiens 2003): a sequence goes on with what it
 * has while it succeeds and loses that when it fails; further starts bring their own part.
 * What is assumed is in docs/gate.md.
 */
export function chooseThreshold(pairs: readonly CalibrationPair[], options: ChooseThresholdOptions): Gate {
  checkPromise(options)
  checkPairs(pairs)
  const { target, confidence } = options
  const kept = thinByWeight(pairs, options.seed ?? 0)
  const plan = planTests(kept.length, countNeeded(target, 1 - confidence), options.expectedCoverage)
  const tested = runTests(kept, plan, options)
  const proven = tested.findLast(({ p, alpha }) => p <= alpha)
  const closest = tested.reduce<Tested | undefined>(
    (best, test) => (best && best.p / best.alpha <= test.p / test.alpha ? best : test),
    undefined,
  )
  const shown = proven ?? closest
  const gate: Omit<Gate, 'reason'> = {
    open: proven !== undefined,
    threshold: proven?.threshold ?? null,
    coverage: (proven?.accepted ?? 0) / Math.max(1, kept.length),
    n: kept.length,
    target,
    confidence,
    evidence: shown ? toEvidence(shown) : null,
  }
  return { ...gate, reason: explainGate(gate) }
}

/** Every test that could succeed, with the share of 1 − confidence it had. */
function runTests(
  pairs: readonly CalibrationPair[],
  plan: readonly PlannedTest[],
  { target, confidence }: GatePromise,
): Tested[] {
  const sorted = [...pairs].sort((a, b) => b.score - a.score)
  const errorsAbove = new Uint32Array(sorted.length + 1)
  sorted.forEach(({ agrees }, i) => {
    errorsAbove[i + 1] = (errorsAbove[i] as number) + (agrees ? 0 : 1)
  })
  const tested: Tested[] = []
  let alpha = 0
  for (const { count, weight } of plan) {
    alpha += weight * (1 - confidence)
    const threshold = (sorted[count] as CalibrationPair).score
    let accepted = count
    while (accepted > 0 && (sorted[accepted - 1] as CalibrationPair).score === threshold) accepted--
    // Ties put the same examples above several thresholds, or too few to succeed: what is left goes on untouched.
    if (alpha === 0 || accepted === tested.at(-1)?.accepted || accepted < countNeeded(target, alpha)) continue
    const errors = errorsAbove[accepted] as number
    const p = binomialAtMost(errors, accepted, 1 - target)
    tested.push({ threshold, accepted, errors, alpha, p })
    if (p > alpha) alpha = 0
  }
  return tested
}

function toEvidence({ threshold, accepted, errors, alpha }: Tested): GateEvidence {
  const agreed = accepted - errors
  return {
    threshold,
    accepted,
    errors,
    agreement: agreed / accepted,
    bound: binomialLowerBound(agreed, accepted, alpha),
    alpha,
  }
}
