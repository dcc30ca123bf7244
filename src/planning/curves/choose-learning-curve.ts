/** Which form to trust: the one that, fitted without the largest size of training set, comes closest to its error. */
import { InvalidInputError, present } from '../../base/index.ts'
import { fitLearningCurve, type LearningFit, type LearningObservation, toAnchors } from './fit-learning-curve.ts'
import { errorAt, type LearningForm, learningForms } from './learning-form.ts'

export type LearningTrial = {
  /** 'last-value' says that more labels change nothing: the baseline. */
  form: LearningForm['name'] | 'last-value'
  predicted: number
  /** |predicted − measured| at the largest size. */
  miss: number
}

export type LearningChoice = {
  /** The best form, fitted to all observations. */
  fit: LearningFit
  trials: readonly LearningTrial[]
  /** False where no form foresaw the largest size better than the last value did: do not extrapolate then. */
  beatsLastValue: boolean
}

/** Throws `planning.too-few-anchors` where no form can be fitted without the largest size: four sizes are the least. */
export function chooseLearningCurve(
  observations: readonly LearningObservation[],
  forms: readonly LearningForm[] = Object.values(learningForms),
): LearningChoice {
  const anchors = toAnchors(observations)
  const largest = present(anchors.at(-1), 'the largest size')
  const candidates = forms.filter(({ shapes }) => anchors.length > shapes.length + 2)
  if (candidates.length === 0) {
    throw new InvalidInputError(
      'planning.too-few-anchors',
      `The error is known at ${anchors.length} sizes of training set: too few to hold one out and fit the others.`,
      {
        hint: 'Train on at least four nested subsets, each twice the size of the one before; five choose among all forms.',
      },
    )
  }
  const others = observations.filter(({ labels }) => labels < largest.labels)
  const missOf = (predicted: number) => ({ predicted, miss: Math.abs(predicted - largest.error) })
  const trials = candidates.map((form) => ({
    form,
    ...missOf(errorAt(form, fitLearningCurve(others, form).parameters, largest.labels)),
  }))
  const best = trials.reduce((one, other) => (other.miss < one.miss ? other : one))
  const last = missOf(present(anchors.at(-2), 'the second largest size').error)
  return {
    fit: fitLearningCurve(observations, best.form),
    trials: [...trials.map((trial) => ({ ...trial, form: trial.form.name })), { form: 'last-value', ...last }],
    beatsLastValue: best.miss < last.miss,
  }
}
