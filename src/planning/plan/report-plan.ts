/** A plan as plain data: everything that is printed, with what it was computed from beside it. */
import { InvalidInputError } from '../../base/index.ts'
import type { EvidenceGrade } from '../../contracts/index.ts'
import { type Forecast, forecastVenture } from '../forecast/forecast-venture.ts'
import { dropHopes, type Quantity } from '../forecast/venture-plan.ts'
import type { LinearSolver } from '../integer/linear-model.ts'
import {
  type ContinuousRunway,
  type Course,
  findExpensesToLive,
  findGrowthToLive,
  projectRunway,
} from '../runway/continuous-runway.ts'
import type { Draws } from '../simulation/draw-inputs.ts'
import { summarize } from '../simulation/sample-statistics.ts'
import { type AllocatedPlan, type AllocationReport, allocateLinks } from './allocate-links.ts'
import { type AssessReport, assessVenture } from './assess-venture.ts'
import { basePlan, type CompiledPlan, type CompiledVenture } from './compile-venture.ts'
import { type HiringReport, hireTeam } from './hire-team.ts'
import type { LedgerFacts, MeasuredModel, PlanFacts } from './plan-facts.ts'
import { expectedOf, type PlanInput } from './read-quantities.ts'
import { type RaiseReport, reportRaise } from './report-raise.ts'
import { type SplitForecast, splitForecast } from './split-forecast.ts'

/** An uncertain number of the plan, and how well it is known. */
export type AssumptionLine = {
  name: string
  /** Where it is written in the file. */
  path: string
  unit: string | null
  p10: number
  p50: number
  p90: number
  grade: EvidenceGrade
  date: string
  source: string | null
  /** Whether the plan or a scenario uses it. */
  used: boolean
}

/** How Paul Graham asks: does revenue meet today's expenses before the cash is gone? */
export type AliveTest = {
  course: Course
  cash: number
  /** Months over which growth was taken from the forecast's medians. */
  growthMonths: number
  verdict: ContinuousRunway
  growthToLive: number | null
  expensesToLive: number
}

export type PlanReport = {
  venture: string
  what: string
  date: string
  currency: string
  /** `base`, or the scenario that the report is about. */
  plan: string
  scenarios: string[]
  seed: number
  draws: number
  months: number
  situation: {
    cash: number
    cashFrom: 'the ledger' | 'the file'
    ledger: LedgerFacts | null
    models: MeasuredModel[]
    /** Means of the first month. */
    revenue: number
    costs: number
    users: number
    buffer: number
  }
  /** Gross profit and spends that allocation and hiring rest on. */
  split: SplitForecast
  allocation: AllocationReport | null
  forecast: Forecast
  /** Null where there is no revenue yet: nothing can be said of its growth. */
  alive: AliveTest | null
  raise: RaiseReport | null
  /** With decided money only, and with what is hoped for; null without roles. */
  team: { facts: HiringReport | Infeasible; hopes: HiringReport | Infeasible | null } | null
  assumptions: AssumptionLine[]
  risks: string[]
  /** Where the plan has a section `assess`. */
  assessment: AssessReport | null
}

export type Infeasible = { infeasible: string }

export type ReportOptions = { solver: LinearSolver; facts: PlanFacts; scenario?: string | undefined }

/** The report of a plan or one of its scenarios. The same plan, facts and seed give the same report, bit for bit. */
export function reportPlan(compiled: CompiledVenture, { solver, facts, scenario }: ReportOptions): PlanReport {
  const plan = findPlan(compiled, scenario)
  const { draws, worlds, seed, correlations } = compiled
  const { file } = plan
  const expect = (quantity: Quantity) => expectedOf(quantity, draws)
  const others = compiled.plans.filter((other) => other !== plan)
  const forecast = forecastVenture({
    seed,
    draws: worlds,
    plan: plan.forecast,
    alternatives: Object.fromEntries(
      others.map(({ name, forecast }) => [name === basePlan ? 'as written' : name, forecast]),
    ),
    inputs: Object.fromEntries(compiled.inputs),
    correlations,
    experiments: plan.experiments,
  })
  const split = splitForecast(plan.forecast, draws, worlds)
  const invested = plan.equity?.round?.investors.reduce((sum, { amount }) => sum + amount, 0) ?? 0
  const amountMax = Math.max(4 * invested, 2 * forecast.facts.raiseNeeded.p90)
  const allocated = plan.allocation && allocateLinks(plan.allocation, { draws, split, capitalMax: amountMax })
  return {
    venture: file.venture,
    what: file.what,
    date: file.date,
    currency: file.currency,
    plan: plan.name,
    scenarios: compiled.plans.slice(1).map(({ name }) => name),
    seed,
    draws: worlds,
    months: file.months,
    situation: {
      cash: expect(plan.forecast.cashAtStart),
      cashFrom: file.cash === 'ledger' ? 'the ledger' : 'the file',
      ledger: facts.ledger ?? null,
      models: facts.models,
      revenue: forecast.hopes.revenue.mean[0] as number,
      costs: forecast.hopes.costs.mean[0] as number,
      users: forecast.hopes.users.mean[0] as number,
      buffer: expect(plan.forecast.buffer ?? 0),
    },
    split,
    allocation: allocated?.report ?? null,
    forecast,
    alive: testAlive(forecast, expect(plan.forecast.cashAtStart)),
    raise: plan.equity ? reportRaise(plan.equity, raiseOptions(allocated, amountMax)) : null,
    team: plan.team.length > 0 ? hireUnderBoth(plan, { solver, draws, worlds, split }) : null,
    assumptions: listAssumptions(compiled),
    risks: file.risks,
    assessment: assessVenture(compiled, facts) ?? null,
  }
}

function findPlan({ plans }: CompiledVenture, scenario: string | undefined): CompiledPlan {
  const plan = plans.find(({ name }) => name === (scenario ?? basePlan))
  if (plan) return plan
  const names = plans.slice(1).map(({ name }) => name)
  throw new InvalidInputError('venture.unknown-scenario', `The plan has no scenario "${scenario}".`, {
    hint: names.length > 0 ? `It has ${names.join(', ')}.` : 'It has none: add one under scenarios.',
  })
}

function raiseOptions(allocated: AllocatedPlan | undefined, amountMax: number) {
  const capital = allocated?.report.budget ?? 0
  return { bestValue: amountMax > 0 ? allocated?.bestValue : undefined, capital, amountMax }
}

function hireUnderBoth(
  plan: CompiledPlan,
  context: { solver: LinearSolver; draws: Draws; worlds: number; split: SplitForecast },
): NonNullable<PlanReport['team']> {
  const { solver, draws, worlds, split } = context
  const expect = (quantity: Quantity) => expectedOf(quantity, draws)
  const { forecast } = plan
  const hire = ({ netByMonth, grossByMonth }: SplitForecast, hopes: boolean): HiringReport | Infeasible => {
    const financed = netByMonth.map((net, t) => {
      const due = Object.values(forecast.financing ?? {}).filter(({ month, hope }) => month === t && (hopes || !hope))
      return due.reduce((sum, { amount }) => sum + expect(amount), net)
    })
    try {
      return hireTeam(plan.team, {
        solver,
        expect,
        cash: expect(forecast.cashAtStart),
        buffer: expect(forecast.buffer ?? 0),
        netByMonth: financed,
        grossByMonth,
        discountPerYear: expect(forecast.discountPerYear ?? 0),
      })
    } catch (error) {
      if (error instanceof InvalidInputError && error.code === 'planning.infeasible-cash')
        return { infeasible: error.message }
      throw error
    }
  }
  const facts = dropHopes(forecast)
  const hasHopes = JSON.stringify(facts) !== JSON.stringify(forecast)
  return {
    facts: hire(hasHopes ? splitForecast(facts, draws, worlds) : split, false),
    hopes: hasHopes ? hire(split, true) : null,
  }
}

const growthMonthsMax = 12

/** Growth by the medians of the facts, from the first month to a year later at most. */
function testAlive({ facts, months }: Forecast, cash: number): AliveTest | null {
  const [revenue, expenses] = [facts.revenue.p50[0] as number, facts.costs.p50[0] as number]
  const growthMonths = Math.min(growthMonthsMax, months - 1)
  const later = facts.revenue.p50[growthMonths] as number
  if (!(revenue > 0 && later > 0 && growthMonths > 0 && expenses >= 0 && cash >= 0)) return null
  const rate = (later / revenue) ** (1 / growthMonths) - 1
  const course: Course = { expenses, revenue, growth: { kind: 'compound', rate } }
  return {
    course,
    cash,
    growthMonths,
    verdict: projectRunway({ cash, ...course }),
    growthToLive: findGrowthToLive({ cash, ...course }),
    expensesToLive: findExpensesToLive({ cash, ...course }),
  }
}

function listAssumptions({ inputs, usedInputs, draws }: CompiledVenture): AssumptionLine[] {
  return [...inputs]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, { evidence, at, unit }]: [string, PlanInput]) => {
      const { p10, p50, p90 } = summarize(draws.get(name) ?? new Float64Array(1))
      const { grade, date, source } = evidence
      return {
        name,
        path: at.map(String).join('.'),
        unit: unit ?? null,
        p10,
        p50,
        p90,
        grade,
        date,
        source: source ?? null,
        used: usedInputs.has(name),
      }
    })
}
