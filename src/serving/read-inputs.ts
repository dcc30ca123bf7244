import { InvalidInputError } from '../base/index.ts'
import type { ModelAnswer, PredictionInput } from '../contracts/index.ts'

/** The texts of an input. */
export type InputTexts = { text: string; textPair?: string }

/**
 * The texts of each input; throws `serving.pair-mismatch`, which counts the inputs that are no pairs for a model of pairs,
 * or pairs for a model of single texts.
 */
export function readInputs(inputs: readonly PredictionInput[], answer: ModelAnswer): InputTexts[] {
  const texts = inputs.map((input): InputTexts => {
    if (typeof input === 'string') return { text: input }
    return { text: input.text, ...(input.text_pair !== undefined && { textPair: input.text_pair }) }
  })
  const pairs = answer.kind === 'tag' || answer.kind === 'embed' ? false : answer.pairs
  const wrong = texts.findIndex(({ textPair }) => pairs !== undefined && pairs !== (textPair !== undefined))
  if (wrong < 0) return texts
  throw new InvalidInputError(
    'serving.pair-mismatch',
    `Input ${wrong + 1} of ${inputs.length} is ${pairs ? 'a single text' : 'a pair'}, and this model answers ${pairs ? 'pairs' : 'single texts'}`,
    { hint: pairs ? 'Send {"text": "…", "text_pair": "…"}.' : 'Send a text alone.' },
  )
}
