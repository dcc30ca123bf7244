import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { measureDemand } from './gabor-granger.ts'
import { judgeFeasibility } from './judge-feasibility.ts'
import { scoreOptions } from './score-options.ts'
import { sizeMarket } from './size-market.ts'
import { measurePriceSensitivity, type PriceOpinion } from './van-westendorp.ts'

const opinion = (tooCheap: number, cheap: number, expensive: number, tooExpensive: number): PriceOpinion => ({
  tooCheap,
  cheap,
  expensive,
  tooExpensive,
})

describe('the price sensitivity meter', () => {
  it('finds the four crossings, leaving out who contradicts himself', () => {
    // All agree: each curve is one step, and the crossings lie between the steps.
    const agreed = Array.from({ length: 10 }, () => opinion(10, 20, 40, 60))
    const result = measurePriceSensitivity([...agreed, opinion(30, 20, 40, 60)])
    expect(result).toMatchObject({ respondents: 10, inconsistent: 1 })
    expect(result.lowest).toBeGreaterThanOrEqual(10)
    expect(result.highest).toBeLessThanOrEqual(60)
  })

  it('agrees with crossings found by hand', () => {
    const people = [1, 2, 3, 4, 5].map((i) => opinion(i, 2 * i, 3 * i, 4 * i))
    // too cheap ≥ p falls 1, .8, .6, .4, .2 at 1…5 and is 0 from 6 on; expensive ≤ p rises by .2 at 3, 6, 9, 12, 15.
    // At 4: .4 against .2; at 5: .2 against .2. So they meet at 5, and nowhere before.
    expect(measurePriceSensitivity(people).lowest).toBeClose(5, { absolute: 1e-12 })
    // cheap ≥ p: .6 at 6, .4 at 8; expensive ≤ p: .4 from 6, .6 from 9. Equal at 8: .4 and .4.
    expect(measurePriceSensitivity(people).indifferent).toBeClose(8, { absolute: 1e-12 })
  })

  it('keeps its points in order and moves with the currency', () => {
    const person = fc
      .tuple(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 50 }),
      )
      .map(([a, b, c, d]) => opinion(a, a + b, a + b + c, a + b + c + d))
    fc.assert(
      fc.property(fc.array(person, { minLength: 5, maxLength: 40 }), (people) => {
        const { lowest, highest, optimal, indifferent } = measurePriceSensitivity(people)
        expect(lowest).toBeLessThanOrEqual(highest + 1e-9)
        for (const point of [optimal, indifferent]) expect(point).toBeGreaterThan(0)
        const dear = measurePriceSensitivity(
          people.map((one) => opinion(4 * one.tooCheap, 4 * one.cheap, 4 * one.expensive, 4 * one.tooExpensive)),
        )
        expect(dear.optimal).toBeClose(4 * optimal, { relative: 1e-12 })
      }),
    )
  })

  it('is refused below five respondents', () => {
    expect(() => measurePriceSensitivity([opinion(1, 2, 3, 4)])).toThrow('five are the least')
  })
})

describe('demand by direct questions', () => {
  const ask = (price: number, buyers: number, asked = 10) =>
    Array.from({ length: asked }, (_, i) => ({ price, buys: i < buyers }))

  it('takes the price of the largest profit', () => {
    const { best, points } = measureDemand([...ask(10, 9), ...ask(20, 6), ...ask(30, 2)], 5)
    expect(points.map(({ profit }) => profit)).toBeClose([4.5, 9, 5], { relative: 1e-12 })
    expect(best).toMatchObject({ price: 20, share: 0.6 })
  })

  it('lets demand only fall with the price, pooling answers that do not', () => {
    const { points } = measureDemand([...ask(10, 5), ...ask(20, 7), ...ask(30, 1)])
    expect(points.map(({ demand }) => demand)).toBeClose([0.6, 0.6, 0.1], { relative: 1e-12 })
    expect(points.map(({ share }) => share)).toEqual([0.5, 0.7, 0.1])
  })

  it('is refused for a price below 0 and for few answers', () => {
    expect(() => measureDemand(ask(-1, 3))).toThrow('a price of -1')
    expect(() => measureDemand([...ask(10, 3), ...ask(20, 1, 2)])).toThrow('2 respondents at each price')
    expect(() => measureDemand([])).toThrow('0 respondents')
  })
})

describe('the choice among options', () => {
  const question = {
    weights: { market: 2, fit: 1 },
    options: { a: { market: 8, fit: 2 }, b: { market: 5, fit: 6 } },
    seed: 1,
  }

  it('ranks by the weighted mean and says where the weights would turn it', () => {
    const { ranking, sensitivity } = scoreOptions(question)
    expect(ranking.map(({ option }) => option)).toEqual(['a', 'b'])
    expect(ranking.map(({ score }) => score)).toBeClose([6, 16 / 3], { relative: 1e-12 })
    // a leads by 3 on market and trails by 4 on fit: equal at a weight of 4/7 for market.
    const market = sensitivity.find(({ criterion }) => criterion === 'market')
    expect(market).toMatchObject({ to: 1, otherwise: 'b' })
    expect(market?.from).toBeClose(4 / 7, { relative: 1e-12 })
    // A random weight of market is uniform on 0 … 1, so a is best in 3/7 of all mixes.
    expect(ranking[0]?.bestShare).toBeClose(3 / 7, { absolute: 0.03 })
  })

  it('is refused with every score that is missing or out of range', () => {
    const options = { a: { market: 11 }, b: { market: 5, fit: 6 } }
    expect(() => scoreOptions({ ...question, options })).toThrow('a has no score for fit; a has 11 for market')
  })
})

it('sizes a market from below, and all groups together', () => {
  const draws = (value: number) => new Float64Array(8).fill(value)
  const group = (name: string, customers: number) => ({
    name,
    customers: draws(customers),
    reachable: draws(0.5),
    winnable: draws(0.1),
    price: draws(10),
  })
  const [shops, , all] = sizeMarket([group('shops', 1000), group('banks', 10)])
  expect([shops?.total.p50, shops?.serviceable.p50, shops?.obtainable.p50]).toEqual([120_000, 60_000, 6000])
  expect(all).toMatchObject({ name: 'all', total: { p50: 121_200 } })
})

describe('feasibility', () => {
  const run = (version: number, trainExamples: number, error: number) => ({
    version,
    trainExamples,
    score: 1 - error,
    interval: [1 - error - 0.005, 1 - error + 0.005] as const,
    testExamples: 3000,
  })
  const runs = [200, 400, 800, 1600, 3200].map((labels, i) => run(i + 1, labels, 0.05 + 1.5 * labels ** -0.5))

  it('extends the learning curve of the runs to the target, and prices the labels', () => {
    const result = judgeFeasibility({ runs, target: 0.93, labelPrice: 0.1, seed: 1 })
    expect(result).toMatchObject({ reached: 'no', best: { version: 5 }, curve: { answer: 'labels' } })
    // 0.05 + 1.5/√n = 0.07 at n = 5,625.
    if (result.curve.answer === 'labels') expect(result.curve.p50).toBeClose(5625, { relative: 0.05 })
    expect(result.cost?.p50).toBeClose(0.1 * (5625 - 3200), { relative: 0.15 })
  })

  it('says what is known where there are few runs, and none', () => {
    expect(judgeFeasibility({ runs: runs.slice(0, 2), target: 0.6, labelPrice: null, seed: 1 })).toMatchObject({
      reached: 'surely',
      curve: { answer: 'none', why: expect.stringContaining('2 different numbers') },
      cost: null,
    })
    expect(judgeFeasibility({ runs: [], target: 0.6, labelPrice: null, seed: 1 })).toMatchObject({ reached: 'unknown' })
  })
})
