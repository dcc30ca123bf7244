/**
 * Forms of learning curves: error = floor + gain · u(n), where u falls from its largest value towards 0 as the labels n
 * grow. `floor` and `gain` enter linearly, so that only the one or two shape parameters of u have to be searched.
 * pow3, pow4 and mmf4 are the forms that extrapolate best on LCDB (Viering and Loog; Mohr et al.).
 */
export type LearningForm = {
  name: 'pow3' | 'pow4' | 'mmf4'
  /** Names, lower bounds and upper bounds of the shape parameters; `labels` marks those that are a number of labels. */
  shapes: readonly { name: string; from: number; to: number; unit?: 'labels' }[]
  u(shape: readonly number[], n: number): number
  /** ∂u/∂shape, one number for each shape parameter. */
  shapeGradient(shape: readonly number[], n: number): number[]
  /** ∂u/∂n. */
  slope(shape: readonly number[], n: number): number
  /** The n at which u has this value. */
  inverse(shape: readonly number[], u: number): number
}

const exponent = { name: 'c', from: 0.01, to: 2 } as const

/** a + b·n^(−c): the power law. */
const pow3: LearningForm = {
  name: 'pow3',
  shapes: [exponent],
  u: ([c], n) => n ** -number(c),
  shapeGradient: ([c], n) => [-Math.log(n) * n ** -number(c)],
  slope: ([c], n) => -number(c) * n ** (-number(c) - 1),
  inverse: ([c], u) => u ** (-1 / number(c)),
}

/** a + b·(n + d)^(−c): the power law of a model that begins with the worth of d labels. */
const pow4: LearningForm = {
  name: 'pow4',
  shapes: [exponent, { name: 'd', from: 0, to: 10, unit: 'labels' }],
  u: ([c, d], n) => (n + number(d)) ** -number(c),
  shapeGradient: ([c, d], n) => {
    const moved = n + number(d)
    return [-Math.log(moved) * moved ** -number(c), -number(c) * moved ** (-number(c) - 1)]
  },
  slope: ([c, d], n) => -number(c) * (n + number(d)) ** (-number(c) - 1),
  inverse: ([c, d], u) => u ** (-1 / number(c)) - number(d),
}

/**
 * floor + gain / (1 + (n/h)^d): Morgan-Mercer-Flodin, LCDB's (a·b + c·n^d)/(b + n^d) with c = floor, a = floor + gain and
 * b = h^d, so that h is the number of labels that removes half of what can be removed.
 */
const mmf4: LearningForm = {
  name: 'mmf4',
  shapes: [
    { name: 'h', from: 1e-3, to: 10, unit: 'labels' },
    { name: 'd', from: 0.05, to: 5 },
  ],
  u: ([h, d], n) => 1 / (1 + (n / number(h)) ** number(d)),
  shapeGradient: ([h, d], n) => {
    const share = 1 / (1 + (n / number(h)) ** number(d))
    const rest = share * (1 - share)
    return [(rest * number(d)) / number(h), -rest * Math.log(n / number(h))]
  },
  slope: ([h, d], n) => {
    const share = 1 / (1 + (n / number(h)) ** number(d))
    return (-share * (1 - share) * number(d)) / n
  },
  inverse: ([h, d], u) => number(h) * (1 / u - 1) ** (1 / number(d)),
}

export const learningForms = { pow3, pow4, mmf4 } as const satisfies Record<string, LearningForm>

/** Parameters of a curve in the order floor, gain, shape… */
export type LearningParameters = readonly number[]

/** The error that n labels leave. */
export function errorAt(form: LearningForm, [floor, gain, ...shape]: LearningParameters, n: number): number {
  return number(floor) + number(gain) * form.u(shape, n)
}

/** By how much one more label changes the error at n labels: at most 0. */
export function errorSlopeAt(form: LearningForm, [, gain, ...shape]: LearningParameters, n: number): number {
  return number(gain) * form.slope(shape, n)
}

/** ∂error/∂parameters at n labels. */
export function errorGradientAt(form: LearningForm, [, gain, ...shape]: LearningParameters, n: number): number[] {
  return [1, form.u(shape, n), ...form.shapeGradient(shape, n).map((value) => number(gain) * value)]
}

/** The labels that bring the error down to `target`: Infinity where the floor is not below it, 0 where none are needed. */
export function labelsFor(form: LearningForm, [floor, gain, ...shape]: LearningParameters, target: number): number {
  if (number(floor) >= target) return Number.POSITIVE_INFINITY
  const u = (target - number(floor)) / number(gain)
  return u >= form.u(shape, 0) ? 0 : Math.max(0, form.inverse(shape, u))
}

function number(value: number | undefined): number {
  return value as number
}
