/** Whether a model can be made that is good enough, from the runs that were measured: what it reaches now, and what more labels would. */
import { present } from '../../base/index.ts'
import { extendLearningCurve } from '../curves/extend-learning-curve.ts'

/** One measured model of a task. */
export type MeasuredRun = {
  /** Null for a model of the learning curve, which is not kept. */
  version: number | null
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
  const runs = [...options.runs].sort(
    (a, b) => a.trainExamples - b.trainExamples || (a.version ?? 0) - (b.version ?? 0),
  )
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

function extend(all: readonly MeasuredRun[], target: number, seed: number): Feasibility['curve'] {
  // Versions differ in more than their examples; what was trained for the curve does not.
  const ofCurve = all.filter(({ version }) => version === null)
  const runs = countSizes(ofCurve) < sizesMin ? all : ofCurve
  const sizes = countSizes(runs)
  if (sizes < sizesMin) {
    const why = `The task was trained on ${sizes} different numbers of examples; a learning curve takes ${sizesMin}, each twice the one before: capstan curve measures it.`
    return { answer: 'none', why }
  }
  if (!(target < 1)) return { answer: 'none', why: `No number of labels reaches a score of ${target}.` }
  const most = Math.max(...runs.map(({ trainExamples }) => trainExamples))
  const { form, needed, forecasts } = extendLearningCurve(
    runs.map(({ trainExamples, score }) => ({ labels: trainExamples, score })),
    {
      testExamples: Math.max(1, Math.min(...runs.map(({ testExamples }) => testExamples))),
      at: [2 * most],
      target,
      seed,
    },
  )
  if (needed?.answer !== 'labels') return { answer: 'none', why: present(needed, 'the labels needed').why }
  const { p10, p50, p90, buyNow } = needed
  return {
    answer: 'labels',
    form,
    p10,
    p50,
    p90,
    buyNow,
    atDouble: present(forecasts[0], 'the score at twice the labels').score,
  }
}

function countSizes(runs: readonly MeasuredRun[]): number {
  return new Set(runs.map(({ trainExamples }) => trainExamples)).size
}
