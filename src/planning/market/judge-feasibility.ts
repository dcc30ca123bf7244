/** Whether a model can be made that is good enough, from the runs that were measured: what it reaches now, and what more labels would. */
import { chooseLearningCurve } from '../curves/choose-learning-curve.ts'
import { findLabelsNeeded } from '../curves/labels-needed.ts'
import { errorAt } from '../curves/learning-form.ts'
import { bootstrapLearningCurve } from '../curves/learning-uncertainty.ts'
import { weighByTestError } from '../curves/weigh-observations.ts'

/** One measured version of a task. */
export type MeasuredRun = {
  version: number
  trainExamples: number
  score: number
  interval: readonly [number, number]
  testExamples: number
}

export type Feasibility = {
  target: number
  /** Ordered by the number of training examples. */
  runs: MeasuredRun[]
  best: MeasuredRun | null
  /** Whether the target is reached: surely (the whole interval is above it), maybe, or not. */
  reached: 'surely' | 'maybe' | 'no' | 'unknown'
  curve:
    | { answer: 'labels'; form: string; p10: number; p50: number; p90: number; buyNow: number; atDouble: number }
    | { answer: 'none'; why: string }
  /** What the labels still to buy would cost, at the price of one; null where either is not known. */
  cost: { p50: number; buyNow: number } | null
}

/** Sizes of training set below which no curve can be checked against the largest. */
const sizesMin = 4

export function judgeFeasibility(options: {
  runs: readonly MeasuredRun[]
  target: number
  labelPrice: number | null
  seed: number
}): Feasibility {
  const { target, labelPrice, seed } = options
  const runs = [...options.runs].sort((a, b) => a.trainExamples - b.trainExamples || a.version - b.version)
  const best = runs.reduce<MeasuredRun | null>((one, other) => (!one || other.score > one.score ? other : one), null)
  const curve = extend(runs, target, seed)
  const have = Math.max(0, ...runs.map(({ trainExamples }) => trainExamples))
  const isPriced = labelPrice !== null && curve.answer === 'labels'
  return {
    target,
    runs,
    best,
    reached: best ? verdictOf(best, target) : 'unknown',
    curve,
    cost: isPriced ? { p50: Math.max(0, curve.p50 - have) * labelPrice, buyNow: curve.buyNow * labelPrice } : null,
  }
}

function verdictOf({ score, interval }: MeasuredRun, target: number): Feasibility['reached'] {
  if (interval[0] >= target) return 'surely'
  return score >= target || interval[1] >= target ? 'maybe' : 'no'
}

function extend(runs: readonly MeasuredRun[], target: number, seed: number): Feasibility['curve'] {
  const sizes = new Set(runs.map(({ trainExamples }) => trainExamples)).size
  if (sizes < sizesMin) {
    const why = `The task was trained on ${sizes} different numbers of examples; a learning curve takes ${sizesMin}, each twice the one before.`
    return { answer: 'none', why }
  }
  if (!(target < 1)) return { answer: 'none', why: `No number of labels reaches a score of ${target}.` }
  const tests = runs.map(({ testExamples }) => testExamples)
  const observations = weighByTestError(
    runs.map(({ trainExamples, score }) => ({ labels: trainExamples, error: 1 - score })),
    Math.max(1, Math.min(...tests)),
  )
  const { fit, beatsLastValue } = chooseLearningCurve(observations)
  const needed = findLabelsNeeded(bootstrapLearningCurve(fit, { seed }), { target: 1 - target, beatsLastValue })
  if (needed.answer === 'refused') return { answer: 'none', why: needed.why }
  const { p10, p50, p90, buyNow } = needed
  const most = Math.max(...runs.map(({ trainExamples }) => trainExamples))
  const atDouble = 1 - errorAt(fit.form, fit.parameters, 2 * most)
  return { answer: 'labels', form: fit.form.name, p10, p50, p90, buyNow, atDouble }
}
