import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Course, findExpensesToLive, findGrowthToLive, projectRunway } from './continuous-runway.ts'
import { ruinAtMonthEnds, ruinByDiffusion } from './ruin-probability.ts'
import { compareFactsWithHopes, stepRunway } from './stepped-runway.ts'

const exact = { relative: 1e-6 }
const monthly: Course = { expenses: 80_000, revenue: 20_000, growth: { kind: 'compound', rate: 0.08 } }

describe('the continuous runway (O10)', () => {
  it('agrees with the defaults of growth.tlb.org: 112.284138 weeks, 118,907.708 of capital', () => {
    const weekly = projectRunway({ cash: 0, expenses: 1600, revenue: 100, growth: { kind: 'compound', rate: 0.025 } })
    expect([weekly.breakEven, weekly.capitalNeeded].map(Number)).toBeClose([112.284138, 118_907.708], exact)
    expect((weekly.breakEven as number) / (365.2425 / 7 / 12)).toBeClose(25.823576, exact)
  })

  it('calls 80k of expenses, 20k of revenue and 8 % of growth alive with 1.2M and dead with 400k', () => {
    const alive = projectRunway({ ...monthly, cash: 1_200_000 })
    expect(alive).toMatchObject({ convention: 'continuous', defaultAlive: true, runway: null })
    expect([alive.breakEven, alive.capitalNeeded, alive.cushion].map(Number)).toBeClose(
      [18.012937, 661_419.7, 538_580.3],
      exact,
    )
    const dead = projectRunway({ ...monthly, cash: 400_000 })
    expect(dead.defaultAlive).toBe(false)
    expect(Number(dead.runway)).toBeClose(7.567176, exact)
    expect(findGrowthToLive({ ...monthly, cash: 400_000 })).toBeClose(0.13571098, exact)
  })

  it('breaks even after 12 months with 360,000 where revenue rises by 5k a month', () => {
    const linear = projectRunway({ ...monthly, growth: { kind: 'linear', amount: 5000 }, cash: 360_000 })
    expect(linear).toMatchObject({ breakEven: 12, capitalNeeded: 360_000, defaultAlive: true, cushion: 0 })
    expect(findGrowthToLive({ ...monthly, growth: { kind: 'linear', amount: 0 }, cash: 360_000 })).toBe(5000)
  })

  it('is cash over burn without growth, shorter where revenue shrinks, and ends even a profit that shrinks', () => {
    const flat = projectRunway({ ...monthly, growth: { kind: 'compound', rate: 0 }, cash: 600_000 })
    expect(flat).toMatchObject({ breakEven: null, capitalNeeded: null, cushion: null, defaultAlive: false })
    expect(flat.runway).toBeClose(10, exact)
    const shrinking = projectRunway({ ...monthly, growth: { kind: 'compound', rate: -0.1 }, cash: 600_000 })
    expect(shrinking.runway).toBeGreaterThan(600 / 80)
    expect(shrinking.runway).toBeLessThan(10)
    const profit = projectRunway({ expenses: 10, revenue: 20, growth: { kind: 'compound', rate: -0.05 }, cash: 5 })
    expect(profit.runway).toBeGreaterThan(Math.log(2) / 0.05)
    expect(projectRunway({ ...monthly, revenue: 90_000, cash: 0 })).toMatchObject({
      breakEven: 0,
      defaultAlive: true,
      cushion: 0,
    })
  })

  it('is just alive at the growth and at the expenses that it says are needed', () => {
    const money = fc.double({ min: 1, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(
        money,
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        money,
        fc.double({ min: 0.001, max: 0.5, noNaN: true }),
        (expenses, share, cash, rate) => {
          const course: Course = { expenses, revenue: share * expenses, growth: { kind: 'compound', rate } }
          const growth = findGrowthToLive({ ...course, cash })
          fc.pre(growth !== null)
          const { capitalNeeded } = projectRunway({ ...course, growth: { kind: 'compound', rate: growth }, cash })
          expect(capitalNeeded).toBeClose(cash, { relative: 1e-6 })
          const cut = findExpensesToLive({ ...course, cash })
          expect(cut).toBeLessThanOrEqual(expenses)
          expect(projectRunway({ ...course, expenses: cut * (1 - 1e-9), cash }).defaultAlive).toBe(true)
          expect(projectRunway({ ...course, cash }).defaultAlive).toBe(growth <= rate)
        },
      ),
    )
  })

  it('does not depend on the unit of money', () => {
    const { runway } = projectRunway({ ...monthly, cash: 400_000 })
    const scaled = projectRunway({ ...monthly, expenses: 80, revenue: 20, cash: 400 })
    expect(Number(scaled.runway)).toBeClose(Number(runway), { relative: 1e-12 })
  })

  it('refuses what cannot be, all at once', () => {
    expect(() => projectRunway({ ...monthly, cash: -1, revenue: Number.NaN })).toThrow(
      'In the runway, cash must be at least 0 and is -1; revenue must be at least 0 and is NaN.',
    )
  })
})

describe('the stepped runway', () => {
  it('of the same company needs 691,074.74 and breaks even in month 19, and says which convention it follows', () => {
    const stepped = stepRunway({ ...monthly, cash: 1_200_000 })
    expect(stepped).toMatchObject({ convention: 'start-of-month steps', breakEvenMonth: 19, defaultAlive: true })
    expect(stepped.capitalNeeded).toBeClose(691_074.74, exact)
    expect(stepped.lowestCash).toBeClose(1_200_000 - 691_074.74, exact)
    expect(stepRunway({ ...monthly, cash: 400_000 })).toMatchObject({ runwayMonths: 7, defaultAlive: false })
  })

  it('gives the verdict of the facts beside that of the hopes', () => {
    const { facts, hopes } = compareFactsWithHopes({
      ...monthly,
      cash: 650_000,
      hopes: {
        expenses: [{ name: 'sales', fromMonth: 6, perMonth: 10_000 }],
        cash: [{ name: 'seed', month: 3, amount: 500_000 }],
      },
    })
    expect(facts).toMatchObject({ defaultAlive: false, runwayMonths: 14, breakEvenMonth: 19 })
    expect(hopes).toMatchObject({ defaultAlive: true, runwayMonths: null, breakEvenMonth: 20 })
  })
})

describe('the probability of ruin (600 of cash, 50 of burn, sd of 60)', () => {
  const risk = { cash: 600, burn: 50, sd: 60 }

  it('by first passage is 0.028524, 0.357328, 0.567189 and 0.794931 after 6, 10, 12 and 15 months', () => {
    expect([6, 10, 12, 15].map((months) => ruinByDiffusion(risk, months))).toBeClose(
      [0.028524, 0.357328, 0.567189, 0.794931],
      { absolute: 5e-7 },
    )
  })

  it('at month ends is 0.0206, 0.310 and 0.518, within three standard errors, and below the closed form', () => {
    const { probability, standardError } = ruinAtMonthEnds(risk, { months: 12, seed: 10, draws: 200_000 })
    for (const [months, expected] of [
      [6, 0.0206],
      [10, 0.31],
      [12, 0.518],
    ] as const) {
      const [p, error] = [probability[months - 1] as number, standardError[months - 1] as number]
      // The expected values are a simulation of the same size, printed with three digits.
      expect(Math.abs(p - expected)).toBeLessThan(3 * Math.SQRT2 * error + 5e-4)
      expect(p).toBeLessThan(ruinByDiffusion(risk, months))
    }
  })

  it('stays a probability where the exponential alone would overflow, and rises with time and burn', () => {
    expect(ruinByDiffusion({ cash: 60_000, burn: 50, sd: 6 }, 1300)).toBeClose(1, { absolute: 1e-9 })
    const positive = fc.double({ min: 0.1, max: 1e4, noNaN: true })
    fc.assert(
      fc.property(
        positive,
        positive,
        positive,
        fc.double({ min: 0.5, max: 100, noNaN: true }),
        (cash, burn, sd, months) => {
          const p = ruinByDiffusion({ cash, burn, sd }, months)
          expect(p).toBeGreaterThanOrEqual(0)
          expect(p).toBeLessThanOrEqual(1)
          expect(ruinByDiffusion({ cash, burn, sd }, months * 1.5)).toBeGreaterThanOrEqual(p - 1e-12)
          expect(ruinByDiffusion({ cash, burn: burn * 1.5, sd }, months)).toBeGreaterThanOrEqual(p - 1e-12)
        },
      ),
    )
  })
})
