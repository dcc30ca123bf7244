import { describe, expect, it } from 'vitest'
import { createRandom } from '../../base/index.ts'
import { extendLearningCurve } from './extend-learning-curve.ts'
import { errorAt, learningForms } from './learning-form.ts'

const truth = [0.05, 1.8, 0.42]
const sizes = [125, 250, 500, 1000, 2000]

describe('a learning curve measured with three seeds a size', () => {
  const scores = draw(1000)
  const extended = extendLearningCurve(scores, { testExamples: 3000, at: [8000], target: 0.885, draws: 200 })

  it('foresees the score at four times its largest size, with an interval that covers it', () => {
    const { score, interval } = extended.forecasts[0] as (typeof extended.forecasts)[0]
    const expected = 1 - errorAt(learningForms.pow3, truth, 8000)
    expect(Math.abs(score - expected)).toBeLessThan(0.015)
    expect(interval[0]).toBeLessThan(expected)
    expect(interval[1]).toBeGreaterThan(expected)
  })

  it('says what a target takes in labels, and how many to buy before asking again', () => {
    const { needed } = extended
    expect(needed).toMatchObject({ answer: 'labels' })
    if (needed?.answer !== 'labels') return
    expect(needed.p10).toBeLessThanOrEqual(needed.p50)
    expect(needed.p50).toBeLessThanOrEqual(needed.p90)
    expect(2000 + needed.buyNow).toBeLessThan(needed.p50)
  })

  it('holds the doubt about the form: the draws are of several', () => {
    const narrow = extended.forecasts[0]?.interval as [number, number]
    expect(narrow[1] - narrow[0]).toBeGreaterThan(0.002)
    expect(extendLearningCurve(scores, { testExamples: 3000, at: [8000], target: 0.885, draws: 200 })).toEqual(extended)
  })
})

it('a flat curve is not extended: nothing is foreseen, and no number of labels is named', () => {
  const flat = sizes.flatMap((labels) => [0.7, 0.7, 0.7].map((score) => ({ labels, score })))
  const { beatsLastValue, forecasts, needed } = extendLearningCurve(flat, {
    testExamples: 1000,
    at: [8000],
    target: 0.9,
    draws: 50,
  })
  expect(beatsLastValue).toBe(false)
  expect(forecasts).toEqual([])
  expect(needed).toMatchObject({ answer: 'refused' })
})

/** Scores with the noise of so many test examples. */
function draw(testExamples: number): { labels: number; score: number }[] {
  const random = createRandom(7, 'scores')
  return sizes.flatMap((labels) =>
    [1, 2, 3].map(() => {
      const p = 1 - errorAt(learningForms.pow3, truth, labels)
      let right = 0
      for (let i = 0; i < testExamples; i++) if (random.float() < p) right++
      return { labels, score: right / testExamples }
    }),
  )
}
