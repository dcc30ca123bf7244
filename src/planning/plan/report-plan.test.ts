import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { LinearSolver } from '../integer/linear-model.ts'
import { loadSolver } from '../integer/load-solver.ts'
import { compileVenture } from './compile-venture.ts'
import type { HiringReport } from './hire-team.ts'
import type { PlanFacts } from './plan-facts.ts'
import { type PlanReport, reportPlan } from './report-plan.ts'

const facts: PlanFacts = { ledger: undefined, models: [], runs: [], survey: undefined }
const options = { facts, seed: 1, draws: 256 }
let solver: LinearSolver
beforeAll(async () => {
  solver = await loadSolver()
})

type Data = Record<string, unknown>

/** A small company; every amount is a multiple of `unit`. */
const company = (unit = 1) => ({
  venture: 'Small',
  date: '2026-10-01',
  currency: 'EUR',
  months: 12,
  discount: '10 %/year',
  cash: 120_000 * unit,
  assumptions: {
    price: { value: `lognormal p10=${40 * unit} p90=${80 * unit} EUR/user/month`, evidence: 'quoted' },
    half: { value: `uniform(${8000 * unit}, ${12_000 * unit}) EUR` },
  },
  segments: {
    all: {
      users: 100,
      price: 'price',
      churn: 'uniform(2 %, 6 %)/month',
      cost: 2 * unit,
      channels: { organic: { newUsers: 12 }, partner: { newUsers: 5, from: 6, hope: true } },
    },
  },
  costs: {
    labels: { link: 'Data', monthly: 800 * unit },
    training: { link: 'Model', monthly: 500 * unit },
    ads: { link: 'Market', monthly: 1500 * unit },
    salaries: { link: 'Team', monthly: 6000 * unit },
  },
  financing: { grant: { month: 6, amount: 20_000 * unit, hope: true } },
  team: { engineer: { monthly: 3000 * unit, max: 1, effects: { Model: '60 %' }, lead: 1, ramp: [] } },
  allocation: {
    links: {
      Data: { curve: 'hill half=half', floor: '30 %' },
      Model: { curve: `hill half=${6000 * unit} shape=1.4`, max: 40_000 * unit },
      Market: { curve: `exponential scale=${15_000 * unit}` },
      Team: { curve: `hill half=${50_000 * unit}`, min: 30_000 * unit },
    },
  },
  equity: {
    holdings: { Ada: { shares: '600k' }, Bo: { shares: '400k' } },
    safes: { Angel: { amount: 50_000 * unit, cap: 2_000_000 * unit } },
    round: { month: 8, preMoney: 3_000_000 * unit, investors: { Fund: 500_000 * unit }, pool: { target: '10 %' } },
  },
  scenarios: { careful: { costs: { ads: { monthly: 700 * unit } } } },
})

function report(data: Data, scenario?: string): PlanReport {
  const { compiled, problems } = compileVenture(data, options)
  if (!compiled) throw new Error(JSON.stringify(problems))
  return reportPlan(compiled, { solver, facts, scenario })
}

/** A copy whose tables are written in the opposite order. */
function reverseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverseKeys)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, part]) => [key, reverseKeys(part)]),
  )
}

describe('a plan report', () => {
  it('is the same bit for bit when an assumption is added that nothing uses', () => {
    const plan = company()
    const more = { ...plan, assumptions: { aside: { value: 'normal(5, 2)' }, ...plan.assumptions } }
    const [before, after] = [report(plan), report(more)]
    expect(after.assumptions.filter(({ used }) => !used).map(({ name }) => name)).toEqual(['aside'])
    expect(after.forecast.unusedInputs).toContain('aside')
    const { unusedInputs: _, ...forecast } = after.forecast
    const { unusedInputs: __, ...forecastBefore } = before.forecast
    expect({ ...after, forecast, assumptions: after.assumptions.filter(({ used }) => used) }).toEqual({
      ...before,
      forecast: forecastBefore,
    })
  })

  it('is the same whatever the order in which its parts are written', () => {
    // Holders keep their order, which a cap table is read in.
    const plan = company()
    const turned = { ...(reverseKeys(plan) as Data), equity: plan.equity }
    expect(report(turned)).toEqual(report(plan))
  })

  it('is the same in any unit of money', () => {
    const factor = 4
    const [one, other] = [report(company()), report(company(factor))]
    expect(other.allocation?.shadowPrice).toBeClose(one.allocation?.shadowPrice as number, { relative: 1e-9 })
    expect(other.allocation?.value).toBeClose(factor * (one.allocation?.value as number), { relative: 1e-9 })
    for (const [i, link] of (one.allocation?.links ?? []).entries())
      expect(other.allocation?.links[i]?.spend).toBeClose(factor * link.spend, { relative: 1e-6, absolute: 1e-3 })
    expect(other.forecast.hopes.cash.p50).toBeClose(
      one.forecast.hopes.cash.p50.map((cash) => factor * cash),
      { relative: 1e-9 },
    )
    expect(other.forecast.facts.ruinByMonth).toEqual(one.forecast.facts.ruinByMonth)
    expect(other.raise?.holders.map(({ after }) => after)).toEqual(one.raise?.holders.map(({ after }) => after))
    const ordersOf = ({ team }: PlanReport) =>
      team && 'order' in team.facts ? team.facts.order.map(({ role, month }) => [role, month]) : 'none'
    expect(ordersOf(other)).toEqual(ordersOf(one))
  })

  it('never allocates more than its budget, and pays every least spend', () => {
    const money = fc.integer({ min: 1000, max: 200_000 })
    const link = fc.record({
      half: money,
      shape: fc.constantFrom(0.7, 1, 1.5, 2.5),
      min: fc.integer({ min: 0, max: 5000 }),
    })
    fc.assert(
      fc.property(fc.tuple(link, link, link), fc.integer({ min: 20_000, max: 500_000 }), (drawn, budget) => {
        const names = ['Data', 'Market', 'Opt']
        const links = Object.fromEntries(
          drawn.map(({ half, shape, min }, i) => [names[i], { curve: `hill half=${half} shape=${shape}`, min }]),
        )
        const { allocation } = report({
          ...company(),
          months: 3,
          team: {},
          equity: undefined,
          scenarios: {},
          allocation: { links, budget, potential: 1_000_000 },
        })
        const micro = (allocation?.links ?? []).reduce((sum, { amountMicro }) => sum + amountMicro, 0n)
        expect(micro).toBeLessThanOrEqual(BigInt(budget) * 1_000_000n)
        for (const { spend, min } of allocation?.links ?? []) expect(spend).toBeGreaterThanOrEqual(min * (1 - 1e-9))
      }),
      { numRuns: 15 },
    )
  })

  it('values today’s spend as the forecast does, so that allocation and forecast are one plan', () => {
    const { allocation, split } = report(company())
    expect(allocation?.today.value).toBeClose(split.grossValue, { relative: 1e-9 })
    expect(allocation?.budget).toBeClose(12 * (800 + 500 + 1500 + 6000), { relative: 1e-9 })
    expect(allocation?.value as number).toBeGreaterThanOrEqual(allocation?.today.value as number)
  })

  it('counts a round that is hoped for in the hopes alone', () => {
    const { forecast } = report(company())
    const difference = (forecast.hopes.cash.p50[8] as number) - (forecast.facts.cash.p50[8] as number)
    expect(difference).toBeGreaterThan(500_000)
    expect(forecast.hopes.cash.p50[5]).toEqual(forecast.facts.cash.p50[5])
  })

  it('is about a scenario where one is named, and compares it with the plan as written', () => {
    const careful = report(company(), 'careful')
    expect(careful.plan).toBe('careful')
    expect(careful.forecast.plans.map(({ name }) => name)).toEqual(['base', 'as written'])
    expect(careful.split.spendByLink.Market).toBeClose(12 * 700, { relative: 1e-9 })
    expect(() => report(company(), 'bold')).toThrow('no scenario "bold"')
  })

  it('draws an assumption that a scenario changes from the same luck', () => {
    const plan = {
      ...company(),
      scenarios: { dear: { assumptions: { price: { value: 'lognormal p10=80 p90=160 EUR/user/month' } } } },
    }
    const { compiled } = compileVenture(plan, options)
    const [price, dear] = ['price', 'price (dear)'].map((name) => compiled?.draws.get(name))
    expect(dear).toBeClose(
      (price ?? []).map((value) => 2 * value),
      { relative: 1e-9 },
    )
  })

  it('hires who brings more than the cost, within the cash', () => {
    const { team, split } = report(company())
    expect(team?.facts).toMatchObject({ order: [{ role: 'engineer', month: 0, startsIn: 1 }] })
    // The gain that is shown is that of a mean month at work.
    const hiring = team?.hopes as HiringReport
    const atWork = split.grossByMonth.slice(1).reduce((sum, gross) => sum + gross, 0) / (split.grossByMonth.length - 1)
    expect(hiring.order[0]?.gainPerMonth).toBeClose(0.6 * atWork, { relative: 1e-9 })
    const { team: poor } = report({ ...company(), cash: 1000 })
    expect(poor?.facts).toEqual({ infeasible: expect.stringContaining('No plan keeps cash above 0') })
  })

  it('forecasts what people who begin later cost and add, and hires beside them for less', () => {
    const { engineer } = company().team
    const later = { ...engineer, count: 1, max: 2, from: 4, ramp: ['50 %'] }
    const [without, decided, hoped] = [{ ...engineer, max: 0 }, later, { ...later, hope: true }].map((one) =>
      report({ ...company(), team: { engineer: one } }),
    ) as [PlanReport, PlanReport, PlanReport]
    const [before, after] = [without.split.grossByMonth, decided.split.grossByMonth]
    const lifts = before.map((_, t) => (t < 4 ? 1 : t === 4 ? 1.3 : 1.6))
    expect(after).toBeClose(
      before.map((gross, t) => gross * (lifts[t] as number)),
      { relative: 1e-9 },
    )
    expect(hoped.forecast.facts.revenue).toEqual(without.forecast.facts.revenue)
    expect(hoped.forecast.hopes.revenue).toEqual(decided.forecast.hopes.revenue)
    const gainOf = ({ team }: PlanReport) =>
      team?.hopes && 'roles' in team.hopes ? team.hopes.roles[0]?.nextGainPerMonth : 0
    // A second is hired beside the planned one; a third would add 70 % of 70 %, in the best month.
    expect(gainOf(decided)).toBeClose(0.6 * 0.7 ** 2 * Math.max(...after), { relative: 1e-9 })
  })
})

describe('what is wrong with a plan', () => {
  const problemsOf = (change: Data) => {
    const { problems } = compileVenture({ ...company(), ...change }, options)
    return problems.map(({ path, message }) => `${path.join('.')}: ${message}`)
  }
  const segment = company().segments.all

  it('is nothing where it is right', () => {
    expect(problemsOf({})).toEqual([])
  })

  it.each<[string, Data, string]>([
    [
      'a negative price',
      { segments: { all: { ...segment, price: '-5 EUR/user/month' } } },
      'segments.all.price: it must be at least 0 and is -5',
    ],
    [
      'a price that some draws make negative',
      { segments: { all: { ...segment, price: 'normal(10, 20) EUR/user/month' } } },
      'in some draws of segments.all.price',
    ],
    ['an unknown unit', { cash: '5 EURO' }, 'cash: "EURO" is no unit'],
    ['another currency', { cash: '5 USD' }, "cash: is in USD, and the plan's currency is EUR"],
    ['a unit of another place', { cash: '5 EUR/month' }, 'cash: is in EUR/month, and here EUR is meant'],
    [
      'an unknown assumption',
      { buffer: 'reserve' },
      'buffer: names "reserve", which is no assumption; there are half, price',
    ],
    [
      'an impossible budget',
      { allocation: { ...company().allocation, budget: 20_000 } },
      'allocation.budget: is 20000, and the least spends add up to 30000: Team 30000',
    ],
    [
      'links that depend on each other in a cycle',
      {
        allocation: {
          ...company().allocation,
          tree: {
            quality: { product: ['Data', 'reach'] },
            reach: { sum: ['Market', 'quality'] },
            all: { product: ['Model', 'Team'] },
          },
        },
      },
      'allocation.tree.quality: quality → reach → quality depend on each other in a cycle',
    ],
    [
      'SAFEs that take the whole company',
      { equity: { ...company().equity, safes: { A: { amount: 2_500_000, cap: 2_000_000 } } } },
      'equity.safes: SAFEs convert into 125.0 % of the company',
    ],
    [
      'a round that leaves nothing',
      {
        equity: { ...company().equity, round: { preMoney: 1000, investors: { F: 500_000 }, pool: { target: '99 %' } } },
      },
      'equity.round: SAFEs, new money and pool would take the whole company',
    ],
    [
      'a link that is none',
      { allocation: { links: { Ads: { curve: 'hill half=5' } } } },
      '"Ads" is none of the six links',
    ],
    ['a curve that is none', { allocation: { links: { Data: { curve: 'bell half=5' } } } }, '"bell" is no curve'],
    ['an unknown setting', { prise: 5 }, 'prise: is no setting'],
    ['cash that the ledger does not have', { cash: 'ledger' }, 'cash: the ledger holds no EUR on Assets:Cash'],
    [
      'a scenario that takes away what is not there',
      { scenarios: { x: { costs: { nothing: null } } } },
      'scenarios.x: The scenario takes away costs.nothing',
    ],
    ['a mistake that only a scenario makes', { scenarios: { x: { cash: '5 USD' } } }, 'scenarios.x.cash: is in USD'],
    [
      'people who report to nobody',
      { team: { a: { monthly: 1, reportsTo: 'b' } } },
      'team.a.reportsTo: "b" is no role with a span',
    ],
  ])('is named: %s', (_, change, message) => {
    expect(problemsOf(change)).toEqual([expect.stringContaining(message)])
  })

  it('is named all at once', () => {
    expect(problemsOf({ cash: '5 USD', buffer: '5 EURO', discount: '-1 %' })).toHaveLength(3)
  })
})
