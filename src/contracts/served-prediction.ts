import { z } from 'zod'
import { moneySchema } from './money.ts'
import { modelReferenceSchema, type Prediction, predictionSchema, scoredLabelSchema } from './prediction.ts'

/** What every answered request says beside its answer. */
const served = {
  id: z.string().meta({
    description: 'By which feedback is given: POST /v1/predictions/{id}/feedback',
    example: 'prediction_01k9z5',
  }),
  source: z
    .enum(['model', 'teacher', 'none'])
    .meta({ description: 'Who answered: the own model, the teacher, or so far nobody', example: 'model' }),
  below_target: z.boolean().meta({
    description:
      'The teacher could not answer, and this is the own model’s answer, for which the target is not promised',
    example: false,
  }),
  reason: z
    .enum(['out_of_scope', 'pending', 'teacher_unavailable'])
    .nullable()
    .meta({ description: 'Why there is no answer, or one below the target' }),
}
const truncated = z.boolean().meta({ description: 'The model saw only the beginning of the text', example: false })
const scores = z
  .array(scoredLabelSchema)
  .meta({ description: 'Of the own model, best first; none where it has no say' })

const [, , , ordinalSchema, tagSchema, embedSchema] = predictionSchema.options

/** An answered request: a prediction, or what the teacher said in its place. `kind` is that of the task. */
export const servedPredictionSchema = z
  .discriminatedUnion('kind', [
    z
      .object({
        ...served,
        kind: z.literal('classify'),
        label: z.string().nullable().meta({ example: 'card_arrival' }),
        score: z.number().min(0).max(1).nullable().meta({ description: 'Calibrated probability by the own model' }),
        scores,
        truncated,
      })
      .meta({ id: 'ServedClass' }),
    z
      .object({ ...served, kind: z.literal('multilabel'), labels: z.array(z.string()).nullable(), scores, truncated })
      .meta({ id: 'ServedLabels' }),
    z
      .object({ ...served, kind: z.literal('regress'), value: z.number().nullable(), truncated })
      .meta({ id: 'ServedNumber' }),
    ordinalSchema.extend(served).meta({ id: 'ServedGrade' }),
    tagSchema.extend(served).meta({ id: 'ServedSpans' }),
    embedSchema.extend(served).meta({ id: 'ServedEmbedding' }),
  ])
  .meta({ id: 'ServedPrediction' })

/** The reply has one shape for both forms of the request: predictions in the order of the inputs. */
export const predictionReplySchema = z
  .object({
    model: modelReferenceSchema.nullable().meta({ description: 'The task’s live model; null while it has none' }),
    predictions: z.array(servedPredictionSchema).min(1),
  })
  .meta({ id: 'PredictionReply' })

export type ServedPrediction = z.infer<typeof servedPredictionSchema>
export type PredictionReply = z.infer<typeof predictionReplySchema>
/** Why a request has no answer, or one below the target. */
export type ServedReason = ServedPrediction['reason']
/** What every answered request says beside its answer. */
export type Served = Pick<ServedPrediction, keyof typeof served>

/** The own model's prediction as it is served. */
export function serveOwn(prediction: Prediction, said: Served): ServedPrediction {
  if (prediction.kind !== 'classify') return { ...prediction, ...said }
  const { energy: _, ...shown } = prediction
  return { ...shown, ...said }
}

/** An identifier that Capstan has given. */
export const idSchema = z.string().regex(/^[a-z]+_[0-9a-z]{1,40}$/, 'must be an id, such as prediction_01k9z5')

/** Text that a database can hold: no NUL, no half of a surrogate pair. */
export const storedTextSchema = z
  .string()
  .refine((text) => !text.includes('\0') && text.isWellFormed(), { error: 'must hold no NUL and no lone surrogate' })

/** Address of a prediction's feedback. */
export const predictionParametersSchema = z.object({
  id: idSchema.meta({ description: 'The prediction’s id', example: 'prediction_01k9z5' }),
})

/** Labels of one answer, a number, or a label: what a teacher, a person or feedback may say. */
export const labelledAnswerSchema = z
  .union([storedTextSchema.min(1).max(500), z.array(storedTextSchema.min(1).max(500)).max(500), z.number()])
  .meta({ description: 'A label, a list of labels, or a number: what fits the task' })

/** Body of POST /v1/predictions/{id}/feedback. */
export const feedbackRequestSchema = z
  .strictObject({
    key: storedTextSchema
      .min(1)
      .max(200)
      .default('default')
      .meta({ description: 'Sent again with the same content it counts once; with other content it is refused' }),
    label: labelledAnswerSchema.optional(),
    correct: z.boolean().optional(),
    rating: z.number().min(0).max(1).optional().meta({ description: 'From 0, useless, to 1' }),
    outcome: z
      .strictObject({ amount: z.string().regex(/^-?\d{1,12}(\.\d{1,6})?$/), currency: z.string().regex(/^[A-Z]{3}$/) })
      .optional()
      .meta({ description: 'What the answer earned or cost' }),
  })
  .refine(({ label, correct, rating, outcome }) => [label, correct, rating, outcome].some((x) => x !== undefined), {
    error: 'must say at least one of "label", "correct", "rating" and "outcome"',
  })
  .meta({ id: 'FeedbackRequest' })

/** What is stored of feedback. */
export const feedbackSchema = z
  .object({
    id: z.string(),
    prediction: z.string(),
    key: z.string(),
    label: labelledAnswerSchema.nullable(),
    correct: z.boolean().nullable(),
    rating: z.number().nullable(),
    outcome: moneySchema.nullable(),
    isNew: z.boolean().meta({ description: 'False where the same feedback stood there already' }),
    example: z.string().nullable().meta({ description: 'The training example made of it' }),
  })
  .meta({ id: 'Feedback' })

export type LabelledAnswer = z.infer<typeof labelledAnswerSchema>
export type FeedbackRequest = z.output<typeof feedbackRequestSchema>
export type Feedback = z.output<typeof feedbackSchema>
