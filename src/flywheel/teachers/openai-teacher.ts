import {
  type ChatCompletion,
  chatCompletionSchema,
  divideHalfEven,
  parseAmountMicro,
  type TeacherConfigOf,
} from '../../contracts/index.ts'
import { buildPrompt, type Prompt, type PromptExample, writeInput } from './build-prompt.ts'
import { type JsonReply, postJson } from './post-json.ts'
import { readAnswer } from './read-answer.ts'
import {
  failedTry,
  nonsense,
  type Spent,
  spentNothing,
  spentUnknown,
  type TaughtTask,
  type Teacher,
  type TeacherInput,
  type TeacherTry,
  type TokenCounts,
} from './teacher.ts'

type OpenaiConfig = TeacherConfigOf<'openai'>
/** How the endpoint is held to the answer's schema. */
type AnswerMode = 'json_schema' | 'tool' | 'json_object'

/** In what order they are tried, and how an endpoint that lacks one says so. */
const modes: readonly AnswerMode[] = ['json_schema', 'tool', 'json_object']
const unsupportedWords: Record<AnswerMode, RegExp> = {
  json_schema: /response_format|json_schema|structured.?output/i,
  tool: /tool|function/i,
  json_object: /response_format|json_object/i,
}
const unsupportedStatuses = [400, 404, 415, 422, 501]

const million = 1_000_000n
/** What a chat template adds around messages, at most. */
const templateTokensMax = 256

/** The parts of the answer's price, micro-units per million tokens. */
type Prices = { input: bigint; cachedInput: bigint; output: bigint }

/**
 * A chat model behind any endpoint of OpenAI's format. Where `structuredOutput` is `auto`, an endpoint that refuses
 * json_schema is asked with a tool, then with json_object, and the form it takes is remembered.
 */
export function createOpenaiTeacher(options: {
  task: TaughtTask
  config: OpenaiConfig
  examples: readonly PromptExample[]
  apiKey?: string | undefined
}): Teacher {
  const { task, config, examples, apiKey } = options
  const prompt = buildPrompt(task, examples)
  const prices = readPrices(config.prices)
  const url = new URL(config.baseUrl)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/chat/completions`
  const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
  const provenance = { teacher: 'openai', model: config.model, promptVersion: prompt.version } as const
  // A token is at least a byte in tokenizers over bytes; the schema counts as input too.
  const fixedTokensMax = Buffer.byteLength(prompt.system + JSON.stringify(prompt.schema)) + templateTokensMax
  let mode: AnswerMode = config.structuredOutput === 'auto' ? 'json_schema' : config.structuredOutput

  const send = (input: TeacherInput, form: AnswerMode, signal: AbortSignal): Promise<JsonReply> =>
    postJson({
      url,
      headers,
      body: writeBody(config, prompt, input, form),
      replyBytesMax: config.limits.replyBytesMax,
      signal,
    })

  const ask = async (input: TeacherInput, signal: AbortSignal): Promise<TeacherTry> => {
    let form = mode
    let reply = await send(input, form, signal)
    while (config.structuredOutput === 'auto' && saysUnsupported(reply, form) && form !== 'json_object') {
      form = modes[modes.indexOf(form) + 1] as AnswerMode
      reply = await send(input, form, signal)
    }
    if (reply.type === 'broken') return failedTry(reply.failure, spentUnknown)
    if (reply.type === 'refused') return failedTry(reply.failure, spentNothing)
    mode = form
    const completion = chatCompletionSchema.safeParse(reply.value)
    if (!completion.success) {
      const detail = 'the reply is no chat completion'
      return failedTry({ reason: 'error', detail, retry: 'never', fault: 'teacher' }, spentUnknown)
    }
    const { usage, model } = completion.data
    const spent = toSpent(usage, prices)
    const value = readValue(completion.data, prompt.field)
    if ('fault' in value) return failedTry(nonsense(value.fault), spent)
    const answer = readAnswer(task, value.value)
    if (typeof answer === 'string') return failedTry(nonsense(answer), spent)
    return { type: 'answered', answer, provenance: { ...provenance, model: model ?? config.model }, spent }
  }

  return {
    provenance,
    currency: config.prices.currency,
    costMicroMax(input) {
      const tokens = {
        input: fixedTokensMax + Buffer.byteLength(writeInput(input)),
        cachedInput: 0,
        output: config.outputTokensMax,
      }
      return (costTimesMillion(tokens, prices) + million - 1n) / million
    },
    ask,
  }
}

function writeBody(config: OpenaiConfig, { system, schema }: Prompt, input: TeacherInput, mode: AnswerMode): string {
  const name = 'answer'
  const forms = {
    json_schema: { response_format: { type: 'json_schema', json_schema: { name, strict: true, schema } } },
    tool: {
      tools: [{ type: 'function', function: { name, strict: true, parameters: schema } }],
      tool_choice: { type: 'function', function: { name } },
    },
    json_object: { response_format: { type: 'json_object' } },
  }
  return JSON.stringify({
    ...config.parameters,
    model: config.model,
    [config.outputTokensField]: config.outputTokensMax,
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: writeInput(input) },
    ],
    ...forms[mode],
  })
}

function saysUnsupported(reply: JsonReply, mode: AnswerMode): boolean {
  return (
    reply.type === 'refused' && unsupportedStatuses.includes(reply.status) && unsupportedWords[mode].test(reply.text)
  )
}

/** What the model put into the answer's field, or why there is nothing of use. */
function readValue({ choices }: ChatCompletion, field: string): { value: unknown } | { fault: string } {
  const [{ finish_reason, message }] = choices as [ChatCompletion['choices'][number]]
  if (message.refusal) return { fault: 'the model refused to answer' }
  if (finish_reason === 'length') return { fault: 'the answer was cut off at the limit of output tokens' }
  if (finish_reason === 'content_filter') return { fault: 'the provider filtered the answer' }
  const text = message.tool_calls?.[0]?.function.arguments ?? message.content ?? ''
  if (text.trim() === '') return { fault: 'the answer is empty' }
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer === 'object' && answer !== null && Object.hasOwn(answer, field)) {
      return { value: (answer as Record<string, unknown>)[field] }
    }
    return { fault: `the answer has no "${field}"` }
  } catch {
    return { fault: 'the answer is no JSON' }
  }
}

function readPrices(prices: OpenaiConfig['prices']): Prices {
  const input = parseAmountMicro(prices.inputPerMillion)
  return {
    input,
    cachedInput: prices.cachedInputPerMillion === undefined ? input : parseAmountMicro(prices.cachedInputPerMillion),
    output: parseAmountMicro(prices.outputPerMillion),
  }
}

function toSpent(usage: ChatCompletion['usage'], prices: Prices): Spent {
  if (!usage) return spentUnknown
  const cachedInput = Math.min(usage.prompt_tokens_details?.cached_tokens ?? 0, usage.prompt_tokens)
  const tokens = { input: usage.prompt_tokens, cachedInput, output: usage.completion_tokens }
  return { costMicro: divideHalfEven(costTimesMillion(tokens, prices), million), tokens }
}

function costTimesMillion({ input, cachedInput, output }: TokenCounts, prices: Prices): bigint {
  return (
    BigInt(input - cachedInput) * prices.input +
    BigInt(cachedInput) * prices.cachedInput +
    BigInt(output) * prices.output
  )
}
