/**
 * The forecast of a venture: a base plan and scenarios that change it, all in the same 4,096 worlds, so that what they differ
 * in is theirs and not luck's. Everything that comes out is plain data and a pure function of what goes in.
 */
import { InvalidInputError, present } from '../../base/index.ts'
import { type Comparison, comparePlans } from '../simulation/compare-plans.ts'
import type { Distribution } from '../simulation/distribution.ts'
import { type Correlation, drawInputs, drawsDefault } from '../simulation/draw-inputs.ts'
import {
  conditionalValueAtRisk,
  rankCorrelation,
  type Summary,
  summarize,
  variance,
} from '../simulation/sample-statistics.ts'
import {
  createInformationCurve,
  type ExperimentChoice,
  type InformationValue,
  rankExperiments,
  valuePerfectInformation,
} from '../value-of-information.ts'
import { changePlan, type PlanChange } from './change-plan.ts'
import { describeOutlook, type Outlook, ruinProbability } from './describe-outlook.ts'
import { measureTornado, type TornadoBar } from './measure-tornado.ts'
import { inputsOf } from './resolve-quantities.ts'
import { simulatePlan, type Trajectories } from './simulate-plan.ts'
import { dropHopes, type VenturePlan } from './venture-plan.ts'

/** How well a number is known, and since when. */
export type Evidence = { grade: 'measured' | 'quoted' | 'benchmark' | 'assumption'; date: string; source?: string }

/** An uncertain input. */
export type Assumption = {
  distribution: Distribution
  evidence: Evidence
  /** The name whose random numbers it shares: the same assumption as another plan has it. */
  stream?: string
}

/** A way to learn about an input: each observation has a normal error of this sd. */
export type ExperimentOffer = {
  input: string
  observationSd: number
  fixedCost: number
  costPerObservation: number
  observationsMax: number
}

/** A plan with all that it rests on; the same request gives the same forecast, bit for bit. */
export type ForecastRequest = {
  seed: number
  /** @default 4096 */
  draws?: number
  plan: VenturePlan
  scenarios?: Readonly<Record<string, PlanChange>>
  /** Scenarios as whole plans. */
  alternatives?: Readonly<Record<string, VenturePlan>>
  inputs: Readonly<Record<string, Assumption>>
  correlations?: readonly Correlation[]
  experiments?: Readonly<Record<string, ExperimentOffer>>
}

/** One plan among those compared. */
export type PlanResult = {
  name: string
  value: Summary
  /** Mean value of the worst tenth of worlds. */
  badLuck: number
  ruin: number
  /** Against the base plan, world by world; null for the base itself. */
  againstBase: Comparison | null
}

/** An assumption that a plan uses, with what it moves and what knowing it is worth. */
export type InputResult = TornadoBar & {
  evidence: Evidence
  /** Share of the squared rank correlations with the value of the chosen plan: a check on the bars. */
  rankShare: number
  /** EVPPI: 0 where no knowledge of it would change the choice of plan. */
  information: InformationValue
}

/** Plain data, ready for JSON. */
export type Forecast = {
  seed: number
  draws: number
  months: number
  /** Of the base plan without and with what is only hoped for. */
  facts: Outlook
  hopes: Outlook
  plans: PlanResult[]
  /** The plan with the largest mean value. */
  chosen: string
  /** Widest bar first. */
  inputs: InputResult[]
  /** EVPI of the choice among the plans. */
  perfectInformation: number
  /** Best first; worth doing where `net` is above 0. */
  experiments: ExperimentChoice[]
  unusedInputs: string[]
}

const basePlan = 'base'

/** Throws InvalidInputError with a code of `plan.…` for what is wrong in plan, scenarios, inputs, correlations or experiments. */
export function forecastVenture(request: ForecastRequest): Forecast {
  const { seed, draws = drawsDefault, plan, correlations = [], experiments = {} } = request
  const scenarios = {
    ...mapValues(request.scenarios ?? {}, (change) => changePlan(plan, change)),
    ...request.alternatives,
  }
  if (Object.hasOwn(scenarios, basePlan)) {
    throw new InvalidInputError('plan.reserved-name', `A scenario is called ${basePlan}, as the plan itself is.`, {
      hint: 'Give the scenario another name.',
    })
  }
  const names = [basePlan, ...Object.keys(scenarios).sort()]
  const plans = [plan, ...names.slice(1).map((name) => scenarios[name] as VenturePlan)]
  const inputs = mapValues(request.inputs, ({ distribution }) => distribution)
  const streams = mapValues(request.inputs, ({ stream }, name) => stream ?? name)
  const worlds = drawInputs({ seed, draws, inputs, correlations, streams })
  const simulate = (one: VenturePlan) => simulatePlan(one, worlds, draws)

  const base = simulate(plan)
  const results = plans.map((one, d) => evaluatePlan(names[d] as string, d === 0 ? base : simulate(one), base))
  const values = results.map(({ values }) => values)
  const chosen = indexOfLargest(results.map(({ result }) => result.value.mean))
  const used = new Set(plans.flatMap((one) => [...inputsOf(one)]))
  const bars = measureTornado({
    inputs,
    names: [...used].sort(),
    valuesAt: (points, count) => plans.map((one) => simulatePlan(one, points, count).value),
    chosen,
  })
  const curves = new Map(
    [...used].map((name) => [name, createInformationCurve({ values, input: present(worlds.get(name), name) })]),
  )
  const ranks = new Map(
    [...used].map((name) => [
      name,
      rankCorrelation(present(worlds.get(name), name), values[chosen] as Float64Array) ** 2,
    ]),
  )
  const rankTotal = [...ranks.keys()].sort().reduce((sum, name) => sum + (ranks.get(name) as number), 0)
  return {
    seed,
    draws,
    months: plan.months,
    facts: describeOutlook(simulate(dropHopes(plan))),
    hopes: describeOutlook(base),
    plans: results.map(({ result }) => result),
    chosen: names[chosen] as string,
    inputs: bars.map((bar) => ({
      ...bar,
      evidence: present(request.inputs[bar.input], bar.input).evidence,
      rankShare: rankTotal === 0 ? 0 : (ranks.get(bar.input) as number) / rankTotal,
      information: present(curves.get(bar.input), bar.input)(1),
    })),
    perfectInformation: valuePerfectInformation(values),
    experiments: rankOffers(
      experiments,
      (name) => curves.get(name),
      (name) => variance(present(worlds.get(name), name)),
    ),
    unusedInputs: Object.keys(inputs)
      .filter((name) => !used.has(name))
      .sort(),
  }
}

function evaluatePlan(
  name: string,
  paths: Trajectories,
  base: Trajectories,
): { result: PlanResult; values: Float64Array } {
  const values = paths.value
  const againstBase = paths === base ? null : comparePlans(values, base.value)
  const badLuck = conditionalValueAtRisk(values, 0.1)
  return { result: { name, value: summarize(values), badLuck, ruin: ruinProbability(paths), againstBase }, values }
}

function rankOffers(
  offers: Readonly<Record<string, ExperimentOffer>>,
  curveOf: (input: string) => ((resolved: number) => InformationValue) | undefined,
  varianceOf: (input: string) => number,
): ExperimentChoice[] {
  const lost = Object.entries(offers).filter(([, { input }]) => !curveOf(input))
  if (lost.length > 0) {
    const names = lost.map(([name, { input }]) => `${name} measures ${input}`).join('; ')
    throw new InvalidInputError('plan.unknown-input', `Experiments measure inputs that no plan uses: ${names}.`, {
      hint: 'Name an input that the plan or a scenario uses.',
    })
  }
  return rankExperiments(
    Object.entries(offers).map(([name, { input, observationSd, ...offer }]) => {
      const [curve, spread] = [present(curveOf(input), input), varianceOf(input)]
      const resolvedBy = (n: number) => (spread === 0 ? 0 : spread / (spread + observationSd ** 2 / n))
      return { name, ...offer, informationOf: (n: number) => curve(resolvedBy(n)).value }
    }),
  )
}

function indexOfLargest(values: readonly number[]): number {
  return values.indexOf(Math.max(...values))
}

function mapValues<T, U>(table: Readonly<Record<string, T>>, change: (value: T, name: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, change(value, name)]))
}
