/** A measured learning curve, carried beyond its largest training set as far as the measurements say. */
import { createRandom, drawNormal } from '../../base/index.ts'
import { chooseLearningCurve, type LearningTrial } from './choose-learning-curve.ts'
import { type LearningObservation, toAnchors } from './fit-learning-curve.ts'
import { findLabelsNeeded, type LabelsNeeded } from './labels-needed.ts'
import { errorAt, errorSlopeAt, type LearningForm, type LearningParameters } from './learning-form.ts'
import { bootstrapLearningCurve, errorQuantiles } from './learning-uncertainty.ts'
import { quantile } from './quantile.ts'
import { weighByTestError } from './weigh-observations.ts'

export type ForecastScore = {
  labels: number
  /**
   * The median over the bootstrap's curves: which form is best is itself unsure, and its choice, made again for each draw, is
   * averaged over (Buckland, Burnham and Augustin, 1997).
   */
  score: number
  /** 90 % for what a training of that size would measure: the same curves, with the error of a test on as many examples. */
  interval: [number, number]
}

export type ExtendedCurve = {
  /** See `learningForms`. */
  form: LearningForm['name']
  parameters: LearningParameters
  trials: readonly LearningTrial[]
  /** False where no form foresaw the largest size better than the last value: then nothing beyond it is said. */
  beatsLastValue: boolean
  /** For each of the sizes that were asked; empty where nothing can be said of them. */
  forecasts: ForecastScore[]
  /** By how much one more label raises the score at the largest size. */
  slope: number
  /** Null where no target was asked. */
  needed: LabelsNeeded | null
}

export type ExtendCurveOptions = {
  /** Examples that each score was measured on. */
  testExamples: number
  /** Sizes of training set to foresee. */
  at?: readonly number[] | undefined
  /** Score to be reached, below 1. */
  target?: number | undefined
  seed?: number | undefined
  draws?: number | undefined
}

/**
 * Fits every form, chooses by the largest size, and draws whole curves, each with a form chosen anew. Scores are shares in
 * which 1 is perfect. Throws `planning.too-few-anchors` below four sizes.
 */
export function extendLearningCurve(
  scores: readonly { labels: number; score: number }[],
  { testExamples, at = [], target, seed = 0, draws = 1000 }: ExtendCurveOptions,
): ExtendedCurve {
  const errors = scores.map(({ labels, score }) => ({ labels, error: 1 - score }))
  const observations = weighByTestError(errors, testExamples)
  const { fit, trials, beatsLastValue } = chooseLearningCurve(observations)
  const by = haveSeveralSeeds(observations) ? 'seed' : 'residual'
  const bootstrap = bootstrapLearningCurve(fit, { seed, draws, by }, (drawn) => chooseLearningCurve(drawn).fit)
  const largest = Math.max(...toAnchors(observations).map(({ labels }) => labels))
  const { form, parameters } = fit
  return {
    form: form.name,
    parameters,
    trials,
    beatsLastValue,
    forecasts: (beatsLastValue ? at : []).map((labels) => {
      const [middle] = errorQuantiles(bootstrap, labels, [0.5]) as [number]
      const random = createRandom(seed, 'learning-curve', 'test', String(labels))
      const measured = bootstrap.draws.map(({ form, parameters }) => {
        const error = errorAt(form, parameters, labels)
        return error + Math.sqrt((error * (1 - error)) / testExamples) * drawNormal(random)
      })
      const [low, high] = [0.05, 0.95].map((q) => Math.min(1, Math.max(0, quantile(measured, q)))) as [number, number]
      return { labels, score: 1 - middle, interval: [1 - high, 1 - low] }
    }),
    slope: -errorSlopeAt(form, parameters, largest),
    needed: target === undefined ? null : findLabelsNeeded(bootstrap, { target: 1 - target, beatsLastValue }),
  }
}

/** Two or more runs of every size. */
function haveSeveralSeeds(observations: readonly LearningObservation[]): boolean {
  const counts = new Map<number, number>()
  for (const { labels } of observations) counts.set(labels, (counts.get(labels) ?? 0) + 1)
  return [...counts.values()].every((count) => count > 1)
}
