/**
 * Forms of learning curves: error = floor + gain · u(n), where u falls from its largest value towards 0 as the labels n
 * grow. `floor` and `gain` enter linearly, so that only the one or two shape parameters of u have to be searched.
 * pow3, pow4 and mmf4 are the forms that extrapolate best on LCDB (Viering and Loog; Mohr et al.).
 */
export type LearningForm = {
  name: 'pow3' | 'pow4' | 'mmf4'
  /** Names and bounds of the shape parameters; `labels` marks a number of labels, bounded in multiples of the largest size. */
  shapes: readonly { name: string; from: number; to: number; unit?: 'labels' }[]
  u(parameters: LearningParameters, n: number): number
  /** ∂u/∂shape, one number for each shape parameter. */
  shapeGradient(parameters: LearningParameters, n: number): number[]
  /** ∂u/∂n. */
  slope(parameters: LearningParameters, n: number): number
  /** The n at which u has this value. */
  inverse(parameters: LearningParameters, u: number): number
}

/** Parameters of a curve in the order floor, gain, first shape, second shape. */
export type LearningParameters = readonly number[]

const floorOf = (p: LearningParameters) => p[0] as number
const gainOf = (p: LearningParameters) => p[1] as number
const first = (p: LearningParameters) => p[2] as number
const second = (p: LearningParameters) => p[3] as number

const exponent = { name: 'c', from: 0.01, to: 2 } as const

/** a + b·n^(−c): the power law. */
const pow3: LearningForm = {
  name: 'pow3',
  shapes: [exponent],
  u: (p, n) => n ** -first(p),
  shapeGradient: (p, n) => [-Math.log(n) * n ** -first(p)],
  slope: (p, n) => -first(p) * n ** (-first(p) - 1),
  inverse: (p, u) => u ** (-1 / first(p)),
}

/**
 * a + b·(n + d)^(−c): the power law of a model that begins with the worth of d labels. No faster than 1/n, the best rate of
 * learning from examples (Vapnik and Chervonenkis): else d makes up for a larger c, and the curve ends just behind the last size.
 */
const pow4: LearningForm = {
  name: 'pow4',
  shapes: [
    { ...exponent, to: 1 },
    { name: 'd', from: 0, to: 10, unit: 'labels' },
  ],
  u: (p, n) => (n + second(p)) ** -first(p),
  shapeGradient: (p, n) => {
    const moved = n + second(p)
    return [-Math.log(moved) * moved ** -first(p), -first(p) * moved ** (-first(p) - 1)]
  },
  slope: (p, n) => -first(p) * (n + second(p)) ** (-first(p) - 1),
  inverse: (p, u) => u ** (-1 / first(p)) - second(p),
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
  u: (p, n) => 1 / (1 + (n / first(p)) ** second(p)),
  shapeGradient: (p, n) => {
    const share = mmf4.u(p, n)
    const rest = share * (1 - share)
    return [(rest * second(p)) / first(p), -rest * Math.log(n / first(p))]
  },
  slope: (p, n) => {
    const share = mmf4.u(p, n)
    return (-share * (1 - share) * second(p)) / n
  },
  inverse: (p, u) => first(p) * (1 / u - 1) ** (1 / second(p)),
}

export const learningForms = { pow3, pow4, mmf4 } as const satisfies Record<string, LearningForm>

/** A form with its parameters. */
export type LearningCurve = { form: LearningForm; parameters: LearningParameters }

/** The error that n labels leave. */
export function errorAt(form: LearningForm, parameters: LearningParameters, n: number): number {
  return floorOf(parameters) + gainOf(parameters) * form.u(parameters, n)
}

/** By how much one more label changes the error at n labels: at most 0. */
export function errorSlopeAt(form: LearningForm, parameters: LearningParameters, n: number): number {
  return gainOf(parameters) * form.slope(parameters, n)
}

/** ∂error/∂parameters at n labels. */
export function errorGradientAt(form: LearningForm, parameters: LearningParameters, n: number): number[] {
  const gradient = [1, form.u(parameters, n)]
  for (const value of form.shapeGradient(parameters, n)) gradient.push(gainOf(parameters) * value)
  return gradient
}

/** The labels that bring the error down to `target`: Infinity where the floor is not below it, 0 where none are needed. */
export function labelsFor(form: LearningForm, parameters: LearningParameters, target: number): number {
  if (floorOf(parameters) >= target) return Number.POSITIVE_INFINITY
  const u = (target - floorOf(parameters)) / gainOf(parameters)
  return u >= form.u(parameters, 0) ? 0 : Math.max(0, form.inverse(parameters, u))
}
