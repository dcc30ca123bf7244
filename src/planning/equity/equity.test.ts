import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bisect } from '../find-root.ts'
import type { Company, ConversionMethod, Holding, Round, Safe } from './cap-table.ts'
import { sizeRaise, topUpProRata } from './raise-size.ts'
import { roundLegally } from './round-legally.ts'
import { solveRound } from './solve-round.ts'
import { valueStages } from './value-stages.ts'

const exact = { relative: 1e-6 }
// Share counts and prices are printed with two and six decimals.
const printed = { relative: 1e-6, absolute: 5e-3 }
const million = 1e6

const guide: Holding[] = [
  { holder: 'founders', kind: 'stock', shares: 9_250_000n },
  { holder: 'options', kind: 'options', shares: 300_000n },
  { holder: 'promised', kind: 'options', shares: 350_000n },
  { holder: 'pool', kind: 'unissued', shares: 100_000n },
]
const post = (amount: number) => ({ amount, basis: 'post-money' as const })
const pre = (amount: number) => ({ amount, basis: 'pre-money' as const })
const safeA: Safe = { holder: 'A', amount: 200_000, cap: post(4 * million) }
const safeB: Safe = { holder: 'B', amount: 800_000, cap: post(8 * million) }
const series = (amount: number, preMoney: number, pool?: Round['pool']): Round => ({
  preMoney,
  investors: [{ holder: 'series A', amount }],
  ...(pool && { pool }),
})
const increase = (shares: bigint) => ({ kind: 'increase' as const, shares })
const founders = (shares: bigint): Holding[] => [{ holder: 'founders', kind: 'stock', shares }]

describe('the priced round (O11, user guide of Y Combinator, appendix II)', () => {
  it.each([
    [
      'example 1, question 2',
      [safeA, safeB],
      series(5 * million, 15 * million, increase(1_695_000n)),
      1.114437,
      [588_235.29, 1_176_470.59],
      4_486_568.63,
      17_946_274.51,
    ],
    [
      'the same with a pool of 10 %',
      [safeA, safeB],
      series(5 * million, 15 * million, { kind: 'target', share: 0.1 }),
      1.114473,
      [588_235.29, 1_176_470.59],
      4_486_425.34,
      17_945_701.36,
    ],
    [
      'example 1, question 5: B takes the price of the round',
      [safeA, safeB],
      series(2.2 * million, 8.8 * million, increase(1_573_000n)),
      0.657714,
      [590_333.33, 1_216_333.33],
      3_344_916.67,
      16_724_583.33,
    ],
    [
      'example 2, question 2: A has a pre-money cap',
      [{ ...safeA, cap: pre(3.8 * million) }, safeB],
      series(5 * million, 15 * million, increase(1_700_000n)),
      1.111496,
      [615_789.47, 1_179_532.16],
      4_498_440.55,
      17_993_762.18,
    ],
  ] as const)('%s', (_, safes, round, price, converted, newShares, total) => {
    const result = solveRound({ holdings: guide, safes }, round)
    expect(result.price).toBeClose(price, exact)
    expect(result.safes.map(({ shares }) => shares)).toBeClose(converted, printed)
    expect([result.newShares, result.total]).toBeClose([newShares, total], printed)
  })

  it('divides post-money caps by 11,764,705.88 shares, and says by what each SAFE converted', () => {
    const first = solveRound(
      { holdings: guide, safes: [safeA, safeB] },
      series(5 * million, 15 * million, increase(1_695_000n)),
    )
    expect(first.postMoneyCapitalization).toBeClose(11_764_705.88, printed)
    expect(first.safes.map(({ by }) => by)).toEqual(['cap', 'cap'])
    const low = solveRound(
      { holdings: guide, safes: [safeA, safeB] },
      series(2.2 * million, 8.8 * million, increase(1_573_000n)),
    )
    expect(low.safes.map(({ by }) => by)).toEqual(['cap', 'round price'])
  })

  it('comes near the guide, which rounds the price first: 5M at 1.1144 are 4,486,719 shares', () => {
    expect(Math.floor((5 * million) / 1.1144)).toBe(4_486_719)
    const { newShares } = solveRound(
      { holdings: guide, safes: [safeA, safeB] },
      series(5 * million, 15 * million, increase(1_695_000n)),
    )
    expect(newShares).toBeClose(4_486_719, { relative: 1e-4 })
  })

  it.each([
    ['pre-money', 8, 178_571.43, 1_428_571.43, 0.7],
    ['percentage', 6.571429, 217_391.3, 1_521_739.13, 0.6571],
    ['dollars', 7.571429, 188_679.25, 1_452_830.19, 0.6883],
  ] as const)('by the %s method of Cooley costs %f a share', (method, price, converted, total, kept) => {
    const safes: Safe[] = [{ holder: 'S', amount: million, discount: 0.3 }]
    const result = solveRound(
      { holdings: founders(1_000_000n), safes },
      { ...series(2 * million, 8 * million), method },
    )
    expect(result.price).toBeClose(price, exact)
    expect([result.safes[0]?.shares as number, result.total]).toBeClose([converted, total], printed)
    expect(1_000_000 / result.total).toBeClose(kept, { absolute: 5e-5 })
  })

  it('with a discount alone has 480M/43 shares at 1.34375, and with a capped SAFE too 2400M/191 at 1.19375', () => {
    const discounted: Safe = { holder: 'D', amount: million, discount: 0.2 }
    const round = series(3 * million, 12 * million)
    const alone = solveRound({ holdings: founders(8_000_000n), safes: [discounted] }, round)
    expect([alone.total, alone.price]).toBeClose([480e6 / 43, 1.34375], { relative: 1e-12 })
    const capped: Safe = { holder: 'C', amount: million, cap: post(10 * million) }
    const both = solveRound({ holdings: founders(8_000_000n), safes: [discounted, capped] }, round)
    expect([both.total, both.price]).toBeClose([2400e6 / 191, 1.19375], { relative: 1e-12 })
    expect((both.safes[1]?.shares as number) / both.total).toBeClose(0.08, { relative: 1e-12 })
  })

  it('without SAFEs is 40/40/20, and with a pool of 10 % 35/35/20/10', () => {
    const holdings: Holding[] = ['a', 'b'].map((holder) => ({ holder, kind: 'stock', shares: 1_000_000n }))
    const plain = roundLegally({ holdings, safes: [] }, series(2 * million, 8 * million))
    expect(plain.price).toBe('4.00000')
    expect(plain.positions.map(({ ownership }) => ownership)).toEqual([0.4, 0.4, 0, 0.2])
    const pooled = solveRound({ holdings, safes: [] }, series(2 * million, 8 * million, { kind: 'target', share: 0.1 }))
    expect([1e6 / pooled.total, pooled.newShares / pooled.total, pooled.pool / pooled.total]).toBeClose(
      [0.35, 0.2, 0.1],
      { relative: 1e-12 },
    )
  })

  it('dilutes a SAFE of 1M at 10M from 10 % to 8 % by 5M at 20M', () => {
    const safes: Safe[] = [{ holder: 'S', amount: million, cap: post(10 * million) }]
    const result = solveRound({ holdings: founders(9_000_000n), safes }, series(5 * million, 20 * million))
    const shares = result.safes[0]?.shares as number
    expect(shares / result.postMoneyCapitalization).toBeClose(0.1, { relative: 1e-12 })
    expect(shares / result.total).toBeClose(0.08, { relative: 1e-12 })
  })

  it('gives a most favoured SAFE the best terms of a later one, whole, and none of an earlier one', () => {
    const later: Safe = { holder: 'later', amount: 500_000, cap: post(5 * million) }
    const favoured: Safe = { holder: 'MFN', amount: 100_000, mostFavoured: true }
    const round = series(3 * million, 12 * million)
    const result = solveRound({ holdings: guide, safes: [favoured, later, { ...safeB, holder: 'B' }] }, round)
    expect(result.safes[0]).toMatchObject({ by: 'cap', termsOf: 'later' })
    expect(result.safes[0]?.price).toBeClose(result.safes[1]?.price as number, { relative: 1e-12 })
    const [, last] = solveRound({ holdings: guide, safes: [later, favoured] }, round).safes
    expect(last).toMatchObject({ by: 'round price', termsOf: 'MFN' })
  })

  it('asks 4.4118 % for a pro-rata right of 25 % where SAFEs take 15 %', () => {
    expect(topUpProRata(0.25, 0.15)).toBeClose(0.0441176, { absolute: 5e-7 })
  })

  it('is refused where SAFEs take the whole company, by cap, by new money or by pool', () => {
    const whole: Company = { holdings: guide, safes: [safeA, { ...safeB, amount: 7.6 * million }] }
    expect(() => solveRound(whole, series(5 * million, 15 * million))).toThrow(
      'SAFEs, new money and pool would take the whole company: A 5.0 %, B 95.0 %, new money 5000000 on 15000000.',
    )
    const discount: Company = { holdings: guide, safes: [{ holder: 'D', amount: 14 * million, discount: 0.2 }] }
    expect(() => solveRound(discount, series(5 * million, 15 * million))).toThrow('the whole company')
    const pool = series(5 * million, 15 * million, { kind: 'target', share: 0.75 })
    expect(() => solveRound({ holdings: guide, safes: [] }, pool)).toThrow('the whole company')
  })

  it('is refused with every fault of its table', () => {
    const company: Company = { holdings: founders(-5n), safes: [{ holder: 'S', amount: 0 }] }
    expect(() => solveRound(company, series(0, 1))).toThrow(
      'The cap table cannot be: founders holds -5 shares; nobody holds a share; the SAFE of S has an amount of 0; the SAFE of S has neither cap nor discount; series A invests 0.',
    )
  })
})

describe('the legal round', () => {
  const company: Company = { holdings: guide, safes: [safeA, safeB] }
  const round = series(5 * million, 15 * million, increase(1_695_000n))

  it('rounds the price up to five decimals and shares down, and keeps the drift of each holder', () => {
    const legal = roundLegally(company, round)
    // 200,000 / 0.34 and 800,000 / 0.68 are the caps' prices; 5M / 1.11444 the new money's.
    expect(legal.price).toBe('1.11444')
    const sharesOf = Object.fromEntries(legal.positions.map(({ holder, shares }) => [holder, shares]))
    expect(sharesOf).toEqual({
      founders: 9_250_000n,
      options: 300_000n,
      promised: 350_000n,
      'option pool': 1_795_000n,
      A: 588_235n,
      B: 1_176_470n,
      'series A': (5_000_000n * 100_000n) / 111_444n,
    })
    expect(legal.total).toBe(17_946_263n)
    for (const { drift } of legal.positions) {
      expect(drift).toBeLessThanOrEqual(1e-6)
      expect(drift).toBeGreaterThan(-15)
    }
  })

  it('does not round a price up that is already whole in five decimals', () => {
    expect(roundLegally({ holdings: founders(8_000_000n), safes: [] }, series(3 * million, 10 * million)).price).toBe(
      '1.25000',
    )
  })

  it('refuses a price that five decimals cannot write', () => {
    expect(() => roundLegally({ holdings: founders(10n ** 13n), safes: [] }, series(1000, 10_000))).toThrow(
      'A share would cost',
    )
  })

  it('adds up exactly, whatever the table', () => {
    const money = fc.integer({ min: 10_000, max: 2_000_000 })
    const safe = fc.record({
      amount: money,
      capped: fc.boolean(),
      cap: fc.integer({ min: 8_000_000, max: 40_000_000 }),
      post: fc.boolean(),
      discount: fc.integer({ min: 0, max: 30 }),
      mostFavoured: fc.boolean(),
    })
    const method = fc.constantFrom<ConversionMethod>('pre-money', 'percentage', 'dollars')
    const target = fc.integer({ min: 0, max: 20 })
    fc.assert(
      fc.property(fc.array(safe, { maxLength: 3 }), money, method, target, (drawn, amount, way, percent) => {
        const safes = drawn.map(
          (s, i): Safe => ({
            holder: `safe ${i}`,
            amount: s.amount,
            discount: s.discount / 100,
            ...(s.capped && { cap: s.post ? post(s.cap) : pre(s.cap) }),
            mostFavoured: s.mostFavoured,
          }),
        )
        const drawnRound: Round = {
          ...series(amount, 20 * million, { kind: 'target', share: percent / 100 }),
          method: way,
        }
        const { positions, total, unrounded } = roundLegally({ holdings: guide, safes }, drawnRound)
        expect(positions.reduce((sum, { shares }) => sum + shares, 0n)).toBe(total)
        expect(positions.reduce((sum, { ownership }) => sum + ownership, 0)).toBeClose(1, { relative: 1e-12 })
        expect(positions.reduce((sum, position) => sum + position.unrounded.ownership, 0)).toBeClose(1, {
          relative: 1e-12,
        })
        // Every SAFE pays the least of its prices.
        for (const [i, { price, shares }] of unrounded.safes.entries()) {
          const { cap, discount = 0 } = safes[i] as Safe
          expect(price).toBeLessThanOrEqual(unrounded.price * (1 - discount) * (1 + 1e-9))
          const base = cap?.basis === 'post-money' ? unrounded.postMoneyCapitalization : 9_900_000 + unrounded.pool
          if (cap) expect(price).toBeLessThanOrEqual((cap.amount / base) * (1 + 1e-9))
          expect(shares).toBeGreaterThan(0)
        }
      }),
    )
  })

  it('leaves founders less the more is raised, and the same in any currency', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (a, b, rate) => {
          const totalOf = (amount: number, unit = 1) =>
            solveRound(
              {
                holdings: guide,
                safes: [safeA, safeB].map((s) => ({
                  ...s,
                  amount: s.amount * unit,
                  cap: post((s.cap?.amount ?? 0) * unit),
                })),
              },
              series(amount * 100_000 * unit, 15 * million * unit, increase(500_000n)),
            ).total
          if (a < b) expect(totalOf(a)).toBeLessThan(totalOf(b))
          expect(totalOf(a, rate)).toBeClose(totalOf(a), { relative: 1e-12 })
        },
      ),
    )
  })
})

describe('the size of a raise (O11, on the value curve of O3)', () => {
  const [most, shapes, halves] = [1000, [1, 2, 1.5], [20, 30, 10]]
  /** The best product of the three Hill curves for a budget: equal slopes of the logarithm. */
  const bestOf = (budget: number) => {
    const spendAt = (logLevel: number) =>
      shapes.map((n, i) => {
        const k = halves[i] as number
        const slope = (x: number) => (n / x) * (k ** n / (k ** n + x ** n)) - Math.exp(logLevel)
        return slope(1e9) > 0 ? 1e9 : bisect(slope, 1e-12, 1e9)
      })
    const level = bisect((l) => spendAt(l).reduce((sum, x) => sum + x, 0) - budget, -12, 12)
    return spendAt(level).reduce((product, x, i) => {
      const [n, k] = [shapes[i] as number, halves[i] as number]
      return product * (x ** n / (k ** n + x ** n))
    }, most)
  }
  // The curve is solved once on a fine grid and read by a cubic, as an allocation's V*(B) would be.
  const step = 0.5
  const grid = Array.from({ length: 1300 }, (_, i) => (i === 0 ? 0 : bestOf(i * step)))
  const curve = (budget: number) => {
    const i = Math.min(grid.length - 4, Math.max(0, Math.floor(budget / step) - 1))
    const t = budget / step - i
    const [a, b, c, d] = grid.slice(i, i + 4) as [number, number, number, number]
    return (
      (-a * (t - 1) * (t - 2) * (t - 3)) / 6 +
      (b * t * (t - 2) * (t - 3)) / 2 -
      (c * t * (t - 1) * (t - 3)) / 2 +
      (d * t * (t - 1) * (t - 2)) / 6
    )
  }

  it('is 220.9383 at 200 before the money, where λ = V/Post = 1.574074 and founders keep 47.513 %', () => {
    const raise = sizeRaise({ bestValue: curve, capital: 0, preMoney: 200, amountMax: 600 })
    expect(raise.amount).toBeClose(220.9383, exact)
    expect([raise.priceOfCapital, raise.valueOverPostMoney]).toBeClose([1.574074, 1.574074], exact)
    expect(raise.kept).toBeClose(0.47513, { absolute: 5e-6 })
    expect(raise.flat.from).toBeLessThan(raise.amount)
    expect(raise.flat.to).toBeGreaterThan(raise.amount)
  })

  it('is 343.2428 at 800 before the money, where λ is 0.692089', () => {
    const raise = sizeRaise({ bestValue: curve, capital: 0, preMoney: 800, amountMax: 600 })
    expect([raise.amount, raise.priceOfCapital]).toBeClose([343.2428, 0.692089], exact)
  })

  it('is nothing where money adds less than it costs', () => {
    expect(
      sizeRaise({ bestValue: (capital) => 100 + 0.1 * capital, capital: 0, preMoney: 50, amountMax: 100 }),
    ).toMatchObject({ amount: 0, kept: 1 })
  })
})

describe('staged money', () => {
  const launch = (name: string, value: number) => ({ name, cost: 100, outcomes: [{ probability: 1, next: value }] })

  it('is worth more with the right to stop, by what stopping saves', () => {
    const pilot = {
      name: 'pilot',
      cost: 20,
      outcomes: [
        { probability: 0.5, next: launch('launch after a good pilot', 180) },
        { probability: 0.5, next: launch('launch after a bad pilot', 40) },
      ],
    }
    expect(valueStages(pilot)).toEqual({
      committed: -10,
      staged: 20,
      optionValue: 30,
      abandoned: ['launch after a bad pilot'],
    })
  })

  it('is never worth less than committed money, nor less than stopping', () => {
    const number = fc.double({ min: -100, max: 100, noNaN: true })
    fc.assert(
      fc.property(
        number,
        number,
        number,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (good, bad, cost, probability) => {
          const { committed, staged } = valueStages({
            name: 'first',
            cost,
            discount: 0.9,
            outcomes: [
              { probability, next: launch('second', good) },
              { probability: 1 - probability, next: bad },
            ],
          })
          expect(staged).toBeGreaterThanOrEqual(Math.max(0, committed) - 1e-9)
        },
      ),
    )
  })

  it('is refused where the outcomes are not all there', () => {
    expect(() => valueStages({ name: 'x', cost: 1, outcomes: [{ probability: 0.5, next: 3 }] })).toThrow(
      'add up to 0.5',
    )
  })
})
