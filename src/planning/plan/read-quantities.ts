/** Quantities of a plan file on their way to numbers: what is uncertain becomes an input with evidence, what is wrong a problem with its place. */
import type { VentureFile } from '../../contracts/index.ts'
import { findBreach, type NumberRule } from '../check-numbers.ts'
import type { Assumption } from '../forecast/forecast-venture.ts'
import type { Quantity } from '../forecast/venture-plan.ts'
import { createQuantile, type Distribution } from '../simulation/distribution.ts'
import type { Draws } from '../simulation/draw-inputs.ts'
import { mean } from '../simulation/sample-statistics.ts'
import { readQuantity } from './quantity-text.ts'
import { fitsUnit, nameUnit, type Unit } from './units.ts'

/** What is wrong, and where in the file. `isKey`: the key itself is. */
export type Problem = { path: readonly PropertyKey[]; message: string; isKey?: boolean }

export type Path = readonly PropertyKey[]

/** An uncertain input of a plan; `at` is where it is written, `unit` what it was written in. */
export type PlanInput = Assumption & { at: Path; unit: string | undefined; isNamed: boolean }

/** What a place takes: its unit, and the rule that every number there keeps. */
export type Place = { unit: Unit; rule: NumberRule }

type Use = { path: Path; input: string; place: Place }

export type QuantityReader = ReturnType<typeof createReader>

/**
 * Reads the quantities of one plan. `inputs` is shared by base plan and scenarios: an assumption that a scenario writes
 * otherwise becomes an input of its own that has the random numbers of the first.
 */
export function createReader(options: {
  file: Pick<VentureFile, 'assumptions' | 'currency' | 'date'>
  inputs: Map<string, PlanInput>
  scenario: string | undefined
}) {
  const { file, inputs, scenario } = options
  const { currency } = file
  const problems: Problem[] = []
  const uses: Use[] = []
  const assumptions = new Map<string, Quantity>()

  const report = (path: Path, message: string) => {
    problems.push({ path, message })
    return Number.NaN
  }

  const addInput = (name: string, input: PlanInput): string => {
    try {
      createQuantile(input.distribution, name)(0.5)
    } catch (error) {
      report(input.at, (error as Error).message)
      return name
    }
    const known = inputs.get(name)
    const isSame = !known || sameDistribution(known.distribution, input.distribution)
    const own = isSame ? name : `${name} (${scenario})`
    if (!known || !isSame) inputs.set(own, isSame ? input : { ...input, stream: name })
    return own
  }

  for (const name of Object.keys(file.assumptions).sort()) {
    const { value, evidence, date = file.date, source } = file.assumptions[name] as VentureFile['assumptions'][string]
    const path = ['assumptions', name, 'value']
    const read = readQuantity(value, currency)
    if (!/^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(name))
      report(['assumptions', name], 'a name has letters, digits, _, . and -')
    else if (read.kind === 'problem') report(path, read.problem)
    else if (read.kind === 'name') report(path, `is "${read.name}", which is neither a number nor a distribution`)
    else {
      // A number that is graded is an input too, so that it is listed with its evidence.
      const distribution: Distribution =
        read.kind === 'distribution' ? read.distribution : { kind: 'samples', values: [read.value] }
      const graded = { grade: evidence, date, ...(source === undefined ? {} : { source }) }
      assumptions.set(
        name,
        addInput(name, { distribution, evidence: graded, at: path, unit: read.unit, isNamed: true }),
      )
    }
  }

  const checkUnit = (path: Path, unit: string | undefined, place: Place, of = '') => {
    if (unit === undefined || fitsUnit(unit, place.unit)) return
    report(path, `${of}is in ${nameUnit(unit, currency)}, and here ${nameUnit(place.unit, currency)} is meant`)
  }

  /** A number, or the name of an input; what it cannot be is a problem. */
  const read = (path: Path, text: number | string, place: Place): Quantity => {
    const quantity = readQuantity(text, currency)
    switch (quantity.kind) {
      case 'problem':
        return report(path, quantity.problem)
      case 'number': {
        checkUnit(path, quantity.unit, place)
        const breach = findBreach('it', quantity.value, place.rule)
        return breach ? report(path, breach) : quantity.value
      }
      case 'distribution': {
        checkUnit(path, quantity.unit, place)
        const evidence = { grade: 'assumption' as const, date: file.date }
        const { distribution, unit } = quantity
        const input = addInput(path.join('.'), { distribution, evidence, at: path, unit, isNamed: false })
        uses.push({ path, input, place })
        return input
      }
      case 'name': {
        const input = assumptions.get(quantity.name)
        if (input === undefined) {
          if (Object.hasOwn(file.assumptions, quantity.name)) return Number.NaN
          const names = Object.keys(file.assumptions).sort().join(', ') || 'none'
          return report(path, `names "${quantity.name}", which is no assumption; there are ${names}`)
        }
        checkUnit(path, inputs.get(String(input))?.unit, place, `${quantity.name} `)
        uses.push({ path, input: String(input), place })
        return input
      }
    }
  }

  return {
    problems,
    read,
    report,
    /** The input that a name of the file stands for in this plan. */
    inputOf: (name: string) => assumptions.get(name),
    usedInputs: () => uses.map(({ input }) => input),
    /** Finds the inputs some of whose draws break the rule of a place that uses them. */
    checkDraws(drawsOf: (input: string) => Float64Array) {
      for (const { path, input, place } of uses) {
        const values = drawsOf(input)
        const [low, high] = values.reduce(
          ([least, most], x) => [Math.min(least, x), Math.max(most, x)],
          [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
        )
        const breach = [low, high].flatMap((value) => findBreach('it', value as number, place.rule) ?? [])[0]
        if (breach !== undefined)
          report(
            path,
            `${breach} in some draws of ${input}: choose a distribution that stays in bounds, such as lognormal`,
          )
      }
    },
  }
}

/** The mean of a quantity over the draws. */
export function expectedOf(quantity: Quantity, draws: Draws): number {
  if (typeof quantity === 'number') return quantity
  const values = draws.get(quantity)
  return values ? mean(values) : Number.NaN
}

function sameDistribution(one: Distribution, other: Distribution): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
