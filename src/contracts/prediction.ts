import { z } from 'zod'

/** How much one prediction request may ask for. */
export type PredictionLimits = {
  /** Texts in one request. */
  inputsMax: number
  /** Characters (Unicode code points) in one text. */
  charactersMax: number
}

export const defaultPredictionLimits: PredictionLimits = { inputsMax: 256, charactersMax: 20_000 }

/** Body of POST /v1/tasks/{task}/predictions: one `input` or several `inputs`, never both. */
export function createPredictionRequestSchema(limits: PredictionLimits) {
  const inputSchema = z
    .string()
    .regex(/\S/, 'must hold more than white space')
    .refine((text) => text.length <= limits.charactersMax || countCodePoints(text) <= limits.charactersMax, {
      error: `must have at most ${limits.charactersMax} characters`,
    })
    .meta({ minLength: 1, maxLength: limits.charactersMax, example: 'my card has not arrived' })
  return z
    .strictObject({
      input: inputSchema.optional(),
      inputs: z.array(inputSchema).min(1).max(limits.inputsMax).optional(),
      scoresMax: z.int().min(1).default(5).meta({
        description: 'The most scores to return for each text, best first; a number above that of the labels means all',
      }),
    })
    .refine((body) => (body.input === undefined) !== (body.inputs === undefined), {
      error: 'must have exactly one of "input" and "inputs"',
    })
    .meta({
      description: 'One text as `input`, or several as `inputs`.',
      oneOf: [{ required: ['input'] }, { required: ['inputs'] }],
    })
}

export const modelReferenceSchema = z
  .object({
    id: z.string().meta({ description: 'The model version’s identifier', example: 'model_01k9z5v7q2c3' }),
    version: z.int().min(1).meta({ description: 'Counts the versions of the task from 1', example: 3 }),
  })
  .meta({ id: 'ModelReference', description: 'The model version that answered' })

export const scoredLabelSchema = z
  .object({
    label: z.string().meta({ example: 'card_arrival' }),
    score: z.number().min(0).max(1).meta({ description: 'Probability by the model', example: 0.973 }),
  })
  .meta({ id: 'ScoredLabel' })

export const predictionSchema = z
  .object({
    label: z.string().meta({ description: 'The label with the highest score', example: 'card_arrival' }),
    score: z.number().min(0).max(1).meta({ example: 0.973 }),
    scores: z.array(scoredLabelSchema).min(1).meta({ description: 'Best first; the first is `label`' }),
    truncated: z.boolean().meta({
      description: 'The text was longer than the model reads: only its beginning was seen',
      example: false,
    }),
  })
  .meta({ id: 'Prediction' })

/** The reply has one shape for both forms of the request: predictions in the order of the inputs. */
export const predictionReplySchema = z
  .object({ model: modelReferenceSchema, predictions: z.array(predictionSchema).min(1) })
  .meta({ id: 'PredictionReply' })

export type PredictionRequest = z.infer<ReturnType<typeof createPredictionRequestSchema>>
export type ModelReference = z.infer<typeof modelReferenceSchema>
export type ScoredLabel = z.infer<typeof scoredLabelSchema>
export type Prediction = z.infer<typeof predictionSchema>
export type PredictionReply = z.infer<typeof predictionReplySchema>

function countCodePoints(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
