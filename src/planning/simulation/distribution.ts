/** What is not known for certain, and its quantile function: the only way in which Capstan draws (decision 031). */

import { InvalidInputError } from '../../base/index.ts'
import { checkNumbers } from '../check-numbers.ts'
import { createBetaQuantile } from './beta.ts'
import { createGammaQuantile } from './gamma.ts'
import { normalQuantile } from './normal.ts'

/** Of one number. */
export type Distribution =
  | { kind: 'normal'; mean: number; sd: number }
  /** Positive values, from two quantiles or from the mean and standard deviation of the values themselves. */
  | { kind: 'lognormal'; p10: number; p90: number }
  | { kind: 'lognormal'; mean: number; sd: number }
  | { kind: 'uniform'; low: number; high: number }
  | { kind: 'triangular'; low: number; mode: number; high: number }
  /** A beta distribution over low … high whose mean is (low + 4 mode + high) / 6. */
  | { kind: 'pert'; low: number; mode: number; high: number }
  | { kind: 'beta'; alpha: number; beta: number }
  | { kind: 'gamma'; shape: number; scale: number }
  | { kind: 'discrete'; values: readonly number[]; probabilities: readonly number[] }
  /** Equally likely values, in any order: posterior draws, measured outcomes. */
  | { kind: 'samples'; values: readonly number[] }

/** ln of a lognormal value is normal with these. */
export type LogScale = { mu: number; sigma: number }

const zOf90 = 1.2815515655446004

/**
 * The quantile function of a distribution, for 0 < u < 1; `where` names it in errors.
 * Throws InvalidInputError `plan.invalid-number`, `plan.invalid-distribution`.
 */
export function createQuantile(distribution: Distribution, where = `a ${distribution.kind}`): (u: number) => number {
  switch (distribution.kind) {
    case 'normal': {
      const { mean, sd } = distribution
      checkNumbers(where, { mean: [mean, 'finite'], sd: [sd, 'at least 0'] })
      return (u) => mean + sd * normalQuantile(u)
    }
    case 'lognormal': {
      const { mu, sigma } = logScaleOf(distribution, where)
      return (u) => Math.exp(mu + sigma * normalQuantile(u))
    }
    case 'uniform': {
      const { low, high } = distribution
      checkRange(where, low, (low + high) / 2, high)
      return (u) => low + (high - low) * u
    }
    case 'triangular': {
      const { low, mode, high } = distribution
      checkRange(where, low, mode, high)
      const turn = (mode - low) / (high - low)
      return (u) =>
        u < turn
          ? low + Math.sqrt(u * (high - low) * (mode - low))
          : high - Math.sqrt((1 - u) * (high - low) * (high - mode))
    }
    case 'pert': {
      const { low, mode, high } = distribution
      checkRange(where, low, mode, high)
      const width = high - low
      const share = createBetaQuantile(1 + (4 * (mode - low)) / width, 1 + (4 * (high - mode)) / width)
      return (u) => low + width * share(u)
    }
    case 'beta': {
      const { alpha, beta } = distribution
      checkNumbers(where, { alpha: [alpha, 'positive'], beta: [beta, 'positive'] })
      return createBetaQuantile(alpha, beta)
    }
    case 'gamma': {
      const { shape, scale } = distribution
      checkNumbers(where, { shape: [shape, 'positive'], scale: [scale, 'positive'] })
      const quantile = createGammaQuantile(shape)
      return (u) => scale * quantile(u)
    }
    case 'discrete':
      return createStepQuantile(distribution.values, distribution.probabilities, where)
    case 'samples':
      return createSampleQuantile(distribution.values, where)
  }
}

/** Of 10 % and 90 % quantiles, or of the values' own mean and standard deviation. */
export function logScaleOf(distribution: Distribution & { kind: 'lognormal' }, where = 'a lognormal'): LogScale {
  if ('p10' in distribution) {
    const { p10, p90 } = distribution
    checkNumbers(where, { p10: [p10, 'positive'], 'p90 - p10': [p90 - p10, 'at least 0'] })
    const [low, high] = [Math.log(p10), Math.log(p90)]
    return { mu: (low + high) / 2, sigma: (high - low) / (2 * zOf90) }
  }
  const { mean, sd } = distribution
  checkNumbers(where, { mean: [mean, 'positive'], sd: [sd, 'at least 0'] })
  const variance = Math.log1p((sd / mean) ** 2)
  return { mu: Math.log(mean) - variance / 2, sigma: Math.sqrt(variance) }
}

function checkRange(where: string, low: number, mode: number, high: number): void {
  checkNumbers(where, { low: [low, 'finite'], high: [high, 'finite'], mode: [mode, 'finite'] })
  if (low < high && low <= mode && mode <= high) return
  throw new InvalidInputError(
    'plan.invalid-distribution',
    `In ${where}, low ${low}, mode ${mode} and high ${high} do not rise.`,
    { hint: 'Write low ≤ mode ≤ high with low < high; a value that is certain is a plain number.' },
  )
}

/** Steps in the order of the values, so that the order in which they are listed does not matter. */
function createStepQuantile(
  values: readonly number[],
  probabilities: readonly number[],
  where: string,
): (u: number) => number {
  const total = probabilities.reduce((sum, probability) => sum + probability, 0)
  const valid = values.every(Number.isFinite) && probabilities.every((probability) => probability >= 0)
  if (!valid || values.length === 0 || values.length !== probabilities.length || Math.abs(total - 1) > 1e-9) {
    throw new InvalidInputError(
      'plan.invalid-distribution',
      `In ${where}, ${values.length} values have ${probabilities.length} probabilities that add up to ${total}.`,
      { hint: 'Give each finite value one probability of at least 0, together 1.' },
    )
  }
  const steps = values
    .map((value, i) => ({ value, probability: probabilities[i] as number }))
    .sort((a, b) => a.value - b.value || a.probability - b.probability)
  let below = 0
  const bounds = steps.map(({ probability }) => (below += probability))
  const last = steps.length - 1
  return (u) => {
    const step = bounds.findIndex((bound) => u < bound)
    return (steps[step < 0 ? last : step] as { value: number }).value
  }
}

function createSampleQuantile(values: readonly number[], where: string): (u: number) => number {
  if (values.length === 0 || !values.every(Number.isFinite)) {
    throw new InvalidInputError(
      'plan.invalid-distribution',
      `${where} needs at least one sample, all of them finite.`,
      {
        hint: 'Give the measured values, or a distribution in their place.',
      },
    )
  }
  const sorted = Float64Array.from(values).sort()
  return (u) => sorted[Math.min(sorted.length - 1, Math.floor(u * sorted.length))] as number
}
