import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBetaQuantile, lowerBeta } from './beta.ts'
import { createQuantile, type Distribution, logScaleOf } from './distribution.ts'
import { createGammaQuantile } from './gamma.ts'
import { lowerGamma } from './incomplete-gamma.ts'
import { logNormalCdf, normalCdf, normalQuantile } from './normal.ts'
import { mean, variance } from './sample-statistics.ts'

// Reference values: SciPy 1.17.1 (norm.ppf, gamma.ppf, beta.ppf).
const shares = [1e-10, 1e-4, 0.025, 0.3, 0.5, 0.9, 0.999]

describe('quantiles', () => {
  it('of the normal distribution agree with SciPy, far into the tails', () => {
    expect(shares.map(normalQuantile)).toBeClose(
      [
        -6.361340902404056, -3.7190164854556804, -1.9599639845400545, -0.5244005127080409, 0, 1.2815515655446004,
        3.090232306167813,
      ],
      { relative: 1e-14 },
    )
    expect([-8, -1.5, 0.3, 5].map(normalCdf)).toBeClose(
      [6.22096057427174e-16, 0.06680720126885807, 0.6179114221889526, 0.9999997133484281],
      { relative: 1e-13 },
    )
    expect(logNormalCdf(-60)).toBeClose(-1805.0135606805675, { relative: 1e-13 })
  })

  it.each([
    [
      0.05,
      [
        5.844632057286856e-201, 5.844632057286446e-81, 5.31566188991436e-33, 2.0378971887326733e-11,
        5.573878440746256e-7, 0.07631711390918905, 2.7364585987286745,
      ],
    ],
    [
      0.7,
      [
        4.5169432759942564e-15, 1.6837346066852029e-6, 0.0044983205803144155, 0.17251980033360842, 0.4074237484764413,
        1.7571285107044203, 6.0637395638872755,
      ],
    ],
    [
      3,
      [
        0.0008436105624847267, 0.0861760550176067, 0.6186721228956014, 1.9137757941270621, 2.674060313723559,
        5.322320337834211, 11.228872242412661,
      ],
    ],
    [
      250,
      [
        162.17334651003375, 195.42623036813433, 219.9679956309373, 241.47309714489376, 249.6667457944369,
        270.4651541049084, 301.7230028975888,
      ],
    ],
  ])('of the gamma distribution with shape %f agree with SciPy', (shape, expected) => {
    expect(shares.map(createGammaQuantile(shape))).toBeClose(expected, { relative: 1e-11 })
  })

  it.each([
    [
      0.1,
      0.2,
      [
        4.398874754194363e-99, 4.398874754194331e-39, 4.1950938741629596e-15, 0.00025970009490093414,
        0.04165249555559618, 0.9978810050249101, 0.9999999999997877,
      ],
    ],
    [
      0.5,
      8,
      [
        1.0128912096278063e-21, 1.0128912144155666e-9, 6.33244103311028e-5, 0.009527933207116809, 0.02890715954569733,
        0.16002164211136463, 0.501871027019031,
      ],
    ],
    [
      3,
      2,
      [
        0.00029242315320945314, 0.029458749571466467, 0.19412044968324338, 0.4915952451274156, 0.6142724318676105,
        0.8574406832899693, 0.9869770526291857,
      ],
    ],
    [
      400,
      900,
      [
        0.23069417437017023, 0.26146069160021607, 0.2828983597199799, 0.3009078083684729, 0.3075936611562357,
        0.32415724680201813, 0.3480281299694546,
      ],
    ],
  ])('of the beta distribution %f, %f agree with SciPy', (alpha, beta, expected) => {
    expect(shares.map(createBetaQuantile(alpha, beta))).toBeClose(expected, { relative: 1e-10 })
  })

  it('invert their distribution functions for any parameters', () => {
    const shape = fc.double({ min: 0.02, max: 500, noNaN: true })
    const share = fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true })
    fc.assert(
      fc.property(shape, shape, share, (a, b, u) => {
        const x = createGammaQuantile(a)(u)
        if (x > 1e-290) expect(lowerGamma(a, x)).toBeClose(u, { absolute: 1e-11 })
        const y = createBetaQuantile(a, b)(u)
        // Nearer to 1 than a double can say, neighbouring doubles have other shares.
        if (y > 1e-290 && y < 1 - 1e-6) expect(lowerBeta(a, b, y)).toBeClose(u, { absolute: 1e-9 })
      }),
    )
  })
})

describe('distributions', () => {
  const mid = Float64Array.from({ length: 20_000 }, (_, i) => (i + 0.5) / 20_000)
  const momentsOf = (distribution: Distribution) => {
    const values = mid.map(createQuantile(distribution))
    return [mean(values), Math.sqrt(variance(values))]
  }

  it.each<[Distribution, number, number]>([
    [{ kind: 'normal', mean: 10, sd: 2 }, 10, 2],
    [{ kind: 'lognormal', mean: 50, sd: 10 }, 50, 10],
    [{ kind: 'uniform', low: 1, high: 4 }, 2.5, 3 / Math.sqrt(12)],
    [{ kind: 'triangular', low: 0, mode: 1, high: 5 }, 2, Math.sqrt(21 / 18)],
    [{ kind: 'pert', low: 0, mode: 1, high: 6 }, 10 / 6, Math.sqrt(((10 / 6) * (26 / 6)) / 7)],
    [{ kind: 'beta', alpha: 2, beta: 3 }, 0.4, 0.2],
    [{ kind: 'gamma', shape: 4, scale: 0.5 }, 2, 1],
    [{ kind: 'discrete', values: [200, 120, 40], probabilities: [0.3, 0.5, 0.2] }, 128, 56],
  ])('have the mean and the spread that their parameters say: %o', (distribution, expectedMean, sd) => {
    expect(momentsOf(distribution)).toBeClose([expectedMean, sd], { relative: 2e-3 })
  })

  it('of lognormal form pass through their 10 % and 90 % quantiles', () => {
    const quantile = createQuantile({ kind: 'lognormal', p10: 3, p90: 12 })
    expect([0.1, 0.5, 0.9].map(quantile)).toBeClose([3, 6, 12], { relative: 1e-12 })
    expect(logScaleOf({ kind: 'lognormal', mean: 1, sd: 0 })).toEqual({ mu: 0, sigma: 0 })
  })

  it('of samples do not depend on the order in which the samples are listed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: 1 }),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        (values, u) => {
          const turned = createQuantile({ kind: 'samples', values: [...values].reverse() })
          expect(turned(u)).toBe(createQuantile({ kind: 'samples', values })(u))
        },
      ),
    )
  })

  it.each<[Distribution, string]>([
    [
      { kind: 'normal', mean: Number.NaN, sd: -1 },
      'In input x, mean must be a finite number and is NaN; sd must be at least 0 and is -1.',
    ],
    [{ kind: 'uniform', low: 4, high: 1 }, 'In input x, low 4, mode 2.5 and high 1 do not rise.'],
    [{ kind: 'lognormal', p10: 12, p90: 3 }, 'In input x, p90 - p10 must be at least 0 and is -9.'],
    [
      { kind: 'discrete', values: [1, 2], probabilities: [0.5, 0.6] },
      'In input x, 2 values have 2 probabilities that add up to 1.1.',
    ],
    [{ kind: 'samples', values: [] }, 'input x needs at least one sample, all of them finite.'],
  ])('that cannot be are refused with what is wrong: %o', (distribution, message) => {
    expect(() => createQuantile(distribution, 'input x')).toThrow(message)
  })
})
