import { describe, expect, it } from 'vitest'
import { evaluateLogits } from './evaluate-classes.ts'

describe('evaluateLogits', () => {
  // Truth a a a b b c; answers a a b b a c.
  const logits = [
    [2, 0, 0],
    [2, 0, 0],
    [0, 2, 0],
    [0, 2, 0],
    [2, 0, 0],
    [0, 0, 2],
  ].map((row) => Float32Array.from(row))
  const report = evaluateLogits(logits, [0, 0, 0, 1, 1, 2], ['a', 'b', 'c'])

  it('gives accuracy, macro F1 and cross-entropy', () => {
    expect(report.count).toBe(6)
    expect(report.accuracy).toBeCloseTo(4 / 6, 12)
    expect(report.macroF1).toBeCloseTo((2 / 3 + 1 / 2 + 1) / 3, 12)
    const right = Math.log(Math.exp(2) + 2) - 2
    expect(report.loss).toBeCloseTo((4 * right + 2 * (right + 2)) / 6, 6)
  })

  it('gives precision, recall, F1 and support of each class', () => {
    expect(report.classes[0]).toEqual({ label: 'a', precision: 2 / 3, recall: 2 / 3, f1: 2 / 3, support: 3 })
    expect(report.classes[1]).toEqual({ label: 'b', precision: 1 / 2, recall: 1 / 2, f1: 1 / 2, support: 2 })
  })

  it('lists the pairs that were confused, most frequent first', () => {
    expect(report.confusions).toEqual([
      { actual: 'a', predicted: 'b', count: 1 },
      { actual: 'b', predicted: 'a', count: 1 },
    ])
  })

  it('counts a class without examples in no mean', () => {
    const absent = evaluateLogits([Float32Array.of(1, 0, 0), Float32Array.of(0, 1, 0)], [0, 1], ['a', 'b', 'c'])
    expect(absent.macroF1).toBe(1)
  })
})
