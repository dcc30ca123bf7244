import { describe, expect, it } from 'vitest'
import { readQuantity } from './quantity-text.ts'
import { fitsUnit } from './units.ts'

const read = (text: string | number) => readQuantity(text, 'EUR')

describe('a quantity', () => {
  it.each([
    [12, { kind: 'number', value: 12, unit: undefined }],
    ['400k EUR', { kind: 'number', value: 400_000, unit: 'money' }],
    ['2.5M EUR', { kind: 'number', value: 2_500_000, unit: 'money' }],
    ['1_200 EUR/year', { kind: 'number', value: 100, unit: 'money/month' }],
    ['49 EUR/user/month', { kind: 'number', value: 49, unit: 'money/user/month' }],
    ['4 %/month', { kind: 'number', value: 0.04, unit: 'share/month' }],
    ['12 %/year', { kind: 'number', value: 0.12, unit: 'share/year' }],
    ['-3', { kind: 'number', value: -3, unit: undefined }],
    ['price', { kind: 'name', name: 'price' }],
  ])('%s is a number with its unit, or a name', (text, expected) => {
    expect(read(text)).toEqual(expected)
  })

  it.each([
    ['normal(10, 2)', { kind: 'normal', mean: 10, sd: 2 }],
    ['normal mean=10 sd=2 EUR/month', { kind: 'normal', mean: 10, sd: 2 }],
    ['lognormal p10=3 p90=12', { kind: 'lognormal', p10: 3, p90: 12 }],
    ['lognormal mean=3k sd=1k EUR', { kind: 'lognormal', mean: 3000, sd: 1000 }],
    ['uniform(1 %, 4 %)/month', { kind: 'uniform', low: 0.01, high: 0.04 }],
    ['uniform(1, 4) %', { kind: 'uniform', low: 0.01, high: 0.04 }],
    ['triangular(12, 24, 48) EUR/year', { kind: 'triangular', low: 1, mode: 2, high: 4 }],
    ['samples(3, 1, 2)', { kind: 'samples', values: [3, 1, 2] }],
    ['beta(2, 5)', { kind: 'beta', alpha: 2, beta: 5 }],
    ['gamma(2, 24) EUR/year', { kind: 'gamma', shape: 2, scale: 2 }],
  ])('%s is a distribution', (text, distribution) => {
    expect(read(text)).toMatchObject({ kind: 'distribution', distribution })
  })

  it.each([
    ['12 EURO', '"EURO" is no unit'],
    ['12 USD', "is in USD, and the plan's currency is EUR"],
    ['12 EUR/week', '"week" cannot stand below the line'],
    ['2,500 EUR', 'neither a number'],
    ['normal(10)', 'write normal(mean, sd)'],
    ['lognormal(3, 12)', 'write lognormal p10=… p90=… or lognormal mean=… sd=…'],
    ['poisson(3)', '"poisson" is no distribution'],
    ['uniform(1 %, 4)', 'some numbers are in %'],
    ['uniform(1, 4', 'no closing bracket'],
    ['beta(2, 5) %', 'a beta distribution is a share'],
  ])('%s is refused with what is wrong', (text, problem) => {
    expect(read(text)).toMatchObject({ kind: 'problem', problem: expect.stringContaining(problem) })
  })
})

describe('a unit', () => {
  it('may leave out what its place says, and may say no more', () => {
    expect(fitsUnit('money', 'money/user/month')).toBe(true)
    expect(fitsUnit('money/month', 'money/user/month')).toBe(true)
    expect(fitsUnit('money/month', 'money')).toBe(false)
    expect(fitsUnit('users', 'money')).toBe(false)
    expect(fitsUnit('share/year', 'share/month')).toBe(false)
  })
})
