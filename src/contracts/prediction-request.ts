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
  const textSchema = z
    .string()
    .regex(/\S/, 'must hold more than white space')
    .refine((text) => text.length <= limits.charactersMax || countCodePoints(text) <= limits.charactersMax, {
      error: `must have at most ${limits.charactersMax} characters`,
    })
    .meta({ minLength: 1, maxLength: limits.charactersMax, example: 'my card has not arrived' })
  const pairSchema = z
    .strictObject({ text: textSchema, text_pair: textSchema.optional() })
    .meta({ description: 'A text, or where the task has pairs, both of its texts' })
  const inputSchema = z.union([textSchema, pairSchema], {
    error: 'must be a text, or an object with "text" and "text_pair"',
  })
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

/** A text to answer, or a pair of texts. */
export type PredictionInput = string | { text: string; text_pair?: string | undefined }
export type PredictionRequest = z.infer<ReturnType<typeof createPredictionRequestSchema>>

function countCodePoints(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
