/**
 * What spending returns: curves of money spent to value, both in units of currency. A curve says from where on its slope
 * only falls, because that decides which engine may split a budget over it: docs/planning.md.
 */
import { InvalidInputError } from '../../base/index.ts'

export type SpendCurve = {
  /** Value at a spend x ≥ 0; never falls. */
  value(x: number): number
  /** Derivative of the value; may be Infinity at 0. */
  slope(x: number): number
  /** The spend from which the slope only falls: 0 for a concave curve, the inflection of an S-curve. Left out: not known. */
  concaveFrom?: number
  /** Whether the logarithm of the value is concave everywhere, so that products of such curves have one best split. */
  logConcave?: boolean
}

/** max · xⁿ / (halfⁿ + xⁿ); `half` is the spend that returns half of `max`, `shape` is n. Log-concave for every n. */
export function hillCurve(options: { max: number; half: number; shape: number }): SpendCurve {
  const { max, half, shape } = options
  requirePositive('hill', options)
  const share = (x: number) => (x <= 0 ? 0 : 1 / (1 + (half / x) ** shape))
  const slopeAtZero = shape > 1 ? 0 : shape === 1 ? max / half : Number.POSITIVE_INFINITY
  return {
    value: (x) => max * share(x),
    slope: (x) => {
      const reached = share(x)
      return reached === 0 ? slopeAtZero : (max * reached * (1 - reached) * shape) / x
    },
    concaveFrom: shape > 1 ? half * ((shape - 1) / (shape + 1)) ** (1 / shape) : 0,
    logConcave: true,
  }
}

/** max · (1 − e^(−x/scale)). */
export function exponentialCurve(options: { max: number; scale: number }): SpendCurve {
  requirePositive('exponential', options)
  const { max, scale } = options
  return concave({ value: (x) => -max * Math.expm1(-x / scale), slope: (x) => (max / scale) * Math.exp(-x / scale) })
}

/** gain · x^exponent with an exponent of at most 1. */
export function powerCurve(options: { gain: number; exponent: number }): SpendCurve {
  requirePositive('power', options)
  const { gain, exponent } = options
  if (exponent > 1)
    refuseCurve('power', `exponent is ${exponent}`, 'An exponent above 1 grows without end: use a Hill curve.')
  return concave({
    value: (x) => gain * x ** exponent,
    slope: (x) => gain * exponent * x ** (exponent - 1),
  })
}

/** gain · ln(1 + x/scale). */
export function logarithmicCurve(options: { gain: number; scale: number }): SpendCurve {
  requirePositive('logarithmic', options)
  const { gain, scale } = options
  return concave({ value: (x) => gain * Math.log1p(x / scale), slope: (x) => gain / (scale + x) })
}

/** max · (1 − e^(−rate·x)) / (1 + e^(−rate·x)), the logistic saturation of marketing-mix models. */
export function logisticCurve(options: { max: number; rate: number }): SpendCurve {
  requirePositive('logistic', options)
  const { max, rate } = options
  return concave({
    value: (x) => max * Math.tanh((rate * x) / 2),
    slope: (x) => ((max * rate) / 2) * (1 - Math.tanh((rate * x) / 2) ** 2),
  })
}

/** The mean of what a spend returns in several scenarios: plan on this, not on the curve of the mean parameters. */
export function averageCurve(curves: readonly SpendCurve[]): SpendCurve {
  if (curves.length === 0) refuseCurve('average', 'there are no scenarios', 'Give at least one curve.')
  const mean = (of: (curve: SpendCurve) => number) => curves.reduce((sum, curve) => sum + of(curve), 0) / curves.length
  return withConcaveFrom(
    { value: (x) => mean((curve) => curve.value(x)), slope: (x) => mean((curve) => curve.slope(x)) },
    curves.map((curve) => curve.concaveFrom),
  )
}

/** weight · (floor + (1 − floor) · curve): what is there without spending, and how much the curve counts beside others. */
export function raiseCurve(curve: SpendCurve, { floor, weight }: { floor: number; weight: number }): SpendCurve {
  if (!(floor >= 0 && floor <= 1)) refuseCurve('raised', `floor is ${floor}`, 'Give a share from 0 to 1.')
  requirePositive('raised', { weight })
  const factor = weight * (1 - floor)
  const { concaveFrom, logConcave } = curve
  return {
    value: (x) => weight * floor + factor * curve.value(x),
    slope: (x) => (factor === 0 ? 0 : factor * curve.slope(x)),
    ...(concaveFrom === undefined ? {} : { concaveFrom }),
    // The logarithm of an S-curve bends up again above a floor.
    logConcave: floor === 0 ? logConcave === true : concaveFrom === 0,
  }
}

/**
 * The sum of what x a period returns over `periods` periods and those after them in which it still works: a share
 * decay^l / Σ decay^l of each spend works l periods later, l < lags (geometric adstock, normalised).
 */
export function carryOverCurve(
  curve: SpendCurve,
  { decay, lags, periods }: { decay: number; lags: number; periods: number },
): SpendCurve {
  if (!(decay >= 0 && decay < 1)) refuseCurve('carry-over', `decay is ${decay}`, 'Give a decay from 0 to below 1.')
  if (!Number.isInteger(lags) || lags < 1 || !Number.isInteger(periods) || periods < 1)
    refuseCurve('carry-over', `lags is ${lags}, periods is ${periods}`, 'Give whole numbers of at least 1.')
  const weights = Array.from({ length: lags }, (_, lag) => decay ** lag)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  // How much of one period's spend is at work in each period.
  const loads = Array.from({ length: periods + lags - 1 }, (_, period) =>
    weights.reduce((sum, weight, lag) => (period >= lag && period - lag < periods ? sum + weight / total : sum), 0),
  )
  return withConcaveFrom(
    {
      value: (x) => loads.reduce((sum, load) => sum + curve.value(load * x), 0),
      slope: (x) => loads.reduce((sum, load) => sum + load * curve.slope(load * x), 0),
    },
    loads.map((load) => (curve.concaveFrom === undefined || load === 0 ? curve.concaveFrom : curve.concaveFrom / load)),
  )
}

/** A sum of curves is surely concave from where the last of them is. */
function withConcaveFrom(curve: SpendCurve, starts: readonly (number | undefined)[]): SpendCurve {
  const known = starts.filter((start) => start !== undefined)
  if (known.length < starts.length) return curve
  const concaveFrom = Math.max(...known)
  return { ...curve, concaveFrom, logConcave: concaveFrom === 0 }
}

function concave(curve: SpendCurve): SpendCurve {
  return { ...curve, concaveFrom: 0, logConcave: true }
}

function requirePositive(kind: string, parameters: Record<string, number>): void {
  const wrong = Object.entries(parameters).filter(([, value]) => !(value > 0 && value < Number.POSITIVE_INFINITY))
  if (wrong.length === 0) return
  const named = wrong.map(([name, value]) => `${name} is ${value}`).join(', ')
  refuseCurve(kind, named, 'Every parameter must be a finite number above 0.')
}

function refuseCurve(kind: string, what: string, hint: string): never {
  throw new InvalidInputError('planning.bad-curve', `No ${kind} curve can be made: ${what}.`, { hint })
}
