/**
 * Retention by the shifted-beta-geometric model: each customer leaves with an own constant probability, which has a beta
 * distribution over the customers, so that those who stay are ever more loyal. Fader and Hardie 2007, 2010.
 */
import { InvalidInputError, present } from '../base/index.ts'
import { checkNumbers } from './check-numbers.ts'

/** Of the beta distribution of the probability to leave: mean α / (α + β). */
export type Retention = { alpha: number; beta: number }

/** The likeliest parameters. */
export type RetentionFit = Retention & { logLikelihood: number }

/** S(0) = 1, S(1), …, S(periods): the share of a cohort that is still there. */
export function surviveOf({ alpha, beta }: Retention, periods: number): Float64Array {
  const survival = new Float64Array(periods + 1)
  survival[0] = 1
  for (let t = 1; t <= periods; t++) {
    survival[t] = ((survival[t - 1] as number) * (beta + t - 1)) / (alpha + beta + t - 1)
  }
  return survival
}

/**
 * Discounted expected residual lifetime, in periods: what a customer who has renewed `renewals` times will still pay, at
 * one unit a period from the next renewal on, that one undiscounted. `discount` per period, above 0.
 */
export function expectResidualLifetime(
  { alpha, beta }: Retention,
  options: { discount: number; renewals: number },
): number {
  const { discount, renewals } = options
  checkNumbers('the residual lifetime', {
    alpha: [alpha, 'positive'],
    beta: [beta, 'positive'],
    discount: [discount, 'positive'],
    renewals: [renewals, 'at least 0'],
  })
  let sum = 0
  let term = 1
  for (let t = renewals; ; t++) {
    term *= (beta + t) / (alpha + beta + t)
    sum += term
    term /= 1 + discount
    // What is left is less than a geometric series of the discount alone.
    if (term < sum * discount * 1e-16) return sum
  }
}

/** LL of cohorts, each the count of customers at its start and after each period; who is left at the end is censored. */
export function logLikelihoodOf(cohorts: readonly (readonly number[])[], { alpha, beta }: Retention): number {
  return likelihoodAt(countByAge(cohorts), alpha, beta).value
}

/**
 * Fits by maximum likelihood; cohorts may have different lengths. Throws InvalidInputError `plan.invalid-cohort`,
 * `plan.retention-undetermined` where the counts do not tell α and β.
 */
export function fitRetention(cohorts: readonly (readonly number[])[]): RetentionFit {
  const ages = countByAge(cohorts)
  const left = ages.reduce((sum, { atRisk, kept }) => sum + atRisk - kept, 0)
  if (ages.length < 2 || left === 0) {
    throw undetermined(
      `Cohorts of ${ages.length} periods that lost ${left} customers do not tell how retention changes.`,
    )
  }
  // Newton's method on (ln α, ln β) with halved steps: the likelihood rises at each.
  let [a, b] = [0, 0]
  for (let i = 0; i < 200; i++) {
    const [alpha, beta] = [Math.exp(a), Math.exp(b)]
    if (alpha + beta > 1e6) {
      throw undetermined(
        'Retention does not rise with age in these cohorts, so customers do not differ: α and β have no bound.',
      )
    }
    const { value, gradient, hessian } = likelihoodAt(ages, alpha, beta)
    const [stepA, stepB] = ascend(gradient, hessian)
    // Twice what the step can still gain. So near to the maximum Newton's step doubles the digits that are right.
    if (gradient[0] * stepA + gradient[1] * stepB < 1e-13 * Math.abs(value)) {
      return { alpha: Math.exp(a + stepA), beta: Math.exp(b + stepB), logLikelihood: value }
    }
    let share = 1
    while (likelihoodAt(ages, Math.exp(a + share * stepA), Math.exp(b + share * stepB)).value < value) share /= 2
    a += share * stepA
    b += share * stepB
  }
  throw undetermined('The likelihood of these cohorts has no maximum that 200 steps reach.')
}

/** The same model for all cohorts makes those of an age count together. */
type Age = { atRisk: number; kept: number }

function countByAge(cohorts: readonly (readonly number[])[]): Age[] {
  const ages: Age[] = []
  for (const [index, cohort] of cohorts.entries()) {
    for (let t = 1; t < cohort.length; t++) {
      const [atRisk, kept] = [cohort[t - 1] as number, cohort[t] as number]
      if (!(kept >= 0 && kept <= atRisk && Number.isFinite(atRisk))) {
        throw new InvalidInputError(
          'plan.invalid-cohort',
          `Cohort ${index + 1} has ${atRisk} customers and then ${kept}, in period ${t}.`,
          { hint: 'Give the customers of one cohort who are left after each period: counts that never rise.' },
        )
      }
      const age = ages[t - 1] ?? { atRisk: 0, kept: 0 }
      ages[t - 1] = { atRisk: age.atRisk + atRisk, kept: age.kept + kept }
    }
  }
  return ages
}

/** Value, gradient and second derivatives by (ln α, ln β) of Σ kept·ln(β+i) + left·ln α - atRisk·ln(α+β+i). */
function likelihoodAt(ages: readonly Age[], alpha: number, beta: number) {
  let [value, da, db, daa, dab, dbb] = [0, 0, 0, 0, 0, 0]
  for (const [i, { atRisk, kept }] of ages.entries()) {
    const both = alpha + beta + i
    const left = atRisk - kept
    value += kept * Math.log(beta + i) + left * Math.log(alpha) - atRisk * Math.log(both)
    da += left - (atRisk * alpha) / both
    db += (kept * beta) / (beta + i) - (atRisk * beta) / both
    daa -= (atRisk * alpha * (beta + i)) / both ** 2
    dab += (atRisk * alpha * beta) / both ** 2
    dbb += (kept * beta * i) / (beta + i) ** 2 - (atRisk * beta * (alpha + i)) / both ** 2
  }
  return { value, gradient: [da, db] as const, hessian: [daa, dab, dbb] as const }
}

/** Newton's step, at most 1 long; where the function is not concave, its curvature is lowered until the step goes up. */
function ascend([da, db]: readonly [number, number], [daa, dab, dbb]: readonly [number, number, number]) {
  const [centre, radius] = [(daa + dbb) / 2, Math.hypot((daa - dbb) / 2, dab)]
  const steepest = centre + radius
  const shift = steepest < 0 ? 0 : steepest + radius
  const [paa, pbb] = [daa - shift, dbb - shift]
  const determinant = paa * pbb - dab * dab
  const [x, y] = [(dab * db - pbb * da) / determinant, (dab * da - paa * db) / determinant]
  const shorten = Math.min(1, 1 / Math.hypot(x, y))
  return [x * shorten, y * shorten] as const
}

function undetermined(message: string): InvalidInputError {
  return new InvalidInputError('plan.retention-undetermined', message, {
    hint: 'Give more periods or cohorts, or state α and β: with equal churn c each period, α = 1000c and β = 1000(1 - c) come close.',
  })
}

/** Customers by period from those who came in each: N_t = Σ_k A_k·S(t - k). */
export function countCustomers(arrivals: readonly number[], retention: Retention): number[] {
  const survival = surviveOf(retention, arrivals.length)
  return arrivals.map((_, t) =>
    arrivals.slice(0, t + 1).reduce((sum, count, k) => sum + count * present(survival[t - k], 'age'), 0),
  )
}
