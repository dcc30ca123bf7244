/**
 * Weighted least squares for learning curves by variable projection (Golub and Pereyra, 1973): for each shape on a grid
 * the best floor and gain are a closed form, so there are no starting values; the best of the grid is then refined over
 * all parameters at once by damped Gauss-Newton steps.
 */
import { InvalidInputError, present } from '../../base/index.ts'
import { errorAt, errorGradientAt, type LearningForm, type LearningParameters } from './learning-form.ts'
import { solveLeastSquares } from './least-squares.ts'

/** One training run: the error on the same test set after training with so many labels; seeds repeat the labels. */
export type LearningObservation = { labels: number; error: number; weight?: number }

export type LearningFit = {
  form: LearningForm
  /** floor, gain, shape…: `errorAt(form, parameters, labels)`. */
  parameters: LearningParameters
  observations: readonly LearningObservation[]
  /** Σ weight · (error − fitted)². */
  squaredError: number
}

/** Shapes tried along each shape parameter; a profile may have two dips. */
const gridSize = 24

/** All observations of one number of labels as one: for the parameters the same, for the search shorter. */
type Anchor = { labels: number; error: number; weight: number }

/** Fits one form. Throws `planning.bad-observations`, and `planning.too-few-anchors` below as many sizes as parameters. */
export function fitLearningCurve(observations: readonly LearningObservation[], form: LearningForm): LearningFit {
  const anchors = toAnchors(observations)
  const needed = form.shapes.length + 2
  if (anchors.length < needed) {
    throw new InvalidInputError(
      'planning.too-few-anchors',
      `${form.name} has ${needed} parameters, and the error is known at ${anchors.length} sizes of training set.`,
      { hint: 'Train on more nested subsets, each twice the size of the one before.' },
    )
  }
  const parameters = refine(form, anchors, searchShapes(form, anchors))
  return { form, parameters, observations, squaredError: squaredErrorOf(form, observations, parameters) }
}

/** Anchors in ascending order of labels; checks the observations. */
export function toAnchors(observations: readonly LearningObservation[]): Anchor[] {
  const wrong = observations.filter(
    ({ labels, error, weight = 1 }) =>
      !(labels >= 1 && labels < Number.POSITIVE_INFINITY && Number.isFinite(error) && error >= 0 && weight > 0),
  )
  if (observations.length === 0 || wrong.length > 0) {
    const named = wrong.map(({ labels, error, weight = 1 }) => `(${labels}, ${error}, weight ${weight})`).join(', ')
    throw new InvalidInputError(
      'planning.bad-observations',
      wrong.length === 0
        ? 'A learning curve needs observations, and there are none.'
        : `These observations cannot be used: ${named}.`,
      { hint: 'Give labels of at least 1, an error of at least 0, and weights above 0.' },
    )
  }
  const sums = new Map<number, { weight: number; weighted: number }>()
  for (const { labels, error, weight = 1 } of observations) {
    const sum = sums.get(labels) ?? { weight: 0, weighted: 0 }
    sums.set(labels, { weight: sum.weight + weight, weighted: sum.weighted + weight * error })
  }
  return [...sums]
    .map(([labels, { weight, weighted }]) => ({ labels, weight, error: weighted / weight }))
    .sort((one, other) => one.labels - other.labels)
}

/** The best point of a grid over the shapes, with its floor and gain. */
function searchShapes(form: LearningForm, anchors: readonly Anchor[]): number[] {
  const grids = boundsOf(form, anchors)
    .slice(2)
    .map(([from, to]) => {
      const low = from === 0 ? 1e-5 * to : from
      const steps = Array.from({ length: gridSize }, (_, i) => low * (to / low) ** (i / (gridSize - 1)))
      return from === 0 ? [0, ...steps] : steps
    })
  const candidates = grids.reduce<number[][]>(
    (all, grid) => all.flatMap((one) => grid.map((x) => [...one, x])),
    [[0, 1]],
  )
  let best: { squaredError: number; parameters: number[] } | undefined
  for (const candidate of candidates) {
    const projected = project(form, anchors, candidate)
    if (best === undefined || projected.squaredError < best.squaredError) best = projected
  }
  return present(best, 'the best shape').parameters
}

/** The parameters with the best floor ≥ 0 and gain ≥ 0 for their shape: a straight line through (u, error). */
function project(form: LearningForm, anchors: readonly Anchor[], parameters: readonly number[]) {
  let [sw, su, sy, suu, suy] = [0, 0, 0, 0, 0]
  const us = anchors.map(({ labels }) => form.u(parameters, labels))
  for (const [i, { error, weight }] of anchors.entries()) {
    const u = us[i] as number
    sw += weight
    su += weight * u
    sy += weight * error
    suu += weight * u * u
    suy += weight * u * error
  }
  let gain = (sw * suy - su * sy) / (sw * suu - su * su)
  let floor = (sy - gain * su) / sw
  if (floor < 0) {
    floor = 0
    gain = suy / suu
  }
  if (!(gain > 0)) {
    gain = 0
    floor = sy / sw
  }
  const squaredError = anchors.reduce(
    (sum, { error, weight }, i) => sum + weight * (error - (floor + gain * (us[i] as number))) ** 2,
    0,
  )
  return { squaredError, parameters: [floor, gain, ...parameters.slice(2)] }
}

/** Levenberg-Marquardt within the bounds: a parameter that stands at its bound and is pushed outwards stays there. */
function refine(form: LearningForm, anchors: readonly Anchor[], start: readonly number[]): number[] {
  const bounds = boundsOf(form, anchors)
  let parameters = [...start]
  let squaredError = squaredErrorOf(form, anchors, parameters)
  let damping = 1e-6
  for (let round = 0; round < 200; round++) {
    const step = findStep(form, anchors, parameters, bounds, damping)
    const next = parameters.map((value, i) => {
      const [low, high] = bounds[i] as [number, number]
      return Math.min(high, Math.max(low, value + (step[i] as number)))
    })
    const nextError = squaredErrorOf(form, anchors, next)
    const better = nextError < squaredError
    // A step that is refused although it is this small shows that rounding is all that is left.
    const tolerance = better ? 1e-13 : 1e-8
    const settled = next.every((value, i) => Math.abs(value - (parameters[i] as number)) <= tolerance * Math.abs(value))
    if (better) {
      parameters = next
      squaredError = nextError
      damping /= 10
    } else damping = Math.max(10 * damping, 1e-9)
    if (settled) break
  }
  return parameters
}

/** The damped Gauss-Newton step of the parameters that are free to move: least squares over the rows √w · gradient. */
function findStep(
  form: LearningForm,
  anchors: readonly Anchor[],
  parameters: readonly number[],
  bounds: readonly (readonly [number, number])[],
  damping: number,
): number[] {
  const rows = anchors.map(({ labels, weight }) =>
    errorGradientAt(form, parameters, labels).map((value) => Math.sqrt(weight) * value),
  )
  const residuals = anchors.map(
    ({ labels, error, weight }) => Math.sqrt(weight) * (error - errorAt(form, parameters, labels)),
  )
  const free = parameters.flatMap((value, i) => {
    const push = rows.reduce((sum, row, k) => sum + (row[i] as number) * (residuals[k] as number), 0)
    const [low, high] = bounds[i] as [number, number]
    return (value <= low && push <= 0) || (value >= high && push >= 0) ? [] : [i]
  })
  const jacobian = rows.map((row) => free.map((i) => row[i] as number))
  // Damping as further rows, in each parameter's own unit.
  const brakes = free.map((_, k) => {
    const length = Math.sqrt(damping * jacobian.reduce((sum, row) => sum + (row[k] as number) ** 2, 0))
    return free.map((_, j) => (j === k ? length : 0))
  })
  const solved = solveLeastSquares([...jacobian, ...brakes], [...residuals, ...brakes.map(() => 0)])
  const step = parameters.map(() => 0)
  free.forEach((i, k) => {
    step[i] = solved[k] as number
  })
  return step
}

/** Lower and upper bound of floor, gain and each shape parameter. */
function boundsOf(form: LearningForm, anchors: readonly Anchor[]): [number, number][] {
  const largest = present(anchors.at(-1), 'the largest anchor').labels
  const positive: [number, number] = [0, Number.POSITIVE_INFINITY]
  return [
    positive,
    positive,
    ...form.shapes.map(({ from, to, unit }): [number, number] =>
      unit === 'labels' ? [from * largest, to * largest] : [from, to],
    ),
  ]
}

function squaredErrorOf(
  form: LearningForm,
  points: readonly LearningObservation[],
  parameters: LearningParameters,
): number {
  let sum = 0
  for (const { labels, error, weight = 1 } of points) sum += weight * (error - errorAt(form, parameters, labels)) ** 2
  return sum
}
