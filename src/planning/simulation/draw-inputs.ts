/**
 * Draws of the uncertain inputs of a plan. Each input has its own stream, named by run seed and input name, and its values
 * come from it by inverse distribution function only: an input that is added or removed moves no other (decision 031).
 */
import { createRandom, InvalidInputError, present } from '../../base/index.ts'
import { checkNumbers } from '../check-numbers.ts'
import { factorCorrelations } from './correlations.ts'
import { createQuantile, type Distribution } from './distribution.ts'
import { normalCdf, normalQuantile } from './normal.ts'

/** Draws unless said otherwise: the standard error of a mean is then 1/64 of the standard deviation. */
export const drawsDefault = 4096

/** Of the normal scores of two inputs (a Gaussian copula), -1 < value < 1. Of ranks it is 6/π·asin(value/2). */
export type Correlation = { between: readonly [string, string]; value: number }

/** What is to be drawn. */
export type Inputs = {
  seed: number
  /** @default 4096 */
  draws?: number
  inputs: Readonly<Record<string, Distribution>>
  correlations?: readonly Correlation[]
  /** Inputs that share the stream of another name: the same fate under another distribution. */
  streams?: Readonly<Record<string, string>>
}

/** Values by input name: `draws` of each; index s of every one is the same possible world. */
export type Draws = ReadonlyMap<string, Float64Array>

/** `draws` uniform numbers, each strictly between 0 and 1, of the stream that seed and name make. */
export function drawUniforms(seed: number, name: string, draws: number): Float64Array {
  const random = createRandom(seed, 'plan input', name)
  const uniforms = new Float64Array(draws)
  for (let s = 0; s < draws; s++) uniforms[s] = (random.uint32() + 0.5) / 4294967296
  return uniforms
}

/** Throws InvalidInputError `plan.invalid-number`, `plan.invalid-distribution`, `plan.unknown-input`, `plan.impossible-correlations`. */
export function drawInputs({ seed, draws = drawsDefault, inputs, correlations = [], streams = {} }: Inputs): Draws {
  checkNumbers('the simulation', { draws: [draws, 'a whole number above 0'] })
  const correlated = correlateUniforms({ seed, draws, inputs, correlations })
  return new Map(
    Object.entries(inputs).map(([name, distribution]) => {
      const quantile = createQuantile(distribution, `input ${name}`)
      const stream = streams[name] ?? name
      return [name, (correlated.get(stream) ?? drawUniforms(seed, stream, draws)).map(quantile)]
    }),
  )
}

function correlateUniforms({
  seed,
  draws,
  inputs,
  correlations,
}: Required<Omit<Inputs, 'streams'>>): Map<string, Float64Array> {
  const unknown = correlations.flatMap(({ between }) => between.filter((name) => !Object.hasOwn(inputs, name)))
  if (unknown.length > 0) {
    throw new InvalidInputError('plan.unknown-input', `Correlations name ${unknown.join(', ')}, which no input has.`, {
      hint: `The inputs are ${Object.keys(inputs).join(', ')}.`,
    })
  }
  // In the order in which correlations name them: a correlation that is appended for a new input adds a last row.
  const names = [...new Set(correlations.flatMap(({ between }) => between))]
  const factor = factorCorrelations(names, correlations)
  const scores = names.map((name) => drawUniforms(seed, name, draws).map(normalQuantile))
  return new Map(
    names.map((name, row) => {
      const weights = present(factor[row], 'row of the factor')
      const mixed = new Float64Array(draws)
      for (let column = 0; column <= row; column++) {
        const weight = weights[column] as number
        const score = scores[column] as Float64Array
        if (weight !== 0)
          for (let s = 0; s < draws; s++) mixed[s] = (mixed[s] as number) + weight * (score[s] as number)
      }
      return [name, mixed.map(toUniform)]
    }),
  )
}

/** Φ(z), kept strictly below 1, which quantile functions need. */
function toUniform(z: number): number {
  return Math.min(normalCdf(z), 1 - Number.EPSILON / 2)
}
