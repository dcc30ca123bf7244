import { describe, expect, it } from 'vitest'
import {
  averageCurve,
  carryOverCurve,
  exponentialCurve,
  hillCurve,
  logarithmicCurve,
  logisticCurve,
  powerCurve,
  type SpendCurve,
} from '../curves/spend-curve.ts'
import { allocate } from './allocate.ts'
import { boundByHulls } from './bound-value.ts'
import { planAt, tabulateValue } from './tabulate-value.ts'
import { type Link, listLinks, type ValueNode } from './value-tree.ts'

const exact = { relative: 1e-6 }
const asPrinted = (digits: number) => ({ absolute: 0.6 * 10 ** -digits })

describe('one price for all links', () => {
  it('fills water to one level over logarithms (Boyd and Vandenberghe, exercise 5.2)', () => {
    const alphas = [0.8, 1, 1.2]
    const plan = allocate(sumOf(alphas.map((scale) => logarithmicCurve({ gain: 1, scale }))), 1)
    expect(spends(plan)).toBeClose([0.53333, 0.33333, 0.13333], asPrinted(5))
    expect(plan.value + alphas.reduce((sum, alpha) => sum + Math.log(alpha), 0)).toBeClose(0.863046, asPrinted(6))
    expect(plan.shadowPrice).toBeClose(0.75, exact)
  })

  it('leaves the noisiest channel dry', () => {
    const plan = allocate(sumOf([1, 3, 5, 4].map((scale) => logarithmicCurve({ gain: 1, scale }))), 7)
    expect(spends(plan)).toBeClose([4, 2, 0, 1], { absolute: 1e-9 })
    expect(1 / plan.shadowPrice).toBeClose(5, exact)
  })

  it('splits 3√x + 4√x in the ratio of the squares', () => {
    const plan = allocate(sumOf([3, 4].map((gain) => powerCurve({ gain, exponent: 0.5 }))), 100)
    expect(spends(plan)).toBeClose([36, 64], exact)
    expect([plan.value, plan.shadowPrice]).toBeClose([50, 0.25], exact)
  })

  it.each([
    [15, 3.032653299, [10, 0, 5], 59.020401],
    [60, 1.256965335, [27.614751, 18.577873, 13.807376], 142.012427],
    [150, 0.347491896, [53.329037, 70.006445, 26.664518], 205.675567],
  ])('splits %d over exponential saturations', (budget, shadowPrice, spend, value) => {
    const curves = [
      [100, 20],
      [80, 40],
      [50, 10],
    ] as const
    const plan = allocate(sumOf(curves.map(([max, scale]) => exponentialCurve({ max, scale }))), budget)
    expect(plan.engine).toBe('concave')
    expect(plan.shadowPrice).toBeClose(shadowPrice, exact)
    expect(spends(plan)).toBeClose(spend, exact)
    expect(plan.value).toBeClose(value, exact)
  })

  it('shares a budget among straight lines of one slope, and spends all of it', () => {
    const plan = allocate(sumOf([2, 2].map((gain) => powerCurve({ gain, exponent: 1 }))), 10)
    expect([plan.value, plan.slack]).toEqual([20, 0])
  })
})

const chain: ValueNode = {
  combine: 'product',
  scale: 1000,
  parts: hills([
    [1, 20, 1],
    [1, 30, 2],
    [1, 10, 1.5],
  ]),
}

const chainCases = [
  [20, [4.454825, 9.83665, 5.708525], 5.328725, 0.978269],
  [100, [30.228006, 45.710092, 24.061902], 331.749339, 4.370032],
  [200, [72.688843, 81.098464, 46.212693], 626.739628, 1.860467],
] as const

describe('a product of Hill curves', () => {
  it.each(chainCases)('has one best split of %d, S-shaped factors or not', (budget, spend, value, shadowPrice) => {
    const plan = allocate(chain, budget)
    expect(plan.engine).toBe('log-concave')
    expect(spends(plan)).toBeClose(spend, exact)
    expect([plan.value, plan.shadowPrice]).toBeClose([value, shadowPrice], exact)
  })

  it('is split in the ratio of the elasticities', () => {
    const { spend, value, links } = allocate(chain, 100)
    const elasticities = links.map((link) => (link.marginal * link.spend) / value)
    expect(elasticities).toBeClose([0.398184, 0.602125, 0.31696], exact)
    const total = elasticities.reduce((sum, elasticity) => sum + elasticity, 0)
    expect(Object.values(spend)).toBeClose(
      elasticities.map((elasticity) => (100 * elasticity) / total),
      exact,
    )
  })

  it.each(chainCases)('is found by the grid as well, at %d', (budget, spend, value) => {
    const nested: ValueNode = {
      combine: 'product',
      parts: [chain, { combine: 'sum', scale: 1, parts: [constant('one', 1)] }],
    }
    const plan = allocate(nested, budget, { steps: 400 })
    expect(plan.engine).toBe('grid')
    expect(Object.values(plan.spend).slice(0, 3)).toBeClose(spend, { relative: 1e-5 })
    expect(plan.value).toBeClose(value, exact)
    expect(plan.value + plan.gap).toBeGreaterThanOrEqual(value)
  })
})

const sCurves = sumOfHills([
  [100, 40, 3],
  [90, 50, 2.5],
  [60, 15, 0.9],
])

describe('a sum of S-curves', () => {
  it.each([
    [20, 33.862157, [0, 0, 20], 33.8622, 37.8158],
    [40, 56.397001, [34.718, 0, 5.282], 25.8399, 64.2725],
    [80, 111.31097, [62.7708, 0, 17.2292], 106.2417, 111.7543],
    [200, 201.147062, [79.0527, 89.5226, 31.4247], 201.1444, 201.1471],
  ])('is split best at %d, where climbing the hull greedily is not', (budget, value, spend, greedy, hull) => {
    const plan = allocate(sCurves, budget)
    expect(plan.engine).toBe('grid')
    expect(plan.value).toBeClose(value, exact)
    expect(plan.value).toBeGreaterThanOrEqual(greedy - 0.6e-4)
    expect(spends(plan)).toBeClose(spend, { absolute: 6e-4 })
    expect(boundByHulls(sCurves, budget, { step: 0.01, range: 250 })).toBeClose(hull, asPrinted(4))
    expect(plan.upperBound).toBeGreaterThanOrEqual(plan.value)
    expect(plan.gap / plan.value).toBeLessThan(0.003)
  })

  it('has its inflections and the tangents of its hull where the formulas say', () => {
    const [first, second] = listLinks(sCurves) as [Link, Link]
    expect([first.curve.concaveFrom ?? 0, second.curve.concaveFrom ?? 0]).toBeClose([31.748021, 35.627003], exact)
    for (const [{ curve }, tangent] of [
      [first, 50.396842],
      [second, 58.803951],
    ] as const)
      expect(curve.value(tangent) / tangent).toBeClose(curve.slope(tangent), exact)
  })

  it('puts all into one of two equal curves while they are too small to share', () => {
    const trap = sumOfHills([
      [100, 50, 4],
      [100, 50, 4],
    ])
    const at = (budget: number) => allocate(trap, budget, { steps: 500 })
    const low = at(60)
    expect(low.value).toBeClose(67.464862, exact)
    expect(Math.min(...spends(low))).toBe(0)
    expect(Math.min(...spends(at(96.71)))).toBe(0)
    expect(spends(at(96.73))).toBeClose([48.365, 48.365], { absolute: 1e-4 })
    expect(at(120).value).toBeClose(134.929724, exact)
  })
})

describe('published allocators', () => {
  const logistic = [
    { max: 0.5, decay: 0.5, rates: [0.1, 0.3, 0.5, 0.7] },
    { max: 1, decay: 0.7, rates: [0.2, 0.4, 0.6, 0.8] },
  ].map(({ max, decay, rates }) =>
    averageCurve(rates.map((rate) => carryOverCurve(logisticCurve({ max, rate }), { decay, lags: 4, periods: 30 }))),
  )

  it('are matched and beaten on the response over four posterior draws with carry-over (PyMC-Marketing)', () => {
    const plan = allocate(sumOf(logistic), 100)
    expect(plan.spend.a).toBeClose(54.783326, exact)
    expect(plan.value).toBeClose(48.931664, exact)
    const golden = (logistic[0] as SpendCurve).value(54.783576) + (logistic[1] as SpendCurve).value(100 - 54.783576)
    expect(plan.value).toBeGreaterThanOrEqual(golden)
    expect(logistic.reduce((sum, curve) => sum + curve.value(50), 0)).toBeClose(48.919578, exact)
  })

  it('take a bound of 50 on both channels as the plan', () => {
    const root: ValueNode = { combine: 'sum', parts: logistic.map((curve, i) => ({ name: `c${i}`, curve, max: 50 })) }
    expect(spends(allocate(root, 100))).toEqual([50, 50])
  })

  it('leave the same slack at no price where every channel is at its upper bound (Robyn)', () => {
    const bounds = [4909.783, 39205.2, 4867.16, 18120, 41471.109]
    const curve = hillCurve({ max: 1e5, half: 20_000, shape: 1 })
    const plan = allocate({ combine: 'sum', parts: bounds.map((max, i) => ({ name: `c${i}`, curve, max })) }, 500_000)
    expect(spends(plan)).toEqual(bounds)
    expect(plan.slack).toBeClose(391_426.748, exact)
    expect(plan.shadowPrice).toBe(0)
    expect(plan.links.every(({ binds }) => binds === 'max')).toBe(true)
  })

  it('plan worse on the mean parameters than on the mean curve', () => {
    const scenarios = [
      [
        [80, 20],
        [100, 25],
        [120, 30],
      ],
      [
        [40, 30],
        [80, 40],
        [160, 60],
      ],
    ] as const
    const curves = scenarios.map((rows) => averageCurve(rows.map(([max, scale]) => exponentialCurve({ max, scale }))))
    const plan = allocate(sumOf(curves), 80)
    expect(spends(plan)).toBeClose([39.641556, 40.358444], exact)
    expect([plan.value, plan.shadowPrice]).toBeClose([131.7468, 0.81248], exact)
    const meanOf = (rows: readonly (readonly [number, number])[], k: 0 | 1) =>
      rows.reduce((sum, row) => sum + row[k], 0) / rows.length
    const plugIn = allocate(
      sumOf(scenarios.map((rows) => exponentialCurve({ max: meanOf(rows, 0), scale: meanOf(rows, 1) }))),
      80,
    )
    expect(spends(plugIn)).toBeClose([39.082329, 40.917671], exact)
    expect(plugIn.value).toBeClose(136.084979, exact)
    expect(curves.reduce((sum, curve, i) => sum + curve.value(spends(plugIn)[i] as number), 0)).toBeClose(
      131.73904,
      exact,
    )
  })
})

describe('bounds and lumps', () => {
  const curve = exponentialCurve({ max: 100, scale: 20 })

  it('that exceed the budget are refused by name', () => {
    const root: ValueNode = {
      combine: 'sum',
      parts: [
        { name: 'ads', curve, min: 30 },
        { name: 'labels', curve, min: 40 },
      ],
    }
    expect(() => allocate(root, 60)).toThrow(
      'The budget is 60, and the least spends add up to 70: ads ≥ 30, labels ≥ 40.',
    )
  })

  it('that bind are named with what a unit of room is worth: the derivative of the value by the bound', () => {
    const at = (max: number) =>
      allocate(
        {
          combine: 'sum',
          parts: [
            { name: 'ads', curve, max },
            { name: 'labels', curve },
          ],
        },
        60,
      )
    const [ads] = at(10).links
    expect(ads?.binds).toBe('max')
    expect(ads?.boundPrice).toBeClose((at(10.001).value - at(9.999).value) / 0.002, { relative: 1e-4 })
  })

  it('of whole hires are kept, and none of them is lost to the grid', () => {
    const hire = (name: string): Link => ({ name, curve: powerCurve({ gain: 10, exponent: 1 }), lump: 1000, max: 1000 })
    const plan = allocate({ combine: 'sum', parts: [hire('a'), hire('b'), hire('c')] }, 3000.5)
    expect(spends(plan)).toEqual([1000, 1000, 1000])
    expect(plan.slack).toBeClose(0.5, exact)
    expect(plan.shadowPrice).toBe(0)
  })

  it('spend beyond what was measured is marked', () => {
    const root: ValueNode = { combine: 'sum', parts: [{ name: 'ads', curve, measuredMax: 20 }] }
    expect(allocate(root, 30).links[0]?.extrapolates).toBe(false)
    expect(allocate(root, 31).links[0]?.extrapolates).toBe(true)
  })

  it('trees with repeated names, impossible bounds or negative factors are refused with every problem', () => {
    const negative: SpendCurve = { value: (x) => x - 1, slope: () => 1 }
    const root: ValueNode = {
      combine: 'product',
      parts: [
        { name: 'a', curve, min: 5, max: 4 },
        { name: 'a', curve, lump: 0 },
        { name: 'b', curve: negative },
      ],
    }
    expect(() => allocate(root, 10)).toThrow(
      'The value tree cannot be used: "a" may spend from 5 to 4; two links are named "a"; "a" is bought in lumps of 0; "b" is a factor and -1 at 0.',
    )
  })
})

describe('the grid', () => {
  it('equals enumeration on small trees of sums and products', () => {
    const [a, b, c, d] = hills([
      [30, 3, 2],
      [20, 2, 3],
      [5, 4, 1],
      [3, 2, 4],
    ]) as [Link, Link, Link, Link]
    const root: ValueNode = {
      combine: 'product',
      parts: [
        { combine: 'sum', parts: [a, b] },
        { combine: 'sum', parts: [c, { combine: 'product', scale: 2, parts: [d, constant('e', 1.5)] }] },
      ],
    }
    const table = tabulateValue(root, { budgetMax: 12, steps: 12 })
    for (let budget = 0; budget <= 12; budget++) {
      let best = 0
      for (let i = 0; i <= budget; i++)
        for (let j = 0; i + j <= budget; j++)
          for (let k = 0; i + j + k <= budget; k++) {
            const rest = budget - i - j - k
            best = Math.max(best, (a.curve.value(i) + b.curve.value(j)) * (c.curve.value(k) + 3 * d.curve.value(rest)))
          }
      expect(table.values[budget]).toBeClose(best, { relative: 1e-12 })
      expect(Object.values(planAt(table, budget)).reduce((sum, x) => sum + x, 0)).toBeLessThanOrEqual(budget)
    }
  })
})

function sumOf(curves: readonly SpendCurve[]): ValueNode {
  return { combine: 'sum', parts: curves.map((curve, i) => ({ name: 'abcdef'[i] as string, curve })) }
}

/** Hill curves from (max, half, shape). */
function hills(rows: readonly (readonly [number, number, number])[]): Link[] {
  return rows.map(([max, half, shape], i) => ({ name: 'abcdef'[i] as string, curve: hillCurve({ max, half, shape }) }))
}

function sumOfHills(rows: readonly (readonly [number, number, number])[]): ValueNode {
  return { combine: 'sum', parts: hills(rows) }
}

function constant(name: string, value: number): Link {
  return { name, curve: { value: () => value, slope: () => 0 }, max: 0 }
}

function spends({ spend }: { spend: Readonly<Record<string, number>> }): number[] {
  return Object.values(spend)
}
