/**
 * How sure a learning curve is. Floor and exponent are strongly correlated (0.95 on a usual curve), so parameters are
 * never drawn one by one: the covariance is whole, and a bootstrap draw is a whole curve.
 */
import { createRandom, InvalidInputError, type Random } from '../../base/index.ts'
import { fitLearningCurve, type LearningFit, type LearningObservation } from './fit-learning-curve.ts'
import { errorAt, errorGradientAt, type LearningCurve } from './learning-form.ts'
import { bilinear, invertSymmetric, normalMatrix } from './least-squares.ts'
import { quantile } from './quantile.ts'

export type LearningBootstrap = { fit: LearningFit; draws: readonly LearningCurve[] }

export type BootstrapOptions = { draws?: number; seed?: number; by?: 'residual' | 'seed' }

/**
 * σ²·(JᵀWJ)⁻¹ in the order of the parameters, with σ² = Σ w·residual² / (observations − parameters): Laplace's
 * approximation, for speed. Throws `planning.no-covariance` where the observations do not determine the parameters.
 */
export function covarianceOf(fit: LearningFit): number[][] {
  const spare = fit.observations.length - fit.parameters.length
  const inverse = informationInverse(fit)
  if (spare < 1 || inverse === undefined) {
    throw new InvalidInputError(
      'planning.no-covariance',
      `${fit.observations.length} observations leave the ${fit.parameters.length} parameters of ${fit.form.name} undetermined.`,
      { hint: 'Add training runs with other numbers of labels, or use a form with fewer parameters.' },
    )
  }
  return inverse.map((row) => row.map((value) => (value * fit.squaredError) / spare))
}

/** The fitted error at n labels with its standard error by the covariance. */
export function standardErrorAt(fit: LearningFit, labels: number): { error: number; standardError: number } {
  const gradient = errorGradientAt(fit.form, fit.parameters, labels)
  const variance = bilinear(gradient, covarianceOf(fit), gradient)
  return { error: errorAt(fit.form, fit.parameters, labels), standardError: Math.sqrt(variance) }
}

/**
 * Curves fitted to resampled observations. 'residual' adds residuals, each freed of its leverage, drawn from all sizes in proportion
 * to their weights; 'seed' draws, for each size, from its own runs, and needs two or more of each. `refit` makes a curve of
 * what was drawn: where it also chooses the form, the draws hold the doubt about the form too.
 */
export function bootstrapLearningCurve(
  fit: LearningFit,
  { draws = 1000, seed = 0, by = 'residual' }: BootstrapOptions = {},
  refit: (observations: LearningObservation[]) => LearningCurve = (drawn) => fitLearningCurve(drawn, fit.form),
): LearningBootstrap {
  const resample = by === 'residual' ? residualSampler(fit) : seedSampler(fit)
  const random = createRandom(seed, 'learning-curve', by)
  return { fit, draws: Array.from({ length: draws }, () => refit(resample(random))) }
}

/** Quantiles of the true error at n labels. A measurement scatters around it by its own test error. */
export function errorQuantiles({ draws }: LearningBootstrap, labels: number, quantiles: readonly number[]): number[] {
  const errors = draws.map(({ form, parameters }) => errorAt(form, parameters, labels))
  return quantiles.map((q) => quantile(errors, q))
}

function residualSampler(fit: LearningFit): (random: Random) => LearningObservation[] {
  const inverse = informationInverse(fit)
  const fitted = fit.observations.map(({ labels }) => errorAt(fit.form, fit.parameters, labels))
  const scaled = fit.observations.map(({ labels, error, weight = 1 }, i) => {
    const gradient = errorGradientAt(fit.form, fit.parameters, labels)
    // A point that determines the curve alone has no residual left to learn from: leverage near 1.
    const leverage = inverse === undefined ? 0 : Math.min(0.95, weight * bilinear(gradient, inverse, gradient))
    return (Math.sqrt(weight) * (error - (fitted[i] as number))) / Math.sqrt(1 - leverage)
  })
  const mean = scaled.reduce((sum, value) => sum + value, 0) / scaled.length
  return (random) =>
    fit.observations.map(({ labels, weight = 1 }, i) => {
      const residual = (scaled[random.integer(scaled.length)] as number) - mean
      return { labels, weight, error: Math.max(0, (fitted[i] as number) + residual / Math.sqrt(weight)) }
    })
}

function seedSampler(fit: LearningFit): (random: Random) => LearningObservation[] {
  const groups = new Map<number, number[]>()
  for (const { labels, error } of fit.observations) groups.set(labels, [...(groups.get(labels) ?? []), error])
  const single = [...groups].filter(([, errors]) => errors.length < 2).map(([labels]) => labels)
  if (single.length > 0) {
    throw new InvalidInputError(
      'planning.single-seed',
      `Runs can be drawn by seed only where there are several: there is one run with ${single.join(', ')} labels.`,
      { hint: "Train each size with 3 seeds, or draw by 'residual'." },
    )
  }
  return (random) =>
    fit.observations.map(({ labels, weight = 1 }) => {
      const errors = groups.get(labels) as number[]
      const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length
      // k draws out of k scatter by too little, by the factor √((k − 1)/k).
      const widen = Math.sqrt(errors.length / (errors.length - 1))
      const drawn = errors[random.integer(errors.length)] as number
      return { labels, weight, error: Math.max(0, mean + widen * (drawn - mean)) }
    })
}

/** (JᵀWJ)⁻¹ over the observations. */
function informationInverse({ form, parameters, observations }: LearningFit): number[][] | undefined {
  return invertSymmetric(
    normalMatrix(
      observations.map(({ labels }) => errorGradientAt(form, parameters, labels)),
      observations.map(({ weight = 1 }) => weight),
    ),
  )
}
