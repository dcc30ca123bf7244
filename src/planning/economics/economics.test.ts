import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expectResidualLifetime, surviveOf } from '../retention.ts'
import { optimizeElasticPrice, optimizeLinearPrice, optimizeLogitPrice } from './optimize-price.ts'
import { stakeKelly } from './stake-kelly.ts'
import {
  breakEvenUnits,
  costAcquisition,
  measureEfficiency,
  paybackMonths,
  retainRevenue,
  valueLifetime,
  valueLifetimeOfCohort,
} from './unit-economics.ts'

const exact = { relative: 1e-6 }

describe('unit economics (O12)', () => {
  it('retains 102 % net and 87 % gross of 100k with 15k more, 5k less and 8k gone', () => {
    const first = retainRevenue({ opening: 100_000, expansion: 15_000, contraction: 5000, churned: 8000 })
    expect([first.net, first.gross]).toBeClose([1.02, 0.87], exact)
    const second = retainRevenue({ opening: 20_000, expansion: 3000, contraction: 1200, churned: 800 })
    expect([second.net, second.gross]).toBeClose([1.05, 0.9], exact)
  })

  it('values a customer of 100 a month, 80 % margin and 3 % churn at 2,666.67, or 1,382.887408 within 24 months', () => {
    const { unlimited, capped } = valueLifetime({ revenuePerMonth: 100, grossMargin: 0.8, churn: 0.03 })
    expect([unlimited, capped]).toBeClose([2666.666667, 1382.887408], exact)
    expect(valueLifetime({ revenuePerMonth: 100, grossMargin: 0.8, churn: 0 }).capped).toBe(1920)
  })

  it('values a customer by its cohort as the discounted sum of what the cohort still pays', () => {
    const retention = { alpha: 1.5, beta: 4 }
    const survival = surviveOf(retention, 3000)
    const sum = survival.reduce((total, share, t) => total + (80 * share) / 1.02 ** t, 0)
    expect(valueLifetimeOfCohort({ marginPerMonth: 80, retention, discount: 0.02 })).toBeClose(sum, { relative: 1e-9 })
    expect(expectResidualLifetime(retention, { discount: 0.02, renewals: 24 })).toBeGreaterThan(
      expectResidualLifetime(retention, { discount: 0.02, renewals: 0 }),
    )
  })

  it('pays an acquisition cost of 1,000 back in 12.5 months, salaries counted', () => {
    const acquisitionCost = costAcquisition({ salesAndMarketing: 30_000 + 20_000, newCustomers: 50 })
    expect(paybackMonths({ acquisitionCost, revenuePerMonth: 100, grossMargin: 0.8 })).toBe(12.5)
  })

  it('breaks even at 2,778 whole units with 50k fixed, a price of 30 and a cost of 12', () => {
    const { exact: units, whole } = breakEvenUnits({ fixedCost: 50_000, price: 30, unitCost: 12 })
    expect(units).toBeClose(2777.777778, exact)
    expect(whole).toBe(2778)
    expect(() => breakEvenUnits({ fixedCost: 1, price: 12, unitCost: 12 })).toThrow(
      'price - unitCost must be positive and is 0',
    )
  })

  it('measures how well money becomes growth', () => {
    const quarter = {
      netBurn: 600,
      newAnnualRevenue: 300,
      revenueRise: 50,
      salesAndMarketingBefore: 100,
      won: 40,
      lost: 10,
      growthPercent: 60,
      marginPercent: -15,
    }
    expect(measureEfficiency(quarter)).toEqual({ burnMultiple: 2, magicNumber: 2, quickRatio: 4, ruleOf40: 45 })
  })
})

describe('the price optimum (O12)', () => {
  it('of Q = 1000 - 10p at a cost of 20 is 60 with a profit of 16,000', () => {
    expect(optimizeLinearPrice({ most: 1000, slope: 10, unitCost: 20 })).toEqual({
      price: 60,
      quantity: 400,
      profit: 16_000,
    })
  })

  it('of logit demand is 35.571456 with 608.938967 sold and a profit of 15,571.456', () => {
    const { price, quantity, profit } = optimizeLogitPrice({ market: 1000, preference: 4, slope: 0.1, unitCost: 10 })
    expect([price, quantity, profit]).toBeClose([35.571456, 608.938967, 15_571.456], exact)
  })

  it('of elasticity 3 at a cost of 20 is 30', () => {
    expect(optimizeElasticPrice({ scale: 1e6, elasticity: 3, unitCost: 20 }).price).toBe(30)
  })

  it('is no worse than any other price', () => {
    const parameter = fc.double({ min: 0.1, max: 20, noNaN: true })
    fc.assert(
      fc.property(parameter, parameter, fc.double({ min: 0.5, max: 2, noNaN: true }), (preference, slope, factor) => {
        const { price, profit } = optimizeLogitPrice({ market: 100, preference, slope, unitCost: 1 })
        const other = price * factor
        expect(((other - 1) * 100) / (1 + Math.exp(slope * other - preference))).toBeLessThanOrEqual(
          profit * (1 + 1e-9),
        )
      }),
    )
  })
})

describe('the stake of Kelly (O12)', () => {
  it('is 20 % on a 60/40 bet at even odds', () => {
    const { fraction, half } = stakeKelly([
      { probability: 0.6, multiple: 2 },
      { probability: 0.4, multiple: 0 },
    ])
    expect([fraction, half]).toBeClose([0.2, 0.1], exact)
  })

  it('is 0.224926 with growth 0.124832 on multiples of 0, 3 and 20', () => {
    const { fraction, growth } = stakeKelly([
      { probability: 0.6, multiple: 0 },
      { probability: 0.3, multiple: 3 },
      { probability: 0.1, multiple: 20 },
    ])
    expect(fraction).toBeClose(0.224926, { absolute: 5e-7 })
    expect(growth).toBeClose(0.124832, { absolute: 5e-7 })
  })

  it('is nothing on a bet that loses on average, and no bet where nothing can be lost', () => {
    expect(
      stakeKelly([
        { probability: 0.5, multiple: 1.5 },
        { probability: 0.5, multiple: 0 },
      ]),
    ).toMatchObject({ fraction: 0, growth: 0 })
    expect(() => stakeKelly([{ probability: 1, multiple: 2 }])).toThrow('multiples of at least 2')
  })
})
