import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countCustomers } from '../retention.ts'
import { changePlan } from './change-plan.ts'
import { describeOutlook } from './describe-outlook.ts'
import { type Assumption, type ForecastRequest, forecastVenture } from './forecast-venture.ts'
import { simulatePlan } from './simulate-plan.ts'
import { dropHopes, type VenturePlan } from './venture-plan.ts'

const assumed = (distribution: Assumption['distribution']): Assumption => ({
  distribution,
  evidence: { grade: 'assumption', date: '2026-11-01' },
})

const plan: VenturePlan = {
  months: 24,
  cashAtStart: 300_000,
  discountPerYear: 0.1,
  segments: {
    teams: {
      usersAtStart: 40,
      renewalsAtStart: 6,
      retention: { alpha: 'churn', beta: 12 },
      revenuePerUser: 'price',
      factors: [0.9],
      costPerUser: 6,
      channels: {
        organic: { kind: 'steady', usersPerMonth: 4, growthPerMonth: 0.04 },
        ads: { kind: 'paid', link: 'User', spendPerMonth: 4000, usersMax: 'reach', halfSpend: 5000, shape: 1.5 },
      },
    },
  },
  costs: {
    salaries: { link: 'Team', perMonth: 20_000 },
    training: { link: 'Model', perMonth: 800, growthPerMonth: 0.01 },
    sales: { link: 'Team', perMonth: 7000, fromMonth: 6, hope: true },
  },
  financing: { seed: { month: 4, amount: 400_000, hope: true }, grant: { month: 2, amount: 30_000 } },
}

const request: ForecastRequest = {
  seed: 11,
  draws: 1024,
  plan,
  scenarios: {
    'more ads': { segments: { teams: { channels: { ads: { spendPerMonth: 12_000 } } } } },
    'no sales': { costs: { sales: null } },
  },
  inputs: {
    churn: assumed({ kind: 'lognormal', p10: 0.4, p90: 1.2 }),
    price: {
      distribution: { kind: 'pert', low: 90, mode: 140, high: 260 },
      evidence: { grade: 'quoted', date: '2026-10-02' },
    },
    reach: assumed({ kind: 'lognormal', p10: 15, p90: 60 }),
  },
  correlations: [{ between: ['price', 'churn'], value: 0.5 }],
  experiments: {
    'price survey': { input: 'price', observationSd: 60, fixedCost: 500, costPerObservation: 20, observationsMax: 300 },
    'ad test': { input: 'reach', observationSd: 30, fixedCost: 2000, costPerObservation: 1000, observationsMax: 12 },
  },
}
const forecast = forecastVenture(request)
const certain = { churn: 0.8, price: 150, reach: 30 }
const draws = new Map(Object.entries(certain).map(([name, value]) => [name, Float64Array.of(value)]))

describe('the simulation of a plan', () => {
  it('loses the same share of users each month where a churn is given, and multiplies costs with their factors', () => {
    const small: VenturePlan = {
      months: 4,
      cashAtStart: 0,
      segments: { all: { usersAtStart: 100, retention: { churnPerMonth: 0.1 }, revenuePerUser: 1 } },
      costs: { people: { link: 'Team', perMonth: 1000, factors: [3, 'share'] } },
    }
    const paths = simulatePlan(small, new Map([['share', Float64Array.of(0.5)]]), 1)
    expect(paths.users).toBeClose([100, 90, 81, 72.9], { relative: 1e-12 })
    expect(paths.costs).toBeClose([1500, 1500, 1500, 1500], { relative: 1e-12 })
    const negative = { ...small, segments: { all: { ...small.segments.all, retention: { churnPerMonth: 1.5 } } } }
    expect(() => simulatePlan(negative as VenturePlan, new Map([['share', Float64Array.of(1)]]), 1)).toThrow(
      'segments.all.retention.churnPerMonth must be from 0 to 1 and is 1.5',
    )
  })

  it('adds the effect of people who begin later to gross profit, month by month as they learn', () => {
    const small: VenturePlan = {
      months: 5,
      cashAtStart: 0,
      segments: { all: { usersAtStart: 100, retention: { churnPerMonth: 0 }, revenuePerUser: 10, costPerUser: 2 } },
      costs: {},
      hires: {
        engineer: {
          fromMonth: 1,
          untilMonth: 4,
          count: 2,
          time: 0.5,
          effects: ['skill', 0.1],
          next: 0.5,
          openSource: { share: 0.25, effects: [0.2] },
          ramp: [0.5],
          hope: true,
        },
      },
    }
    const first = 0.5 * (0.75 * (0.3 + 0.1) + 0.25 * 0.2)
    const lift = 1 + first * 1.5
    const lifts = [1, 1 + (first * 1.5) / 2, lift, lift, 1]
    const skill = new Map([['skill', Float64Array.of(0.3)]])
    const { users, revenue, costs } = simulatePlan(small, skill, 1)
    expect(users).toEqual(Float64Array.of(100, 100, 100, 100, 100))
    expect(revenue).toBeClose(
      lifts.map((factor) => 1000 * factor),
      { relative: 1e-12 },
    )
    expect(costs).toBeClose(
      lifts.map((factor) => 200 * factor),
      { relative: 1e-12 },
    )
    expect(simulatePlan(dropHopes(small), skill, 1).revenue).toEqual(Float64Array.of(1000, 1000, 1000, 1000, 1000))
    const hires = { engineer: { ...small.hires?.engineer, ramp: [1.5] } }
    expect(() => simulatePlan({ ...small, hires } as VenturePlan, skill, 1)).toThrow(
      'hires.engineer.ramp.0 must be from 0 to 1 and is 1.5',
    )
  })

  it('compares whole plans as it compares changes', () => {
    const { scenarios = {}, ...rest } = request
    const alternatives = Object.fromEntries(
      Object.entries(scenarios).map(([name, change]) => [name, changePlan(plan, change)]),
    )
    expect(forecastVenture({ ...rest, alternatives })).toEqual(forecast)
  })

  it('counts users by cohorts, revenue by what they pay, and cash to the last unit', () => {
    const paths = simulatePlan(plan, draws, 1)
    const won = 30 / (1 + (5000 / 4000) ** 1.5)
    const arrivals = Array.from({ length: 24 }, (_, t) => 4 * 1.04 ** t + won)
    let old = 40
    const users = countCustomers(arrivals, { alpha: 0.8, beta: 12 }).map((count, t) => {
      const both = count + old
      old *= (12 + 6 + t) / (0.8 + 12 + 6 + t)
      return both
    })
    expect(paths.users).toBeClose(users, { relative: 1e-12 })
    expect(paths.revenue).toBeClose(
      users.map((count) => count * 150 * 0.9),
      { relative: 1e-12 },
    )
    const costs = users.map((count, t) => 20_000 + 800 * 1.01 ** t + (t >= 6 ? 7000 : 0) + 4000 + 6 * count)
    expect(paths.costs).toBeClose(costs, { relative: 1e-12 })
    let [cash, value] = [300_000, 0]
    const held = users.map((count, t) => {
      const net = count * 135 - (costs[t] as number)
      cash += net + (t === 4 ? 400_000 : 0) + (t === 2 ? 30_000 : 0)
      value += net / 1.1 ** ((t + 1) / 12)
      return cash
    })
    expect(paths.cash).toBeClose(held, { relative: 1e-12 })
    expect(paths.ownCash).toBeClose(
      held.map((amount, t) => amount - (t >= 4 ? 400_000 : 0)),
      { relative: 1e-9 },
    )
    expect(paths.value).toBeClose([value], { relative: 1e-12 })
  })

  it('lets revenue of a cohort grow with its age, and adds the exit to the value', () => {
    const grown: VenturePlan = {
      months: 3,
      cashAtStart: 0,
      exitMultiple: 2,
      segments: {
        a: {
          retention: { alpha: 1, beta: 3 },
          revenuePerUser: 10,
          expansionPerMonth: 0.1,
          channels: { c: { kind: 'steady', usersPerMonth: 100, untilMonth: 1 } },
        },
      },
      costs: {},
    }
    const paths = simulatePlan(grown, new Map(), 1)
    const revenue = [1000, 1000 * 0.75 * 1.1, 1000 * 0.75 * 0.8 * 1.21]
    expect(paths.revenue).toBeClose(revenue, { relative: 1e-12 })
    expect(paths.value).toBeClose([(revenue[0] as number) + (revenue[1] as number) + 25 * (revenue[2] as number)], {
      relative: 1e-12,
    })
  })

  it('does not depend on the unit of money', () => {
    const money = {
      cashAtStart: 300,
      segments: {
        a: {
          usersAtStart: 9,
          retention: { alpha: 1, beta: 9 },
          revenuePerUser: 7,
          costPerUser: 1,
          channels: {
            c: { kind: 'paid' as const, link: 'User' as const, spendPerMonth: 20, usersMax: 5, halfSpend: 30 },
          },
        },
      },
      costs: { x: { link: 'Team' as const, perMonth: 50 } },
    }
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (unit) => {
        const { a } = money.segments
        const scaled = {
          months: 12,
          cashAtStart: 300 * unit,
          segments: {
            a: {
              ...a,
              revenuePerUser: 7 * unit,
              costPerUser: unit,
              channels: { c: { ...a.channels.c, spendPerMonth: 20 * unit, halfSpend: 30 * unit } },
            },
          },
          costs: { x: { ...money.costs.x, perMonth: 50 * unit } },
        }
        const [plain, other] = [
          simulatePlan({ ...money, months: 12 }, new Map(), 1),
          simulatePlan(scaled, new Map(), 1),
        ]
        expect(other.cash).toBeClose(
          plain.cash.map((cash) => cash * unit),
          { relative: 1e-9, absolute: 1e-9 * unit },
        )
        expect(other.users).toBeClose(plain.users, { relative: 1e-12 })
      }),
    )
  })

  it('refuses names that no input has and quantities that cannot be, all at once and with their paths', () => {
    expect(() => simulatePlan(plan, new Map(), 1)).toThrow(
      'The plan names inputs that are not there: segments.teams.retention.alpha names churn; segments.teams.revenuePerUser names price; segments.teams.channels.ads.usersMax names reach.',
    )
    const strayed = new Map(draws).set('churn', Float64Array.of(-0.1))
    expect(() => simulatePlan({ ...plan, months: 0 }, strayed, 1)).toThrow(
      'The plan cannot be: months must be a whole number above 0 and is 0; segments.teams.retention.alpha must be positive and is -0.1, as input churn can be.',
    )
    const incomplete = changePlan(plan, { costs: { office: { link: 'Team' } } })
    expect(() => simulatePlan(incomplete, draws, 1)).toThrow('costs.office.perMonth must be a finite number and is NaN')
  })
})

describe('the forecast', () => {
  it('gives bands that hold their order, month by month', () => {
    for (const { p10, p50, p90 } of [forecast.hopes.users, forecast.hopes.cash, forecast.facts.revenue]) {
      expect(p50).toHaveLength(24)
      for (const [t, middle] of p50.entries()) {
        expect(middle).toBeGreaterThanOrEqual(p10[t] as number)
        expect(middle).toBeLessThanOrEqual(p90[t] as number)
      }
    }
  })

  it('puts the verdict of the facts beside that of the hopes, each with ruin, runway and break-even by month', () => {
    const { facts, hopes } = forecast
    for (const { ruinByMonth, breakEven } of [facts, hopes]) {
      for (let t = 1; t < 24; t++) expect(ruinByMonth[t]).toBeGreaterThanOrEqual(ruinByMonth[t - 1] as number)
      expect((breakEven.byMonth.at(-1) as number) + breakEven.never).toBeClose(1, { absolute: 1e-12 })
    }
    expect(facts.costs.mean.at(-1)).toBeLessThan(hopes.costs.mean.at(-1) as number)
    expect(facts.cash.p50[5]).toBeLessThan(hopes.cash.p50[5] as number)
    expect(facts.ruinByMonth.at(-1)).toBeGreaterThan(hopes.ruinByMonth.at(-1) as number)
  })

  it('says what has to be raised, whatever is only hoped to be raised', () => {
    const needOf = (amount: number) => {
      const poor = changePlan(plan, { cashAtStart: 0, financing: { seed: { amount } } })
      return forecastVenture({ ...request, plan: poor, scenarios: {} }).hopes.raiseNeeded
    }
    const need = needOf(400_000)
    expect(need.p50).toBeGreaterThan(0)
    expect(need.p90).toBeGreaterThan(need.p50)
    expect(needOf(0)).toEqual(need)
  })

  it('ruins with certainty where the cash of a certain plan ends, and says when', () => {
    const dying = dropHopes(
      changePlan(plan, { segments: { teams: { usersAtStart: 0, channels: { ads: null, organic: null } } } }),
    )
    const outlook = describeOutlook(simulatePlan(dying, draws, 1))
    // 330,000 pay for 15 months of 20,000 and a growing 800.
    expect(outlook.runway).toEqual({ p10: 15, p50: 15, p90: 15 })
    expect(outlook.ruinByMonth.slice(14, 16)).toEqual([0, 1])
    expect(outlook.breakEven).toMatchObject({ p50: null, never: 1 })
    expect(outlook.defaultAlive).toBe(0)
  })

  it('compares scenarios with the base in the same worlds', () => {
    const [base, more, none] = forecast.plans
    expect(forecast.plans.map(({ name }) => name)).toEqual(['base', 'more ads', 'no sales'])
    expect(base?.againstBase).toBeNull()
    // Without sales the plan saves 18 discounted salaries in every world.
    const saved = Array.from({ length: 18 }, (_, i) => 7000 / 1.1 ** ((i + 7) / 12)).reduce((sum, x) => sum + x, 0)
    expect(none?.againstBase?.meanDifference).toBeClose(saved, { relative: 1e-9 })
    expect(none?.againstBase).toMatchObject({ probabilityBetter: 1 })
    expect(none?.againstBase?.standardError).toBeLessThan(1e-6)
    expect(more?.againstBase?.standardError).toBeLessThan((more?.value.standardError as number) / 2)
    expect(base?.badLuck).toBeLessThan(base?.value.p10 as number)
  })

  it('has two bars for each input, of which the re-optimised is never worse, widest first, with evidence and date', () => {
    expect(forecast.inputs.map(({ input }) => input).sort()).toEqual(['churn', 'price', 'reach'])
    for (const [i, { fixed, reoptimised, width, evidence }] of forecast.inputs.entries()) {
      expect(reoptimised.low).toBeGreaterThanOrEqual(fixed.low)
      expect(reoptimised.high).toBeGreaterThanOrEqual(fixed.high)
      if (i > 0) expect(width).toBeLessThanOrEqual(forecast.inputs[i - 1]?.width as number)
      expect(evidence.date).toMatch(/^2026-/)
    }
    expect(forecast.inputs.reduce((sum, { rankShare }) => sum + rankShare, 0)).toBeClose(1, { absolute: 1e-12 })
    const price = forecast.inputs.find(({ input }) => input === 'price')
    expect(price?.evidence).toEqual({ grade: 'quoted', date: '2026-10-02' })
    expect(price?.fixed.high).toBeGreaterThan(price?.fixed.low as number)
  })

  it('values knowledge of an input at no more than of all, and names the experiment that earns most beyond its cost', () => {
    for (const { information } of forecast.inputs)
      expect(information.value).toBeLessThanOrEqual(forecast.perfectInformation + 1e-9)
    const [first, second] = forecast.experiments
    expect(first?.net).toBeGreaterThanOrEqual(second?.net as number)
    expect(first?.net).toBe((first?.value as number) - (first?.cost as number))
  })

  it('stays bit-identical when an unused input is added, which it names', () => {
    const added = forecastVenture({
      ...request,
      inputs: { aaa: assumed({ kind: 'normal', mean: 0, sd: 1 }), ...request.inputs },
    })
    expect(added).toEqual({ ...forecast, unusedInputs: ['aaa'] })
  })

  it('does not depend on the order of inputs, costs, channels and scenarios', () => {
    const turn = <T>(table: Readonly<Record<string, T>>) => Object.fromEntries(Object.entries(table).reverse())
    const teams = plan.segments.teams as (typeof plan.segments)['teams'] & object
    const turned = forecastVenture({
      ...request,
      plan: {
        ...plan,
        costs: turn(plan.costs),
        financing: turn(plan.financing ?? {}),
        segments: { teams: { ...teams, channels: turn(teams.channels ?? {}) } },
      },
      scenarios: turn(request.scenarios ?? {}),
      inputs: turn(request.inputs),
      experiments: turn(request.experiments ?? {}),
    })
    expect(turned).toEqual(forecast)
  })

  it('is worth more, and ruins less, with a higher price and with more cash', () => {
    const price = fc.integer({ min: 50, max: 300 })
    fc.assert(
      fc.property(price, price, fc.integer({ min: 0, max: 500_000 }), (a, b, cash) => {
        const outlookOf = (revenuePerUser: number, cashAtStart: number) => {
          const changed = changePlan(plan, { cashAtStart, segments: { teams: { revenuePerUser } } })
          return describeOutlook(simulatePlan(changed, draws, 1))
        }
        const [low, high] = [outlookOf(Math.min(a, b), cash), outlookOf(Math.max(a, b), cash)]
        expect(high.value.mean).toBeGreaterThanOrEqual(low.value.mean)
        for (const [t, ruin] of low.ruinByMonth.entries()) expect(high.ruinByMonth[t]).toBeLessThanOrEqual(ruin)
        const richer = outlookOf(Math.min(a, b), cash + 100_000)
        for (const [t, ruin] of low.ruinByMonth.entries()) expect(richer.ruinByMonth[t]).toBeLessThanOrEqual(ruin)
      }),
      { numRuns: 30 },
    )
  })

  it('refuses experiments on inputs that no plan uses, and scenarios that take away what is not there', () => {
    const offer = { input: 'luck', observationSd: 1, fixedCost: 0, costPerObservation: 1, observationsMax: 5 }
    expect(() => forecastVenture({ ...request, experiments: { dice: offer } })).toThrow('dice measures luck')
    expect(() => forecastVenture({ ...request, scenarios: { odd: { costs: { rent: null } } } })).toThrow(
      'The scenario takes away costs.rent, which is not there.',
    )
    expect(() => forecastVenture({ ...request, scenarios: { base: {} } })).toThrow('A scenario is called base')
  })
})
