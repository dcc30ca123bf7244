import { z } from 'zod'
import { taskNameSchema } from './config.ts'
import { idSchema, labelledAnswerSchema, storedTextSchema } from './served-prediction.ts'

/** A text that waits for people. */
export const labelQuestionSchema = z
  .object({
    id: z.string().meta({ example: 'question_01k9z5' }),
    task: z.string(),
    text: z.string(),
    textPair: z.string().nullable(),
    prediction: z.string().nullable().meta({ description: 'The request that it comes from' }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'LabelQuestion' })

export const labelQuestionListSchema = z
  .object({ questions: z.array(labelQuestionSchema) })
  .meta({ id: 'LabelQuestions' })

/** Body of POST /v1/questions/{id}/answers. */
export const labelRequestSchema = z
  .strictObject({
    task: taskNameSchema,
    annotator: storedTextSchema.min(1).max(100).meta({ description: 'Who says so', example: 'ana' }),
    label: labelledAnswerSchema,
  })
  .meta({ id: 'LabelRequest' })

export const labelReplySchema = z
  .object({
    isSettled: z.boolean().meta({ description: 'As many people as the task asks for say the same' }),
    example: z.string().nullable().meta({ description: 'The training example made of it' }),
  })
  .meta({ id: 'LabelReply' })

export const questionParametersSchema = z.object({ id: idSchema })

export const questionQuerySchema = z.object({
  annotator: storedTextSchema
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'Only what this person has not answered' }),
  limit: z.coerce.number().int().min(1).max(500).default(20),
})

/** How good a task's labels are. */
export const labelReportSchema = z
  .object({
    task: z.string(),
    annotators: z.int(),
    alpha: z.number().nullable().meta({ description: 'Krippendorff’s alpha; null where nothing can be compared' }),
    compared: z.int().meta({ description: 'Questions with two answers or more' }),
    noise: z.number().nullable().meta({ description: 'Estimated share of wrong labels' }),
    errors: z.array(
      z.object({
        example: z.string(),
        text: z.string(),
        source: z.string(),
        given: z.string(),
        suggested: z.string(),
        margin: z.number(),
      }),
    ),
  })
  .meta({ id: 'LabelReport' })

export type LabelQuestion = z.output<typeof labelQuestionSchema>
export type LabelReport = z.output<typeof labelReportSchema>
export type LabelRequest = z.output<typeof labelRequestSchema>
