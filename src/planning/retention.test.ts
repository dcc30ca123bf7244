import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countCustomers, expectResidualLifetime, fitRetention, logLikelihoodOf, surviveOf } from './retention.ts'

const highEnd = [1, 0.869, 0.743, 0.653, 0.593, 0.551, 0.517, 0.491]

describe('retention (O8)', () => {
  it('of the High End cohort of Fader and Hardie has their parameters, and forecasts their years 8 to 12', () => {
    const fit = fitRetention([highEnd])
    expect([fit.alpha, fit.beta]).toBeClose([0.66809, 3.80609], { absolute: 5e-6 })
    expect(surviveOf(fit, 12).subarray(8)).toBeClose([0.4604, 0.4358, 0.4142, 0.3951, 0.378], { absolute: 5e-5 })
    expect(logLikelihoodOf([highEnd], { alpha: 1, beta: 1 })).toBeClose(-2.11555, { absolute: 5e-6 })
  })

  it('gives a new and a seven-times renewed customer their residual lifetimes at 10 %', () => {
    const fit = fitRetention([highEnd])
    const lifetimes = [0, 7].map((renewals) => expectResidualLifetime(fit, { discount: 0.1, renewals }))
    expect(lifetimes).toBeClose([5.414479, 7.529628], { relative: 1e-6 })
  })

  it('of four cohorts of different age is one fit', () => {
    const counts = [10_000, 8000, 6480, 5307, 4391]
    const fit = fitRetention([5, 4, 3, 2].map((length) => counts.slice(0, length)))
    expect([fit.alpha, fit.beta]).toBeClose([3.798126, 15.191907], { relative: 1e-6 })
  })

  it('finds the parameters again that made a cohort', () => {
    const parameter = fc.double({ min: 0.2, max: 20, noNaN: true })
    fc.assert(
      fc.property(parameter, parameter, (alpha, beta) => {
        const fit = fitRetention([[...surviveOf({ alpha, beta }, 12)]])
        expect([fit.alpha, fit.beta]).toBeClose([alpha, beta], { relative: 1e-4 })
      }),
    )
  })

  it('does not depend on the order of cohorts or on the unit in which customers are counted', () => {
    const cohorts = [highEnd, [1, 0.8, 0.7], [2, 1.7]]
    const fit = fitRetention(cohorts)
    const turned = fitRetention(cohorts.map((cohort) => cohort.map((count) => 5000 * count)).reverse())
    expect([turned.alpha, turned.beta]).toBeClose([fit.alpha, fit.beta], { relative: 1e-8 })
  })

  it('counts customers by cohorts', () => {
    const [s1, s2] = [3 / 4, (3 / 4) * (4 / 5)]
    expect(countCustomers([100, 10, 20], { alpha: 1, beta: 3 })).toBeClose(
      [100, 100 * s1 + 10, 100 * s2 + 10 * s1 + 20],
      {
        relative: 1e-12,
      },
    )
  })

  it('is refused where the counts do not tell it', () => {
    expect(() => fitRetention([[100, 80]])).toThrow('Cohorts of 1 periods that lost 20 customers')
    expect(() => fitRetention([[100, 100, 100]])).toThrow('that lost 0 customers')
    expect(() => fitRetention([[100, 80, 64, 51.2, 40.96]])).toThrow('Retention does not rise with age')
    expect(() =>
      fitRetention([
        [100, 80],
        [100, 90, 95],
      ]),
    ).toThrow('Cohort 2 has 90 customers and then 95, in period 2.')
  })
})
