import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparePlans } from './compare-plans.ts'
import type { Distribution } from './distribution.ts'
import { type Correlation, drawInputs, drawUniforms } from './draw-inputs.ts'
import { conditionalValueAtRisk, rankCorrelation, summarize, variance } from './sample-statistics.ts'

const normal: Distribution = { kind: 'normal', mean: 0, sd: 1 }
const inputs = { price: normal, churn: normal, growth: normal, wages: normal }
const correlations: Correlation[] = [
  { between: ['price', 'churn'], value: 0.6 },
  { between: ['churn', 'growth'], value: -0.5 },
]

describe('draws', () => {
  it('are the same for the same seed and name, and others for another', () => {
    expect(drawUniforms(7, 'price', 100)).toEqual(drawUniforms(7, 'price', 100))
    expect(drawUniforms(7, 'price', 100)).not.toEqual(drawUniforms(8, 'price', 100))
    expect(drawUniforms(7, 'price', 100)).toEqual(drawUniforms(7, 'price', 4096).subarray(0, 100))
  })

  it('of different names are independent, also where names differ in one letter', () => {
    const names = Array.from({ length: 10 }, (_, i) => `input ${i}`)
    const streams = names.map((name) => drawUniforms(1, name, 4096))
    for (const [i, a] of streams.entries())
      for (const b of streams.slice(0, i)) expect(Math.abs(rankCorrelation(a, b))).toBeLessThan(4 / 64)
  })

  it('stay bit-identical when an unused input is added anywhere, also one that is correlated', () => {
    const before = drawInputs({ seed: 3, inputs, correlations })
    const after = drawInputs({
      seed: 3,
      inputs: { aaa: normal, ...inputs, zzz: { kind: 'gamma', shape: 2, scale: 1 } },
      correlations: [...correlations, { between: ['aaa', 'price'], value: 0.3 }],
    })
    for (const [name, values] of before) expect(after.get(name)).toEqual(values)
  })

  it('of inputs that share a stream have the same luck, also where that is correlated', () => {
    const twice = { ...inputs, 'price (dear)': { kind: 'normal', mean: 10, sd: 2 } as const }
    const draws = drawInputs({ seed: 3, draws: 64, inputs: twice, correlations, streams: { 'price (dear)': 'price' } })
    expect(draws.get('price (dear)') ?? []).toBeClose(
      (draws.get('price') ?? new Float64Array()).map((value) => 10 + 2 * value),
      { relative: 1e-9 },
    )
  })

  it('do not depend on the order in which inputs are listed', () => {
    const names = Object.keys(inputs) as (keyof typeof inputs)[]
    const expected = drawInputs({ seed: 3, draws: 64, inputs, correlations })
    fc.assert(
      fc.property(fc.shuffledSubarray(names, { minLength: names.length }), (order) => {
        const turned = Object.fromEntries(order.map((name) => [name, inputs[name]]))
        const draws = drawInputs({ seed: 3, draws: 64, inputs: turned, correlations })
        for (const [name, values] of expected) expect(draws.get(name)).toEqual(values)
      }),
    )
  })

  it('have the correlations that were asked for, and 0 where none was', () => {
    const draws = drawInputs({ seed: 5, draws: 65_536, inputs, correlations })
    const ofRanks = (value: number) => (6 / Math.PI) * Math.asin(value / 2)
    const between = (a: string, b: string) =>
      rankCorrelation(draws.get(a) as Float64Array, draws.get(b) as Float64Array)
    expect([
      between('price', 'churn'),
      between('churn', 'growth'),
      between('price', 'growth'),
      between('wages', 'price'),
    ]).toBeClose([ofRanks(0.6), ofRanks(-0.5), 0, 0], { absolute: 0.015 })
  })

  it('are refused where correlations contradict each other, are doubled or name no input', () => {
    const draw = (extra: Correlation) => () => drawInputs({ seed: 1, inputs, correlations: [...correlations, extra] })
    expect(draw({ between: ['price', 'growth'], value: 0.9 })).toThrow(
      'growth cannot have its correlations with price, churn together with those among them.',
    )
    expect(draw({ between: ['churn', 'price'], value: 0.5 })).toThrow('churn and price have two correlations.')
    expect(draw({ between: ['price', 'cost'], value: 0.5 })).toThrow('Correlations name cost, which no input has.')
    expect(draw({ between: ['price', 'wages'], value: 1 })).toThrow('The correlation of price and wages is 1.')
  })
})

describe('the comparison of two plans', () => {
  // O9: A is lognormal(ln 200, 0.4), K lognormal(ln 30, 0.3); a plan that spends x earns A·x/(K + x) - x.
  const logNormal = (median: number, sigma: number): Distribution => ({
    kind: 'lognormal',
    mean: median * Math.exp(sigma ** 2 / 2),
    sd: median * Math.exp(sigma ** 2 / 2) * Math.sqrt(Math.expm1(sigma ** 2)),
  })
  const plan = (spend: number, seed: number) => {
    const draws = drawInputs({ seed, draws: 262_144, inputs: { a: logNormal(200, 0.4), k: logNormal(30, 0.3) } })
    const [a, k] = [draws.get('a') as Float64Array, draws.get('k') as Float64Array]
    return a.map((value, s) => (value * spend) / ((k[s] as number) + spend) - spend)
  }

  it('on common draws has a variance of 6.52 against 6,159 on independent ones (O9), far below a hundredth', () => {
    const [more, less] = [plan(45, 1), plan(40, 1)]
    const common = comparePlans(more, less)
    const independent = comparePlans(more, plan(40, 2))
    const [small, large] = [common, independent].map(({ standardError }) => standardError ** 2 * more.length) as [
      number,
      number,
    ]
    expect(small).toBeClose(6.52, { relative: 0.02 })
    expect(large).toBeClose(6159, { relative: 0.02 })
    expect(large / small).toBeGreaterThan(100)
  })

  it('says by how much one is better and how often', () => {
    expect(comparePlans(Float64Array.of(3, 1, 4, 1), Float64Array.of(1, 1, 1, 3))).toEqual({
      meanDifference: 0.75,
      standardError: Math.sqrt(variance(Float64Array.of(2, 0, 3, -2)) / 4),
      probabilityBetter: 0.625,
    })
  })
})

describe('sample statistics', () => {
  it('give quantiles between order statistics, and the mean of the worst share', () => {
    const values = Float64Array.of(4, 1, 3, 2, 5)
    expect(summarize(values)).toMatchObject({ mean: 3, p10: 1.4, p50: 3, p90: 4.6 })
    expect(conditionalValueAtRisk(values, 0.4)).toBe(1.5)
    expect(conditionalValueAtRisk(values, 0.3)).toBeClose((1 + 0.5 * 2) / 1.5, { relative: 1e-12 })
    expect(conditionalValueAtRisk(values, 1)).toBe(3)
  })

  it('rank with ties shared', () => {
    const a = Float64Array.of(1, 2, 2, 4)
    expect(rankCorrelation(a, a)).toBe(1)
    expect(rankCorrelation(a, Float64Array.of(4, 2, 2, 1))).toBe(-1)
    expect(rankCorrelation(a, Float64Array.of(3, 3, 3, 3))).toBe(0)
  })
})
