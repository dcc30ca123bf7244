import { describe, expect, it } from 'vitest'
import type { Prediction } from '../../contracts/index.ts'
import { planPredictionColumns } from './prediction-columns.ts'

const options = { scoresMax: 0, prefix: '', hasErrors: false, modelVersion: undefined }
const scores = [
  { label: 'a', score: 0.2 },
  { label: 'b', score: 0.7000000000000001 },
  { label: 'c', score: 0.1 },
]

describe('the columns of a prediction', () => {
  it.each<[Prediction, Record<string, unknown>]>([
    [
      { kind: 'classify', label: 'b', score: 0.7, scores, truncated: false },
      { label: 'b', confidence: 0.7, truncated: false },
    ],
    [
      { kind: 'multilabel', labels: ['b', 'a'], scores, truncated: true },
      { labels: ['b', 'a'], truncated: true },
    ],
    [
      { kind: 'regress', value: 3.5, truncated: false },
      { value: 3.5, truncated: false },
    ],
    [
      { kind: 'ordinal', label: 'b', value: 1.9, scores, truncated: false },
      { label: 'b', confidence: 0.7000000000000001, value: 1.9, truncated: false },
    ],
    [
      { kind: 'tag', spans: [{ text: 'x', start: 0, end: 1, label: 'A', score: 0.123456789 }], truncated: false },
      { spans: [{ text: 'x', start: 0, end: 1, label: 'A', score: 0.1234568 }], truncated: false },
    ],
    [
      { kind: 'embed', embedding: [0.5, -0.5], truncated: false },
      { embedding: [0.5, -0.5], truncated: false },
    ],
  ])('are what its kind answers: $kind', (prediction, cells) => {
    const { columns, toCells } = planPredictionColumns({ ...options, kind: prediction.kind })
    expect(toCells(prediction)).toEqual(cells)
    expect(columns.map(({ name }) => name)).toEqual(Object.keys(cells))
  })

  it('have the best scores, version and errors where they are asked for, under names with the prefix', () => {
    const { columns, toCells, toErrorCells } = planPredictionColumns({
      kind: 'ordinal',
      scoresMax: 2,
      prefix: 'p_',
      hasErrors: true,
      modelVersion: 3,
    })
    expect(columns.map(({ name }) => name)).toEqual([
      'p_label',
      'p_confidence',
      'p_value',
      'p_scores',
      'p_truncated',
      'p_model_version',
      'p_error',
    ])
    expect(toCells({ kind: 'ordinal', label: 'b', value: 1.9, scores, truncated: false })).toMatchObject({
      p_scores: [
        { label: 'b', score: 0.7 },
        { label: 'a', score: 0.2 },
      ],
      p_model_version: 3,
    })
    expect(toErrorCells('line 2: "text" is empty')).toEqual({ p_error: 'line 2: "text" is empty' })
  })

  it('have no scores where answers are no labels', () => {
    expect(() => planPredictionColumns({ ...options, kind: 'embed', scoresMax: 1 })).toThrow(
      'A model that answers embed gives no scores of labels',
    )
  })
})
