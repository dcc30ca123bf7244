/**
 * What it is worth to know more before deciding. `values[d][s]` is the value of decision d in world s. Sources: Raiffa and
 * Schlaifer 1961 (normal forms); Strong and Oakley 2014 (EVPPI by regression); Heath et al. 2018 (EVSI by moment matching);
 * Frazier, Powell and Dayanik 2008 (knowledge gradient).
 */
import { assert, present } from '../base/index.ts'
import { checkNumbers } from './check-numbers.ts'
import { logNormalCdf, normalDensity } from './simulation/normal.ts'
import { mean, orderOf, variance } from './simulation/sample-statistics.ts'

/** An expected value with the standard error that the number of draws leaves. */
export type InformationValue = { value: number; standardError: number }

/** Bins of an input's draws: more of them find value where there is none. */
const bins = 16

/** EVPI: the value of knowing the world before deciding. `probabilities` of the worlds, equal where not given. */
export function valuePerfectInformation(values: readonly Float64Array[], probabilities?: Float64Array): number {
  const worlds = present(values[0], 'the first decision').length
  const weightOf = (s: number) => (probabilities ? (probabilities[s] as number) : 1 / worlds)
  const expected = values.map((value) => value.reduce((sum, x, s) => sum + weightOf(s) * x, 0))
  let informed = 0
  for (let s = 0; s < worlds; s++) {
    let best = -Infinity
    for (const value of values) best = Math.max(best, value[s] as number)
    informed += weightOf(s) * best
  }
  return Math.max(0, informed - Math.max(...expected))
}

/**
 * EVPPI and EVSI: the value of an experiment that resolves a share of one input's variance, σ² / (σ² + τ²/n), as a function
 * of that share; 1 is to know the input. The expected value of a decision given the input is its mean in 16 bins of equal
 * count of the input's draws; it shrinks to the overall mean as the experiment tells less.
 */
export function createInformationCurve(options: {
  values: readonly Float64Array[]
  input: Float64Array
}): (resolved: number) => InformationValue {
  const { values, input } = options
  const means = values.map(mean)
  const best = means.indexOf(Math.max(...means))
  const cuts = cutIntoBins(input).map((bin) => ({
    bin,
    conditional: values.map((value) => bin.reduce((sum, s) => sum + (value[s] as number), 0) / bin.length),
  }))
  return (resolved) => {
    checkNumbers('the value of information', { resolved: [resolved, 'from 0 to 1'] })
    const shrink = Math.sqrt(resolved)
    const gain = new Float64Array(input.length)
    for (const { bin, conditional } of cuts) {
      const shrunk = conditional.map((value, d) => (1 - shrink) * (means[d] as number) + shrink * value)
      const chosen = shrunk.indexOf(Math.max(...shrunk))
      if (chosen === best) continue
      const [a, b] = [values[chosen] as Float64Array, values[best] as Float64Array]
      const offset = (1 - shrink) * ((means[chosen] as number) - (means[best] as number))
      for (const s of bin) gain[s] = offset + shrink * ((a[s] as number) - (b[s] as number))
    }
    return { value: Math.max(0, mean(gain)), standardError: Math.sqrt(variance(gain) / gain.length) }
  }
}

/** The value of information on the better of two actions whose difference has this mean, and conditional mean of this sd. */
export function valueTwoActions(meanDifference: number, sd: number): number {
  checkNumbers('the value of information', { mean: [meanDifference, 'finite'], sd: [sd, 'at least 0'] })
  return sd === 0 ? 0 : sd * unitLoss(Math.abs(meanDifference) / sd)
}

/** The sd of a normal input's posterior mean after `observations` with this noise variance: σ² / √(σ² + τ²/n). */
export function preposteriorSd(options: { sd: number; observationVariance: number; observations: number }): number {
  const { sd, observationVariance, observations } = options
  checkNumbers('the experiment', {
    sd: [sd, 'at least 0'],
    observationVariance: [observationVariance, 'at least 0'],
    observations: [observations, 'positive'],
  })
  return sd === 0 ? 0 : sd ** 2 / Math.sqrt(sd ** 2 + observationVariance / observations)
}

/** ν of each alternative: the expected rise of the best mean by one more measurement of it, all beliefs normal. */
export function gradeKnowledge(options: {
  means: readonly number[]
  sds: readonly number[]
  noiseSd: number
}): number[] {
  const { means, sds, noiseSd } = options
  assert(means.length === sds.length, `internal: ${means.length} means with ${sds.length} sds`)
  return means.map((own, x) => {
    const sd = preposteriorSd({ sd: sds[x] as number, observationVariance: noiseSd ** 2, observations: 1 })
    return valueTwoActions(own - Math.max(...means.filter((_, other) => other !== x)), sd)
  })
}

/** A way to learn something, at any number of observations. */
export type Experiment = {
  name: string
  /** Expected value of the sample information of n observations. */
  informationOf(observations: number): number
  /** Money to start at all, and for each observation. */
  fixedCost: number
  costPerObservation: number
  observationsMax: number
}

/** An experiment at its best size. */
export type ExperimentChoice = { name: string; observations: number; value: number; cost: number; net: number }

/** Each experiment at the size where its value minus its cost is largest, the best first; below 0 it is not worth doing. */
export function rankExperiments(experiments: readonly Experiment[]): ExperimentChoice[] {
  return experiments
    .map(({ name, informationOf, fixedCost, costPerObservation, observationsMax }) => {
      checkNumbers(`experiment ${name}`, {
        fixedCost: [fixedCost, 'at least 0'],
        costPerObservation: [costPerObservation, 'at least 0'],
        observationsMax: [observationsMax, 'a whole number above 0'],
      })
      const choices = sizesUpTo(observationsMax).map((observations) => {
        const [value, cost] = [informationOf(observations), fixedCost + observations * costPerObservation]
        return { name, observations, value, cost, net: value - cost }
      })
      return choices.reduce((best, choice) => (choice.net > best.net ? choice : best))
    })
    .sort((a, b) => b.net - a.net || (a.name < b.name ? -1 : 1))
}

/** Every size up to 32, then steps of a twentieth: the value is not concave in n, so none of them is skipped. */
function sizesUpTo(max: number): number[] {
  const sizes: number[] = []
  for (let n = 1; n < max; n = Math.max(n + 1, Math.floor(n * 1.05))) sizes.push(n)
  return [...sizes, max]
}

/** φ(z) - z·Φ(-z), z ≥ 0. */
function unitLoss(z: number): number {
  return Math.max(0, normalDensity(z) - z * Math.exp(logNormalCdf(-z)))
}

/** Draws in rising order of the input, cut into runs of equal count; equal values stay together. */
function cutIntoBins(input: Float64Array): Uint32Array[] {
  const order = orderOf(input)
  const cuts: Uint32Array[] = []
  const size = order.length / bins
  for (let start = 0; start < order.length; ) {
    let end = Math.max(start + 1, Math.round((Math.floor(start / size + 1e-9) + 1) * size))
    while (end < order.length && input[order[end] as number] === input[order[end - 1] as number]) end++
    cuts.push(order.subarray(start, end))
    start = end
  }
  return cuts
}
