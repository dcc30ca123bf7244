/** The section `assess` of a plan file: whether the venture is worth choosing, before money is planned. */
import { InvalidInputError } from '../../base/index.ts'
import type { VentureFile } from '../../contracts/index.ts'
import type { Quantity } from '../forecast/venture-plan.ts'
import { type Demand, measureDemand } from '../market/gabor-granger.ts'
import { type Feasibility, judgeFeasibility } from '../market/judge-feasibility.ts'
import { type ScoreReport, scoreOptions } from '../market/score-options.ts'
import { type MarketSize, sizeMarket } from '../market/size-market.ts'
import { measurePriceSensitivity, type PriceSensitivity } from '../market/van-westendorp.ts'
import type { Draws } from '../simulation/draw-inputs.ts'
import { mapTable, places } from './compile-forecast.ts'
import type { CompiledVenture } from './compile-venture.ts'
import type { PlanFacts } from './plan-facts.ts'
import { expectedOf, type QuantityReader } from './read-quantities.ts'

type Group = Record<'customers' | 'reachable' | 'winnable' | 'price', Quantity> & { name: string }

export type AssessModel = {
  groups: Group[]
  survey: { file: string; method: 'van-westendorp' | 'gabor-granger'; unitCost: Quantity } | undefined
  competitors: {
    name: string
    price: Quantity | null
    strengths: string
    weaknesses: string
    source: string | null
    date: string | null
  }[]
  feasibility: { task: string; target: Quantity; labelPrice: Quantity | null } | undefined
  needs: { team?: string | undefined; data?: string | undefined }
  weights: Record<string, number>
  options: Record<string, Record<string, Quantity>>
}

export type AssessReport = {
  venture: string
  date: string
  currency: string
  seed: number
  draws: number
  /** Revenue a year of each group of customers, and of all. */
  market: MarketSize[]
  willingness:
    | { file: string; method: 'van-westendorp'; sensitivity: PriceSensitivity }
    | { file: string; method: 'gabor-granger'; unitCost: number; demand: Demand }
    | null
  competitors: (Omit<AssessModel['competitors'][number], 'price'> & { price: number | null })[]
  feasibility: (Feasibility & { task: string }) | null
  needs: AssessModel['needs']
  /** Roles of the plan, at work and to be filled. */
  team: { role: string; count: number; max: number }[]
  score: ScoreReport | null
}

export function compileAssessment({ assess }: VentureFile, reader: QuantityReader): AssessModel | undefined {
  if (!assess) return undefined
  const { read, report } = reader
  const { survey, feasibility } = assess
  const names = Object.keys(assess.criteria)
  for (const [option, scores] of Object.entries(assess.options)) {
    const missing = names.filter((name) => scores[name] === undefined)
    if (missing.length > 0) report(['assess', 'options', option], `has no score for ${missing.join(', ')}`)
    const unknown = Object.keys(scores).filter((name) => !names.includes(name))
    if (unknown.length > 0)
      report(['assess', 'options', option], `has scores for ${unknown.join(', ')}, which no weight has`)
  }
  return {
    groups: Object.values(
      mapTable(assess.market, ({ customers, reachable, winnable, price }, name): Group => {
        const path = ['assess', 'market', name]
        return {
          name,
          customers: read([...path, 'customers'], customers, places.users),
          reachable: read([...path, 'reachable'], reachable, places.share),
          winnable: read([...path, 'winnable'], winnable, places.share),
          price: read([...path, 'price'], price, places.perUser),
        }
      }),
    ),
    survey: survey && {
      file: survey.file,
      method: survey.method,
      unitCost: read(['assess', 'survey', 'unitCost'], survey.unitCost, places.perUser),
    },
    competitors: Object.entries(assess.competitors).map(([name, { price, strengths, weaknesses, source, date }]) => ({
      name,
      price: price === undefined ? null : read(['assess', 'competitors', name, 'price'], price, places.perUser),
      strengths,
      weaknesses,
      source: source ?? null,
      date: date ?? null,
    })),
    feasibility: feasibility && {
      task: feasibility.task,
      target: read(['assess', 'feasibility', 'target'], feasibility.target, places.share),
      labelPrice:
        feasibility.labelPrice === undefined
          ? null
          : read(['assess', 'feasibility', 'labelPrice'], feasibility.labelPrice, places.amount),
    },
    needs: assess.needs,
    weights: assess.criteria,
    options: mapTable(assess.options, (scores, option) =>
      mapTable(scores, (score, criterion) =>
        read(['assess', 'options', option, criterion], score, { unit: 'number', rule: 'at least 0' }),
      ),
    ),
  }
}

/** Undefined where the file has no section `assess`. Throws InvalidInputError `plan.bad-survey`, `plan.bad-scores`. */
export function assessVenture(compiled: CompiledVenture, facts: PlanFacts): AssessReport | undefined {
  const { plans, draws, worlds, seed } = compiled
  const [base] = plans
  if (!base?.assess) return undefined
  const { groups, competitors, feasibility, needs, weights, options } = base.assess
  const expect = (quantity: Quantity) => expectedOf(quantity, draws)
  const hasScores = Object.keys(weights).length > 0 && Object.keys(options).length > 0
  return {
    venture: base.file.venture,
    date: base.file.date,
    currency: base.file.currency,
    seed,
    draws: worlds,
    market: sizeMarket(
      groups.map(({ name, ...quantities }) => ({
        name,
        ...(mapTable(quantities, (quantity) => drawsOf(quantity, draws, worlds)) as Record<
          keyof typeof quantities,
          Float64Array
        >),
      })),
    ),
    willingness: readWillingness(base.assess, facts, expect),
    competitors: competitors.map((one) => ({ ...one, price: one.price === null ? null : expect(one.price) })),
    feasibility: feasibility
      ? {
          task: feasibility.task,
          ...judgeFeasibility({
            runs: facts.runs,
            target: expect(feasibility.target),
            labelPrice: feasibility.labelPrice === null ? null : expect(feasibility.labelPrice),
            seed,
          }),
        }
      : null,
    needs,
    team: base.team.map(({ name, count, max }) => ({ role: name, count, max })),
    score: hasScores
      ? atSection(['assess', 'options'], () =>
          scoreOptions({ weights, options: mapTable(options, (scores) => mapTable(scores, expect)), seed }),
        )
      : null,
  }
}

function readWillingness(
  { survey }: AssessModel,
  facts: PlanFacts,
  expect: (quantity: Quantity) => number,
): AssessReport['willingness'] {
  if (!survey || !facts.survey) return null
  const { file, method, unitCost } = survey
  const { opinions, answers } = facts.survey
  return atSection(['assess', 'survey'], () =>
    method === 'van-westendorp'
      ? { file, method, sensitivity: measurePriceSensitivity(opinions) }
      : { file, method, unitCost: expect(unitCost), demand: measureDemand(answers, expect(unitCost)) },
  )
}

function drawsOf(quantity: Quantity, draws: Draws, worlds: number): Float64Array {
  const drawn = typeof quantity === 'string' ? draws.get(quantity) : undefined
  return drawn ?? new Float64Array(worlds).fill(Number(quantity))
}

/** What is thrown, with the section that it is about: whoever knows the file's lines names the line. */
function atSection<T>(path: readonly string[], act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    const { code, message, hint } = error
    throw new InvalidInputError(code, message, {
      ...(hint === undefined ? {} : { hint }),
      details: { path },
      cause: error,
    })
  }
}
