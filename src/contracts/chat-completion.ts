import { z } from 'zod'

const tokensSchema = z.int().nonnegative()

/**
 * What is read of the reply of POST /chat/completions (OpenAI's format, which vLLM, llama.cpp, Ollama and many providers
 * share). Everything else in it is ignored, and `usage` may be missing.
 */
export const chatCompletionSchema = z.object({
  model: z.string().nullish(),
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({
          content: z.string().nullish(),
          refusal: z.string().nullish(),
          tool_calls: z.array(z.object({ function: z.object({ arguments: z.string() }) })).nullish(),
        }),
      }),
    )
    .min(1),
  usage: z
    .object({
      prompt_tokens: tokensSchema,
      completion_tokens: tokensSchema,
      prompt_tokens_details: z.object({ cached_tokens: tokensSchema.nullish() }).nullish(),
    })
    .nullish(),
})

export type ChatCompletion = z.output<typeof chatCompletionSchema>
