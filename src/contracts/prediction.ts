import { z } from 'zod'
import { assert } from '../base/index.ts'
import type { TaskKind } from './task-kind.ts'

export const modelReferenceSchema = z
  .object({
    id: z.string().meta({ description: 'The model version’s identifier', example: 'model_01k9z5v7q2c3' }),
    version: z.int().min(1).meta({ description: 'Counts the versions of the task from 1', example: 3 }),
  })
  .meta({ id: 'ModelReference', description: 'The model version that answered' })

const scoreSchema = z.number().min(0).max(1).meta({ description: 'Probability by the model', example: 0.973 })

export const scoredLabelSchema = z
  .object({ label: z.string().meta({ example: 'card_arrival' }), score: scoreSchema })
  .meta({ id: 'ScoredLabel' })

export const scoredSpanSchema = z
  .object({
    text: z.string().meta({ description: 'The part of the text', example: 'Vienna' }),
    start: z.int().min(0).meta({ description: 'Where it begins, in UTF-16 code units', example: 11 }),
    end: z.int().min(1).meta({ description: 'Where what follows it begins', example: 17 }),
    label: z.string().meta({ example: 'CITY' }),
    score: scoreSchema,
  })
  .meta({ id: 'ScoredSpan' })

const truncated = z.boolean().meta({
  description: 'The text was longer than the model reads: only its beginning was seen',
  example: false,
})

const bestFirst = z.array(scoredLabelSchema).min(1).meta({ description: 'Best first' })

/** One answer to a text or pair; `kind` is that of the task, and says which fields there are. */
export const predictionSchema = z
  .discriminatedUnion('kind', [
    z
      .object({
        kind: z.literal('classify'),
        label: z.string().meta({ description: 'The label with the highest score', example: 'card_arrival' }),
        score: scoreSchema,
        scores: bestFirst,
        energy: z.number().optional().meta({
          description: '−ln Σ exp(logit): the higher, the less the text is like those the model learnt from',
        }),
        truncated,
      })
      .meta({ id: 'ClassPrediction' }),
    z
      .object({
        kind: z.literal('multilabel'),
        labels: z.array(z.string()).meta({ description: 'Labels whose score reaches their threshold, best first' }),
        scores: bestFirst,
        truncated,
      })
      .meta({ id: 'LabelsPrediction' }),
    z
      .object({ kind: z.literal('regress'), value: z.number().meta({ example: 3.7 }), truncated })
      .meta({ id: 'NumberPrediction' }),
    z
      .object({
        kind: z.literal('ordinal'),
        label: z.string().meta({ description: 'The median grade', example: '4' }),
        value: z.number().meta({ description: 'The mean of the grades, weighed by their scores', example: 3.7 }),
        scores: z.array(scoredLabelSchema).min(2).meta({ description: 'Of every grade, in rising order' }),
        truncated,
      })
      .meta({ id: 'GradePrediction' }),
    z
      .object({
        kind: z.literal('tag'),
        spans: z.array(scoredSpanSchema).meta({ description: 'In the order of the text, without overlap' }),
        truncated,
      })
      .meta({ id: 'SpansPrediction' }),
    z
      .object({
        kind: z.literal('embed'),
        embedding: z.array(z.number()).min(1).meta({ description: 'Of length 1: compare by the inner product' }),
        truncated,
      })
      .meta({ id: 'EmbeddingPrediction' }),
  ])
  .meta({ id: 'Prediction' })

export type ModelReference = z.infer<typeof modelReferenceSchema>
export type ScoredLabel = z.infer<typeof scoredLabelSchema>
export type ScoredSpan = z.infer<typeof scoredSpanSchema>
export type Prediction = z.infer<typeof predictionSchema>
/** The answer of one kind of task. */
export type PredictionOf<Kind extends TaskKind> = Extract<Prediction, { kind: Kind }>

/** The predictions of a model that is known to be of that kind. */
export function predictionsOf<Kind extends TaskKind>(
  predictions: readonly Prediction[],
  kind: Kind,
): PredictionOf<Kind>[] {
  const other = predictions.find((prediction) => prediction.kind !== kind)
  assert(!other, `internal: a ${kind} model gave a prediction of kind ${other?.kind}`)
  return predictions as PredictionOf<Kind>[]
}
