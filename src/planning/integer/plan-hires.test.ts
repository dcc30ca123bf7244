import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { hillCurve, powerCurve } from '../curves/spend-curve.ts'
import type { HiringQuestion } from './hiring-question.ts'
import { type LinearModel, type LinearSolver, relaxModel, solveModel } from './linear-model.ts'
import { loadSolver } from './load-solver.ts'
import { planHires } from './plan-hires.ts'

const exact = { relative: 1e-9, absolute: 1e-9 }
let solver: LinearSolver
beforeAll(async () => {
  solver = await loadSolver({ gap: 0 })
})

/** Engineers, salespeople, managers and advertising under one sum of money and spans of control. */
const staffing: LinearModel = {
  maximize: [
    ['engineers', 240],
    ['sellers', 150],
    ['managers', 90],
    ['ads', 2.1],
  ],
  variables: {
    engineers: { max: 5, integer: true },
    sellers: { max: 5, integer: true },
    managers: { max: 3, integer: true },
    ads: {},
  },
  constraints: {
    cash: {
      terms: [
        ['engineers', 160],
        ['sellers', 110],
        ['managers', 70],
        ['ads', 1],
      ],
      relation: '<=',
      limit: 600,
    },
    span: {
      terms: [
        ['engineers', 1],
        ['sellers', 1],
        ['managers', -4],
      ],
      relation: '<=',
      limit: 0,
    },
    leads: {
      terms: [
        ['ads', 1],
        ['sellers', -150],
      ],
      relation: '<=',
      limit: 0,
    },
  },
}

describe('a mixed-integer model', () => {
  it('is solved to the best whole numbers, which enumeration finds too', () => {
    const { objective, values, bound } = solveModel(solver, staffing)
    expect([values.engineers, values.sellers, values.managers, values.ads].map(Number)).toBeClose([0, 2, 1, 300], exact)
    expect([objective, bound]).toBeClose([1020, 1020], exact)
    let best = 0
    for (let e = 0; e <= 5; e++)
      for (let s = 0; s <= 5; s++)
        for (let m = 0; m <= 3; m++) {
          const ads = Math.min(150 * s, 600 - 160 * e - 110 * s - 70 * m)
          if (ads >= 0 && e + s <= 4 * m) best = Math.max(best, 240 * e + 150 * s + 90 * m + 2.1 * ads)
        }
    expect(objective).toBeClose(best, exact)
  })

  it('is bounded by the same model in fractions, whose price of cash sees all variables move', () => {
    const { objective, values, prices } = solveModel(solver, relaxModel(staffing))
    expect(objective).toBeClose(1054.054054, { relative: 1e-6 })
    expect(values.sellers).toBeClose(2.162162, { relative: 1e-6 })
    expect(prices.cash).toBeClose(1.756757, { relative: 1e-6 })
  })

  it('has prices with the whole numbers fixed: cash is worth nothing where leads are short', () => {
    const { cash, span, leads } = solveModel(solver, staffing).prices
    expect([cash, span, leads].map(Number)).toBeClose([0, 0, 2.1], exact)
  })

  it('equals enumeration on any small knapsack', () => {
    const item = fc.record({ gain: fc.integer({ min: 1, max: 30 }), cost: fc.integer({ min: 1, max: 20 }) })
    fc.assert(
      fc.property(fc.array(item, { minLength: 2, maxLength: 6 }), fc.integer({ min: 5, max: 50 }), (items, limit) => {
        const name = (i: number) => `item ${i}`
        const model: LinearModel = {
          maximize: items.map(({ gain }, i) => [name(i), gain]),
          variables: Object.fromEntries(items.map((_, i) => [name(i), { max: 1, integer: true }])),
          constraints: { cost: { terms: items.map(({ cost }, i) => [name(i), cost]), relation: '<=', limit } },
        }
        let best = 0
        for (let chosen = 0; chosen < 2 ** items.length; chosen++) {
          const taken = items.filter((_, i) => chosen & (1 << i))
          const total = (of: 'gain' | 'cost') => taken.reduce((sum, one) => sum + one[of], 0)
          if (total('cost') <= limit) best = Math.max(best, total('gain'))
        }
        expect(solveModel(solver, model).objective).toBeClose(best, { absolute: 1e-9 })
      }),
      { numRuns: 15 },
    )
  })

  it('is refused where numbers are none, and where it has no best solution', () => {
    const broken: LinearModel = {
      maximize: [['x', Number.NaN]],
      variables: { y: { min: 2, max: 1 } },
      constraints: {},
    }
    expect(() => solveModel(solver, broken)).toThrow(
      'the objective names x, which is no variable; the factor of x in the objective is NaN; y goes from 2 to 1',
    )
    const free: LinearModel = { maximize: [['x', 1]], variables: { x: {} }, constraints: {} }
    expect(() => solveModel(solver, free)).toThrow('The model has no best solution: unbounded')
  })
})

const team: HiringQuestion = {
  cash: 60,
  bufferMin: 5,
  baseNet: [-4, -4, -4, -4, -4, -4],
  roles: [
    {
      name: 'engineer',
      monthlyCost: 8,
      hireCost: 5,
      leadMonths: 1,
      ramp: [0.25, 0.5],
      gain: powerCurve({ gain: 30, exponent: 0.6 }),
      countMax: 3,
      reportsTo: 'lead',
    },
    { name: 'lead', monthlyCost: 10, gain: powerCurve({ gain: 4, exponent: 1 }), countMax: 1, span: 2 },
  ],
}

describe('a plan of hires', () => {
  it('that is cut short says how much better the best could be, and is the same every time', async () => {
    const hasty = await loadSolver({ gap: 1, nodesMax: 1 })
    const [first, second, best] = [planHires(hasty, team), planHires(hasty, team), planHires(solver, team)]
    expect(first).toEqual(second)
    expect(first.value).toBeLessThanOrEqual(best.value + 1e-9)
    expect(first.upperBound).toBeGreaterThanOrEqual(best.value - 1e-6)
  })

  it('equals enumeration of every hire in every month, cash, ramps and spans kept', () => {
    const plan = planHires(solver, team)
    expect(plan.value).toBeClose(enumerateTeam(), { relative: 1e-6 })
    expect(plan.upperBound).toBeGreaterThanOrEqual(plan.value - 1e-9)
    expect(Math.min(...plan.cash)).toBeGreaterThanOrEqual(5 - 1e-6)
    expect(plan.cash.at(-1)).toBeClose(60 + plan.value, { relative: 1e-6 })
    const engineers = plan.hires.filter(({ role }) => role === 'engineer').reduce((sum, { count }) => sum + count, 0)
    expect(engineers).toBeGreaterThan(0)
    expect(engineers).toBeLessThanOrEqual(2)
  })

  it('waits with an S-shaped launch until cash reaches beyond its threshold, and prices cash until then', () => {
    const launch: HiringQuestion = {
      cash: 6,
      baseNet: [4, 4, 4, 4],
      roles: [],
      spends: [
        { name: 'launch', perMonthMax: 20, returns: hillCurve({ max: 60, half: 10, shape: 4 }), delayMonths: 1 },
      ],
    }
    const plan = planHires(solver, launch)
    const early = plan.spends.find(({ month }) => month === 0)?.amount ?? 0
    expect(early).toBeLessThanOrEqual(10)
    expect(plan.spends.length).toBeGreaterThan(0)
    expect(Math.min(...plan.cash)).toBeGreaterThanOrEqual(-1e-6)
    const richer = planHires(solver, { ...launch, cash: 6.01 })
    expect(richer.value).toBeGreaterThanOrEqual(plan.value)
    expect(plan.cashPrices[0]).toBeGreaterThan(0)
  })

  it('hires later where the gain grows with the months', () => {
    const plan = planHires(solver, {
      cash: 100,
      baseNet: [0, 0, 0, 0],
      roles: [
        {
          name: 'seller',
          monthlyCost: 10,
          gain: powerCurve({ gain: 1, exponent: 1 }),
          gainFactors: [4, 8, 12, 16],
          countMax: 1,
        },
      ],
    })
    expect(plan.hires).toEqual([{ role: 'seller', month: 2, count: 1 }])
    expect(plan.value).toBeClose(12 + 16 - 20, exact)
  })

  it('is refused where cash runs out whatever is decided, naming the month', () => {
    expect(() =>
      planHires(solver, {
        cash: 10,
        baseNet: [-4, -4, -4],
        roles: [],
        spends: [{ name: 'ads', perMonthMax: 1, returns: powerCurve({ gain: 1, exponent: 1 }) }],
      }),
    ).toThrow('No plan keeps cash above 0: without any decision it is -2 at the end of month 2.')
  })

  it('is refused with every problem of the question', () => {
    const role = { name: 'a', monthlyCost: -1, gain: powerCurve({ gain: 1, exponent: 1 }), countMax: 0, reportsTo: 'b' }
    expect(() => planHires(solver, { cash: 1, baseNet: [], roles: [role, role] })).toThrow(
      /there are no months; two are named "a"; "a" costs less than nothing; "a" has 0 of at most 0 people/,
    )
  })
})

/** The best of all plans of the team: a hire of each role in any month or never, engineers up to three. */
function enumerateTeam(): number {
  const months = team.baseNet.length
  const never = months
  let best = Number.NEGATIVE_INFINITY
  for (let lead = 0; lead <= never; lead++)
    for (let a = 0; a <= never; a++)
      for (let b = a; b <= never; b++)
        for (let c = b; c <= never; c++) best = Math.max(best, valueOfTeam(lead, [a, b, c]))
  return best
}

/** −∞ where the plan is not allowed. Months of decision; a hire in the last month or later would never work. */
function valueOfTeam(lead: number, engineers: readonly number[]): number {
  let cash = team.cash
  const decided = engineers.filter((month) => month < team.baseNet.length - 1)
  for (const [month, net] of team.baseNet.entries()) {
    const working = decided.filter((start) => start + 1 <= month)
    const hasLead = lead <= month
    if (working.length > (hasLead ? 2 : 0)) return Number.NEGATIVE_INFINITY
    const effect = working.reduce((sum, start) => sum + ([0.25, 0.5][month - start - 1] ?? 1), 0)
    const hiring = decided.filter((start) => start === month).length
    cash += net - 5 * hiring - 8 * working.length + (hasLead ? 4 - 10 : 0) + gainOfEngineers(effect)
    if (cash < 5) return Number.NEGATIVE_INFINITY
  }
  return cash - team.cash
}

/** The curve as the plan sees it: straight between half people. */
function gainOfEngineers(effect: number): number {
  const below = Math.floor(2 * effect) / 2
  const at = (x: number) => 30 * x ** 0.6
  return at(below) + (effect - below) * 2 * (at(below + 0.5) - at(below))
}
