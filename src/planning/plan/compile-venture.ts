/**
 * A plan file as models that can be computed: base plan and scenarios, all uncertain inputs, and their draws. Everything that
 * is wrong is found here, with its place in the file.
 */
import type { VentureFile } from '../../contracts/index.ts'
import type { ExperimentOffer } from '../forecast/forecast-venture.ts'
import type { Quantity, VenturePlan } from '../forecast/venture-plan.ts'
import { type Correlation, type Draws, drawInputs } from '../simulation/draw-inputs.ts'
import { mean } from '../simulation/sample-statistics.ts'
import { type AssessModel, compileAssessment } from './assess-venture.ts'
import { type AllocationModel, compileAllocation } from './compile-allocation.ts'
import { compileEquity, type EquityModel } from './compile-equity.ts'
import { compileForecast, places } from './compile-forecast.ts'
import { compileHires, compileTeam, type TeamRole } from './compile-team.ts'
import type { PlanFacts } from './plan-facts.ts'
import { readQuantity } from './quantity-text.ts'
import { createReader, type PlanInput, type Problem, type QuantityReader } from './read-quantities.ts'
import { attempt, inScenario, readVenture } from './read-venture.ts'

/** One plan of a file. */
export type CompiledPlan = {
  /** `base`, or the name of a scenario. */
  name: string
  file: VentureFile
  forecast: VenturePlan
  allocation: AllocationModel | undefined
  team: TeamRole[]
  equity: EquityModel | undefined
  experiments: Record<string, ExperimentOffer>
  assess: AssessModel | undefined
}

export type CompiledVenture = {
  seed: number
  plans: CompiledPlan[]
  inputs: ReadonlyMap<string, PlanInput>
  /** Those that a place in the plan or in a scenario names. */
  usedInputs: ReadonlySet<string>
  correlations: Correlation[]
  draws: Draws
  /** How many draws there are of each input. */
  worlds: number
}

export type CompileOptions = {
  facts: PlanFacts
  seed: number
  draws: number
  /** In place of the months of the file. */
  months?: number | undefined
}

/** Name of the plan without a scenario's changes. */
export const basePlan = 'base'

/** The models, or every problem of the file. `data` is the plain data of `venture.yaml`. */
export function compileVenture(
  data: unknown,
  options: CompileOptions,
): { compiled: CompiledVenture; problems: [] } | { compiled: undefined; problems: Problem[] } {
  const { facts, seed, draws, months } = options
  const read = readVenture(data)
  if (read.file === undefined) return { compiled: undefined, problems: read.problems }
  const inputs = new Map<string, PlanInput>()
  const own = createMeans(inputs, { seed, draws })
  const withMonths = (file: VentureFile) => (months === undefined ? file : { ...file, months })
  const base = compilePlan(basePlan, withMonths(read.file), { inputs, facts, own })
  const problems = [...read.problems, ...base.problems]
  const usedInputs = new Set(base.reader.usedInputs())
  const scenarios = read.scenarios.map(({ name, file }) => {
    const compiled = compilePlan(name, withMonths(file), { inputs, facts, own })
    problems.push(...inScenario(name, compiled.problems, base.problems))
    for (const input of compiled.reader.usedInputs()) usedInputs.add(input)
    return compiled.plan
  })
  if (Object.hasOwn(read.file.scenarios, basePlan))
    problems.push({ path: ['scenarios', basePlan], message: `is what the plan itself is called`, isKey: true })
  const correlations = compileCorrelations(read.file, base.reader)
  problems.push(...base.reader.problems.slice(base.problems.length))
  if (problems.length > 0) return { compiled: undefined, problems }
  const drawn = attempt(['correlations'], problems, () => drawAll(inputs, { seed, draws, correlations }))
  if (!drawn) return { compiled: undefined, problems }
  return {
    compiled: {
      seed,
      plans: [base.plan, ...scenarios],
      inputs,
      usedInputs,
      correlations,
      draws: drawn,
      worlds: draws,
    },
    problems: [],
  }
}

type Shared = { inputs: Map<string, PlanInput>; facts: PlanFacts; own: ReturnType<typeof createMeans> }

function compilePlan(name: string, file: VentureFile, { inputs, facts, own }: Shared) {
  const reader = createReader({ file, inputs, scenario: name === basePlan ? undefined : name })
  const forecast = compileForecast(file, reader, readCash(file, facts, reader))
  const team = compileTeam(file, reader)
  const plan: CompiledPlan = {
    name,
    file,
    forecast: { ...forecast, hires: compileHires(file, team) },
    allocation: compileAllocation(file, reader),
    team,
    equity: compileEquity(file, reader, own.expect),
    experiments: compileExperiments(file, reader),
    assess: compileAssessment(file, reader),
  }
  checkBudget(plan, reader, own.expect)
  reader.checkDraws(own.drawsOf)
  return { plan, reader, problems: [...reader.problems] }
}

/** The draws of single inputs, made when they are asked for: all that a check or a mean needs. */
function createMeans(inputs: ReadonlyMap<string, PlanInput>, options: { seed: number; draws: number }) {
  const known = new Map<string, Float64Array>()
  const drawsOf = (name: string): Float64Array => {
    const values = known.get(name)
    const input = inputs.get(name)
    if (values || !input) return values ?? new Float64Array()
    const drawn = drawAll(new Map([[name, input]]), { ...options, correlations: [] }).get(name) ?? new Float64Array()
    known.set(name, drawn)
    return drawn
  }
  const expect = (quantity: Quantity) => (typeof quantity === 'number' ? quantity : mean(drawsOf(quantity)))
  return { drawsOf, expect }
}

function drawAll(
  inputs: ReadonlyMap<string, PlanInput>,
  { seed, draws, correlations }: { seed: number; draws: number; correlations: Correlation[] },
): Draws {
  const entries = [...inputs]
  return drawInputs({
    seed,
    draws,
    inputs: Object.fromEntries(entries.map(([name, { distribution }]) => [name, distribution])),
    streams: Object.fromEntries(entries.map(([name, { stream = name }]) => [name, stream])),
    correlations,
  })
}

function readCash({ cash, currency }: VentureFile, { ledger }: PlanFacts, { read, report }: QuantityReader): Quantity {
  if (cash !== 'ledger') return read(['cash'], cash, places.balance)
  if (ledger?.cash === undefined)
    return report(
      ['cash'],
      `the ledger holds no ${currency} on Assets:Cash: write the balance, such as 400k ${currency}`,
    )
  return ledger.cash
}

function compileCorrelations({ correlations }: VentureFile, { inputOf, report }: QuantityReader): Correlation[] {
  return correlations.flatMap(({ between, value }, i) => {
    const names = between.map((name) => inputOf(name))
    const unknown = between.filter((_, k) => names[k] === undefined)
    if (unknown.length > 0)
      report(['correlations', i, 'between'], `names ${unknown.join(', ')}, which is no assumption`)
    if (!(value > -1 && value < 1)) report(['correlations', i, 'value'], `must be between -1 and 1 and is ${value}`)
    return unknown.length > 0 ? [] : [{ between: [String(names[0]), String(names[1])] as const, value }]
  })
}

function compileExperiments(
  { experiments, currency }: VentureFile,
  { read, report, inputOf }: QuantityReader,
): Record<string, ExperimentOffer> {
  return Object.fromEntries(
    Object.entries(experiments).flatMap(([name, { measures, sd, fixed, each, max }]) => {
      const path = ['experiments', name]
      const input = inputOf(measures)
      if (input === undefined) report([...path, 'measures'], `"${measures}" is no assumption`)
      // In the unit of what is measured, which the place does not know.
      const error = readQuantity(sd, currency)
      const observationSd = error.kind === 'number' && error.value > 0 ? error.value : undefined
      if (observationSd === undefined) report([...path, 'sd'], 'must be a number above 0')
      const fixedCost = read([...path, 'fixed'], fixed, places.amount)
      const costPerObservation = read([...path, 'each'], each, places.amount)
      for (const [key, cost] of Object.entries({ fixed: fixedCost, each: costPerObservation }))
        if (typeof cost === 'string') report([...path, key], 'must be a number: the price of an experiment is known')
      if (input === undefined || observationSd === undefined) return []
      const offer = { input: String(input), observationSd, observationsMax: max }
      return [[name, { ...offer, fixedCost: Number(fixedCost), costPerObservation: Number(costPerObservation) }]]
    }),
  )
}

/** A budget that does not pay for the least spends, and bounds that cannot be kept. */
function checkBudget({ allocation }: CompiledPlan, { report }: QuantityReader, expect: (quantity: Quantity) => number) {
  if (!allocation) return
  const least = allocation.links.map(({ name, min = 0, max = Number.POSITIVE_INFINITY }) => {
    const [from, to] = [expect(min), expect(max)]
    if (from > to) report(['allocation', 'links', name, 'max'], `is ${to}, below the least spend ${from}`)
    return { name, from }
  })
  const total = least.reduce((sum, { from }) => sum + from, 0)
  const budget = allocation.budget === undefined ? undefined : expect(allocation.budget)
  if (budget === undefined || !(total > budget)) return
  const bounds = least.filter(({ from }) => from > 0).map(({ name, from }) => `${name} ${from}`)
  report(['allocation', 'budget'], `is ${budget}, and the least spends add up to ${total}: ${bounds.join(', ')}`)
}
