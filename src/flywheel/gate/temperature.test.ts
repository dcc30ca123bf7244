import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../base/index.ts'
import { applyTemperature, confidencesOf, fitTemperature, toLogits } from './temperature.ts'

/** Rows whose labels are drawn from softmax(logits / temperature). */
function drawRows(temperature: number, count: number, width: number) {
  const random = createRandom(temperature, 'rows')
  const logits = Float64Array.from({ length: count * width }, () => 8 * random.float())
  const probabilities = applyTemperature({ logits, width }, temperature)
  const labels = Int32Array.from({ length: count }, (_, i) => {
    let rest = random.float()
    let label = 0
    while (label < width - 1 && rest >= (probabilities[i * width + label] as number)) {
      rest -= probabilities[i * width + label] as number
      label++
    }
    return label
  })
  return { rows: { logits, width }, labels }
}

describe('fitTemperature', () => {
  it.each([0.5, 1, 2.5])('finds the temperature %d from which the labels were drawn', (temperature) => {
    const { rows, labels } = drawRows(temperature, 4000, 5)
    const fitted = fitTemperature(rows, labels)
    expect(fitted.temperature).toBeClose(temperature, { relative: 0.08 })
    expect(fitted.loss).toBeLessThanOrEqual(fitted.lossBefore)
  })

  it('finds a smaller loss than any temperature beside its own', () => {
    const { rows, labels } = drawRows(3, 300, 4)
    const { temperature, loss } = fitTemperature(rows, labels)
    for (const factor of [0.8, 0.99, 1.01, 1.25]) {
      const logits = rows.logits.map((logit) => logit / (temperature * factor))
      expect(fitTemperature({ logits, width: 4 }, labels).lossBefore).toBeGreaterThan(loss)
    }
  })

  it('stays finite where every answer is right, and where every answer is wrong', () => {
    const rows = { logits: [3, 0, 0, 5], width: 2 }
    expect(fitTemperature(rows, [0, 1]).temperature).toBeClose(0.04, { absolute: 0.02 })
    expect(fitTemperature(rows, [1, 0]).temperature).toBeClose(50, { relative: 1e-6 })
  })
})

describe('applyTemperature', () => {
  it('gives rows that sum to one and never changes the answer', () => {
    const logit = fc.double({ min: -50, max: 50, noNaN: true })
    fc.assert(
      fc.property(
        fc.array(logit, { minLength: 3, maxLength: 3 }),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        (logits, t) => {
          const probabilities = applyTemperature({ logits, width: 3 }, t)
          expect(probabilities.reduce((sum, value) => sum + value)).toBeClose(1, { absolute: 1e-12 })
          expect(probabilities[logits.indexOf(Math.max(...logits))]).toBe(Math.max(...probabilities))
        },
      ),
    )
  })

  it('takes probabilities back to themselves through toLogits', () => {
    const probabilities = [0.7, 0.2, 0.1, 0, 0, 1]
    const again = applyTemperature({ logits: toLogits(probabilities), width: 3 }, 1)
    expect(again).toBeClose(probabilities, { absolute: 1e-12 })
    expect(confidencesOf(again, 3)).toBeClose([0.7, 1], { absolute: 1e-12 })
  })
})
