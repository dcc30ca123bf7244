import { describe, expect, it } from 'vitest'
import { describeExamples, type Example, fingerprintExamples } from './index.ts'

const example = (text: string, label: string, line = 1): Example => ({ line, text, answer: { kind: 'class', label } })
const examples = [
  example('Where is my card?', 'card', 2),
  example('where is my card', 'card', 3),
  example('Where is my CARD!', 'pin', 4),
  example('I am still waiting for my new card to arrive', 'card', 5),
  example('I am still waiting for my new card to arive', 'card', 6),
  example('Forgot it', 'pin', 7),
]

describe('describing examples', () => {
  it('counts rows, labels, duplicates and lengths, and names conflicting labels with their lines', () => {
    expect(describeExamples(examples)).toEqual({
      rows: 6,
      labels: 2,
      rowsPerLabel: { min: 2, median: 2, max: 4 },
      pairs: 0,
      exactDuplicates: 2,
      nearDuplicates: 1,
      conflicts: [{ text: 'Where is my card?', labels: ['card', 'pin'], lines: [2, 3, 4] }],
      textLength: { median: 17, p95: 44, max: 44 },
    })
  })

  it('is all zeros for no examples', () => {
    expect(describeExamples([])).toMatchObject({ rows: 0, rowsPerLabel: { min: 0, median: 0, max: 0 }, conflicts: [] })
  })
})

describe('the fingerprint', () => {
  it('is a hash of texts and labels in their order, not of lines', () => {
    const fingerprint = fingerprintExamples(examples)
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/)
    expect(fingerprintExamples(examples.map((row) => ({ ...row, line: 1 })))).toBe(fingerprint)
    expect(fingerprintExamples(examples.toReversed())).not.toBe(fingerprint)
  })

  it('tells apart where a text ends and its label begins', () => {
    const of = (text: string, label: string) => fingerprintExamples([example(text, label)])
    expect(new Set([of('a', 'b'), of('a","b', ''), of('', 'a","b'), of('a\nb', '')]).size).toBe(4)
  })
})
