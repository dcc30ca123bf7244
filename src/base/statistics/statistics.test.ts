import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { betaQuantile, incompleteBeta } from './beta.ts'
import { binomialAtMost, binomialLowerBound, binomialUpperBound, hypergeometricAtLeast } from './binomial.ts'
import { logGamma, upperGamma } from './gamma.ts'
import { normalQuantile, normalTail } from './normal.ts'

const close = { relative: 1e-9, absolute: 1e-12 }

/** Recorded with scipy 1.17.1: the arguments in our order, then its value. */
const recorded: [string, (...values: number[]) => number, number[][]][] = [
  [
    'gammaln',
    logGamma as (...values: number[]) => number,
    [
      [0.1, 2.252712651734206],
      [0.5, 0.5723649429247],
      [3.7, 1.428072326665388],
      [100.5, 361.43554046777757],
      [1e5, 1051287.7089736569],
    ],
  ],
  [
    'gammaincc',
    upperGamma as (...values: number[]) => number,
    [
      [0.5, 0.2, 0.5270892568655381],
      [0.5, 30, 9.485737571073857e-15],
      [10, 3, 0.9988975118698845],
      [10, 25, 0.0002214766382487835],
      [500, 480, 0.8137180268096754],
      [2000, 2300, 7.432346137967996e-11],
    ],
  ],
  [
    'betainc',
    incompleteBeta as (...values: number[]) => number,
    [
      [0.3, 0.5, 0.5, 0.36901011956554536],
      [0.9, 2, 5, 0.999945],
      [0.95, 59, 1, 0.04849452524942311],
      [0.96, 5000, 200, 0.2770031854992657],
      [0.501, 1e5, 1e5, 0.8144532554424423],
      [1e-5, 1, 1e4, 0.09516303438565249],
    ],
  ],
  [
    'betaincinv',
    betaQuantile as (...values: number[]) => number,
    [
      [0.3, 0.5, 0.5, 0.2061073738537634],
      [0.05, 59, 1, 0.950492390111773],
      [0.05, 941, 60, 0.9272447328614292],
      [0.95, 1, 300, 0.009936081944457708],
    ],
  ],
  [
    'norm.sf',
    normalTail as (...values: number[]) => number,
    [
      [0, 0.5],
      [1.3, 0.09680048458561036],
      [-2, 0.9772498680518208],
      [6, 9.865876450376946e-10],
      [10, 7.61985302416047e-24],
    ],
  ],
  [
    'norm.ppf',
    normalQuantile as (...values: number[]) => number,
    [
      [1e-9, -5.9978070150076865],
      [0.025, -1.9599639845400545],
      [0.5, 0],
      [0.975, 1.959963984540054],
      [0.999, 3.090232306167813],
    ],
  ],
  [
    'binom.cdf',
    binomialAtMost as (...values: number[]) => number,
    [
      [0, 59, 0.05, 0.04849452524942322],
      [12, 300, 0.05, 0.26122365638719636],
      [250, 5000, 0.05, 0.5168178196478084],
      [3, 10, 0.9, 9.121599999999986e-6],
    ],
  ],
  [
    'hypergeom.sf',
    hypergeometricAtLeast as (...values: number[]) => number,
    [
      [30, 45, 50, 100, 0.0023175100903994553],
      [290, 510, 500, 1000, 6.171591575947907e-6],
      [0, 5, 5, 10, 1],
    ],
  ],
]

describe.each(recorded)('%s', (_name, compute, cases) => {
  it.each(cases)('has the recorded value at %d, %d, %d, %d', (...numbers) => {
    const values = numbers.filter((value) => value !== undefined)
    expect(compute(...values.slice(0, -1))).toBeClose(values.at(-1) as number, close)
  })
})

describe('the bounds of Clopper and Pearson', () => {
  it('are the recorded ones for 12 of 300', () => {
    expect(binomialLowerBound(288, 300, 0.05)).toBeClose(0.9359960846212926, close)
    expect(binomialUpperBound(12, 300, 0.05)).toBeClose(0.06400391537870745, close)
  })

  it('are the proportions at which the observation is just as unlikely as allowed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.double({ min: 0, max: 1, noNaN: true }), (count, share) => {
        const successes = Math.round(share * (count - 1))
        const upper = binomialUpperBound(successes, count, 0.05)
        expect(binomialAtMost(successes, count, upper)).toBeClose(0.05, { absolute: 1e-8 })
        expect(binomialLowerBound(count - successes, count, 0.05)).toBeClose(1 - upper, { absolute: 1e-12 })
      }),
    )
  })
})

describe('the quantile of a beta variable', () => {
  it('is the inverse of its distribution', () => {
    const shape = fc.double({ min: 1, max: 3000, noNaN: true })
    fc.assert(
      fc.property(shape, shape, fc.double({ min: 0.001, max: 0.999, noNaN: true }), (a, b, p) => {
        expect(incompleteBeta(betaQuantile(p, a, b), a, b)).toBeClose(p, { absolute: 1e-8 })
      }),
    )
  })
})
