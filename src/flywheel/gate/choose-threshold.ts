import { binomialAtMost, binomialLowerBound } from '../../base/index.ts'
import { type CalibrationPair, checkPairs, thinByWeight } from './calibration-pair.ts'
import { explainGate } from './explain-gate.ts'
import type { Gate, GateEvidence } from './gate.ts'
import { checkPromise, countNeeded, type GatePromise } from './gate-promise.ts'
import { planLooks, shareLevel } from './shared-level.ts'

export type ChooseThresholdOptions = GatePromise & {
  /** For thinning by weight. */
  seed?: number
}

type Tested = Pick<GateEvidence, 'threshold' | 'accepted' | 'errors' | 'alpha'> & { p: number }

/**
 * The lowest score above which the promise is proven on the pairs: with probability at least `confidence` over the pairs,
 * either the gate is closed or the true agreement above its threshold is at least the target.
 *
 * Learn-then-Test (Angelopoulos et al. 2021): at thresholds of a plan that knows no label, "agreement is under the target"
 * is tested with the exact binomial p-value. The thresholds are order statistics, and the example that sets one is not
 * counted: given it, those above are independent draws of what it would accept, so the p-value is exact. All tests have
 * one level, low enough that any of them succeeds wrongly with probability 1 − confidence at most: `shareLevel`. The last
 * threshold that succeeds is taken. What is assumed is in docs/gate.md.
 */
export function chooseThreshold(pairs: readonly CalibrationPair[], options: ChooseThresholdOptions): Gate {
  checkPromise(options)
  checkPairs(pairs)
  const { target, confidence } = options
  const kept = thinByWeight(pairs, options.seed ?? 0)
  const tested = runTests(kept, options)
  const proven = tested.findLast(({ p, alpha }) => p <= alpha)
  const closest = tested.reduce<Tested | undefined>((best, test) => (best && best.p <= test.p ? best : test), undefined)
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

/** Every look that could succeed, with the level that all of them have. */
function runTests(pairs: readonly CalibrationPair[], { target, confidence }: GatePromise): Tested[] {
  const sorted = [...pairs].sort((a, b) => b.score - a.score)
  const errorsAbove = new Uint32Array(sorted.length + 1)
  sorted.forEach(({ agrees }, i) => {
    errorsAbove[i + 1] = (errorsAbove[i] as number) + (agrees ? 0 : 1)
  })
  const looks = planLooks(sorted.length, countNeeded(target, 1 - confidence)).map((count) => {
    const threshold = (sorted[count] as CalibrationPair).score
    let accepted = count
    while (accepted > 0 && (sorted[accepted - 1] as CalibrationPair).score === threshold) accepted--
    return { threshold, accepted }
  })
  // Ties put the same examples above several thresholds: that is one look.
  const distinct = looks.filter(({ accepted }, i) => accepted > 0 && accepted !== looks[i - 1]?.accepted)
  const alpha = shareLevel(
    distinct.map(({ accepted }) => accepted),
    1 - target,
    1 - confidence,
  )
  return distinct
    .filter(({ accepted }) => accepted >= countNeeded(target, alpha))
    .map(({ threshold, accepted }) => {
      const errors = errorsAbove[accepted] as number
      return { threshold, accepted, errors, alpha, p: binomialAtMost(errors, accepted, 1 - target) }
    })
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
