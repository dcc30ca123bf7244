import { describe, expect, it } from 'vitest'
import { type Answer, describeExamples, type Example, fingerprintExamples, labelsOf, splitExamples } from './index.ts'

const numbers = (i: number) => `${i * 7919} ${i * 104729} ${i * 1299709}`
const examplesOf = (answers: Answer[]): Example[] =>
  answers.map((answer, i) => ({ line: i + 2, text: numbers(i + 1), answer }))
const sizes = { seed: 3, validation: 0.1, test: 0.2 }

describe('splitting', () => {
  it('spreads each of several labels in proportion, and the texts without any', () => {
    const labels = (i: number) => ['a', 'b', 'c'].filter((_, label) => i % (label + 2) === 0)
    const examples = examplesOf(Array.from({ length: 600 }, (_, i) => ({ kind: 'classes', labels: labels(i) })))
    const { train, test } = splitExamples(examples, sizes)
    const shareOf = (label: string | undefined) => {
      const bears = ({ answer }: Example) =>
        label === undefined ? labelsOf(answer).length === 0 : labelsOf(answer).includes(label)
      return test.filter(bears).length / examples.filter(bears).length
    }
    expect(['a', 'b', 'c', undefined].map(shareOf)).toBeClose([0.2, 0.2, 0.2, 0.2], { absolute: 0.03 })
    expect(train.length).toBeGreaterThan(400)
  })

  it('spreads grades by value and other numbers by deciles', () => {
    const values = (count: number) =>
      examplesOf(Array.from({ length: 1000 }, (_, i) => ({ kind: 'value', value: (i * i) % count })))
    for (const count of [5, 997]) {
      const examples = values(count)
      const numberOf = ({ answer }: Example) => (answer.kind === 'value' ? answer.value : Number.NaN)
      const median = (part: Example[]) => part.map(numberOf).sort((a, b) => a - b)[part.length >> 1] as number
      const { test } = splitExamples(examples, sizes)
      expect(test).toHaveLength(200)
      expect(median(test) / count).toBeClose(median(examples) / count, { absolute: 0.06 })
    }
  })

  it('takes matches, and keeps equal texts on one side', () => {
    const examples = examplesOf(Array.from({ length: 50 }, (_, i) => ({ kind: 'match', positive: numbers(100 + i) })))
    const repeated = examples.flatMap((example) => [example, { ...example, line: example.line + 1000 }])
    const { train, test } = splitExamples(repeated, sizes)
    expect(test).toHaveLength(20)
    const held = new Set(test.map(({ text }) => text))
    expect(train.some(({ text }) => held.has(text))).toBe(false)
  })

  it('takes pairs for the same only where both texts are', () => {
    const pair = (textPair: string, line: number): Example => ({
      line,
      text: 'the same premise for all',
      textPair,
      answer: { kind: 'class', label: 'yes' },
    })
    const examples = Array.from({ length: 20 }, (_, i) => pair(numbers(i), i))
    expect(splitExamples(examples, sizes).test).toHaveLength(4)
    expect(describeExamples(examples)).toMatchObject({ exactDuplicates: 0, pairs: 20 })
  })
})

describe('describing', () => {
  it('counts rows of each label, and sums numbers up', () => {
    const spans = [{ start: 0, end: 2, label: 'CITY' }]
    expect(
      describeExamples(
        examplesOf([
          { kind: 'spans', spans },
          { kind: 'spans', spans: [...spans, ...spans] },
        ]),
      ),
    ).toMatchObject({ rows: 2, labels: 1, rowsPerLabel: { min: 2, median: 2, max: 2 } })
    const values = describeExamples(examplesOf([5, 1, 3].map((value) => ({ kind: 'value', value }))))
    expect(values).toMatchObject({ labels: 0, values: { min: 1, median: 3, max: 5 } })
  })

  it('names texts with different labels or spans, and lets numbers differ', () => {
    const same = (...answers: Answer[]): Example[] =>
      answers.map((answer, i) => ({ line: i + 2, text: 'same', answer }))
    const conflicts = (...answers: Answer[]) => describeExamples(same(...answers)).conflicts
    expect(conflicts({ kind: 'classes', labels: ['b', 'a'] }, { kind: 'classes', labels: ['a', 'b'] })).toEqual([])
    expect(conflicts({ kind: 'classes', labels: ['b', 'a'] }, { kind: 'classes', labels: [] })).toEqual([
      { text: 'same', labels: ['a | b', '(none)'], lines: [2, 3] },
    ])
    const span = { start: 0, end: 4, label: 'X' }
    expect(conflicts({ kind: 'spans', spans: [span] }, { kind: 'spans', spans: [] })).toMatchObject([
      { labels: ['X 0-4', '(none)'] },
    ])
    expect(conflicts({ kind: 'value', value: 1 }, { kind: 'value', value: 2 })).toEqual([])
  })
})

it('the fingerprint tells answers and second texts apart', () => {
  const span = { start: 0, end: 1, label: 'a' }
  const answers: Answer[] = [
    { kind: 'class', label: 'a' },
    { kind: 'classes', labels: ['a'] },
    { kind: 'classes', labels: ['a', 'b'] },
    { kind: 'value', value: 1 },
    { kind: 'spans', spans: [span] },
    { kind: 'spans', spans: [{ ...span, end: 2 }] },
    { kind: 'match', positive: 'a' },
    { kind: 'match', positive: 'a', negative: 'b' },
  ]
  const examples = answers.flatMap((answer): Example[] => [
    { line: 1, text: 'x', answer },
    { line: 1, text: 'x', textPair: 'y', answer },
  ])
  expect(new Set(examples.map((example) => fingerprintExamples([example]))).size).toBe(examples.length)
})
