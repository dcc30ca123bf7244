import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawInputs } from './simulation/draw-inputs.ts'
import {
  createInformationCurve,
  gradeKnowledge,
  preposteriorSd,
  rankExperiments,
  valuePerfectInformation,
  valueTwoActions,
} from './value-of-information.ts'

const exact = { absolute: 5e-7 }

describe('the value of information (O9: stop for 0, or launch for X + Y - 2)', () => {
  const draws = drawInputs({
    seed: 9,
    draws: 65_536,
    inputs: {
      x: { kind: 'normal', mean: 3, sd: 4 },
      y: { kind: 'normal', mean: 0, sd: 3 },
      unused: { kind: 'uniform', low: 0, high: 1 },
    },
  })
  const [x, y, unused] = ['x', 'y', 'unused'].map((name) => draws.get(name)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  const values = [new Float64Array(x.length), x.map((value, s) => value + (y[s] as number) - 2)]

  it('is 1.534473 for knowing all, 1.145379 for X and 0.762708 for Y by the normal form', () => {
    expect([5, 4, 3].map((sd) => valueTwoActions(1, sd))).toBeClose([1.534473, 1.145379, 0.762708], exact)
  })

  it('is 0.322342, 0.698177 and 0.982693 for 1, 4 and 16 observations of X with variance 64', () => {
    const evsi = [1, 4, 16].map((observations) =>
      valueTwoActions(1, preposteriorSd({ sd: 4, observationVariance: 64, observations })),
    )
    expect(evsi).toBeClose([0.322342, 0.698177, 0.982693], exact)
  })

  it('is the same by simulation, within three standard errors, and nothing for an input that does not matter', () => {
    expect(valuePerfectInformation(values)).toBeClose(1.534473, { absolute: 0.03 })
    for (const [input, resolved, expected] of [
      [x, 1, 1.145379],
      [y, 1, 0.762708],
      [x, 16 / (16 + 64 / 4), 0.698177],
    ] as const) {
      const { value, standardError } = createInformationCurve({ values, input })(resolved)
      expect(standardError).toBeLessThan(0.012)
      // Bins replace the input by 16 steps, which costs up to 1 % of the value.
      expect(Math.abs(value - expected)).toBeLessThan(3 * standardError + 0.01 * expected)
    }
    expect(createInformationCurve({ values, input: unused })(1)).toEqual({ value: 0, standardError: 0 })
  })

  it('of one input is never above that of all, and never below 0', () => {
    const numbers = fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 40, maxLength: 40 })
    fc.assert(
      fc.property(numbers, numbers, numbers, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, input, resolved) => {
        const decisions = [Float64Array.from(a), Float64Array.from(b)]
        const curve = createInformationCurve({ values: decisions, input: Float64Array.from(input) })
        const { value } = curve(1)
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeLessThanOrEqual(valuePerfectInformation(decisions) + 1e-9)
        expect(curve(resolved).value).toBeLessThanOrEqual(value + 1e-9)
      }),
    )
  })

  it('is 32 for perfect information on the table of three states and three actions', () => {
    const table = [
      [200, 100, -120],
      [120, 80, 20],
      [40, 40, 40],
    ].map((row) => Float64Array.from(row))
    expect(valuePerfectInformation(table, Float64Array.of(0.3, 0.5, 0.2))).toBeClose(32, { relative: 1e-12 })
  })

  it('keeps the states of a discrete input whole', () => {
    const input = Float64Array.from({ length: 1000 }, (_, s) => (s % 10 < 3 ? 1 : s % 10 < 8 ? 2 : 3))
    const payoff = [
      [200, 100, -120],
      [120, 80, 20],
      [40, 40, 40],
    ].map((row) => input.map((state) => row[state - 1] as number))
    expect(createInformationCurve({ values: payoff, input })(1).value).toBeClose(32, { relative: 1e-12 })
  })
})

describe('the knowledge gradient', () => {
  it('of O9 says to measure the third alternative', () => {
    const means = [1, 1.5, 2, 2, 3]
    const sds = [2.5, 2.5, 2.5, 2, 1]
    const gradients = gradeKnowledge({ means, sds, noiseSd: 1 })
    expect(gradients).toBeClose([0.249975, 0.362917, 0.510651, 0.322342, 0.025127], exact)
    const moved = sds.map((sd) => preposteriorSd({ sd, observationVariance: 1, observations: 1 }))
    expect(moved).toBeClose([2.3212, 2.3212, 2.3212, 1.7889, Math.SQRT1_2], { absolute: 5e-5 })
    expect(gradients.indexOf(Math.max(...gradients))).toBe(2)
  })
})

describe('the next best experiment', () => {
  const survey = {
    name: 'survey',
    informationOf: (observations: number) =>
      valueTwoActions(1, preposteriorSd({ sd: 4, observationVariance: 64, observations })),
    fixedCost: 0.1,
    costPerObservation: 0.02,
    observationsMax: 400,
  }

  it('is the one with the largest value minus cost, at its best size', () => {
    const [first, second] = rankExperiments([{ ...survey, name: 'dear', costPerObservation: 1 }, survey])
    const nets = Array.from({ length: 400 }, (_, i) => survey.informationOf(i + 1) - 0.1 - 0.02 * (i + 1))
    expect(first).toMatchObject({ name: 'survey', observations: nets.indexOf(Math.max(...nets)) + 1 })
    expect(first?.net).toBeClose(Math.max(...nets), { relative: 1e-12 })
    expect(second).toMatchObject({ name: 'dear' })
    expect(second?.net).toBeLessThan(0)
  })

  it('has a size that respects its most', () => {
    const [choice] = rankExperiments([{ ...survey, costPerObservation: 0, fixedCost: 0 }])
    expect(choice?.observations).toBe(400)
  })
})
