// A teacher in capstan.yaml. Secrets are never part of it: a key is named by the environment variable that holds it.
import { z } from 'zod'
import { currencySchema } from './money.ts'
import { decimalSchema, priceSchema } from './rate.ts'

const variableSchema = z
  .string()
  .regex(
    /^[A-Z_][A-Z0-9_]{0,127}$/,
    'must be the name of an environment variable, such as OPENAI_API_KEY, never the key itself',
  )

/** An address without name and password: those would stand in logs. */
const addressSchema = z
  .url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' })
  .refine((address) => !/^https?:\/\/[^/?#]*@/i.test(address), {
    error: 'must hold no name or password: name an environment variable instead',
  })

const freePrice = { amount: '0', currency: 'USD' }

/** How patient Capstan is with a teacher, and how much it asks of it at once. */
export const teacherLimitsSchema = z.strictObject({
  timeoutMs: z.int().min(1).max(600_000).default(20_000).describe('For each try'),
  triesMax: z.int().min(1).max(10).default(3),
  backoffMs: z.int().min(1).default(500).describe('Bound of the first wait between tries; it doubles each time'),
  waitMsMax: z.int().min(1).default(20_000).describe('Longest wait between tries; a longer Retry-After ends the call'),
  concurrency: z.int().min(1).max(1000).default(8),
  queueMax: z.int().min(0).default(256).describe('Calls that may wait for their turn'),
  breakerFailures: z.int().min(1).default(5).describe('Failed tries in a row that open the circuit'),
  breakerOpenMs: z.int().min(1).default(30_000).describe('How long it stays open before one call probes'),
  replyBytesMax: z.int().min(1).default(1_048_576),
})

const limits = teacherLimitsSchema.prefault({})

/** Fields of the chat request that the teacher itself sets. */
const ownFields = ['model', 'messages', 'response_format', 'tools', 'tool_choice', 'stream', 'n']

const openaiTeacherSchema = z.strictObject({
  type: z.literal('openai'),
  baseUrl: addressSchema.describe('What stands before /chat/completions'),
  model: z.string().min(1),
  apiKeyEnv: variableSchema.optional().describe('Left out where the endpoint needs no key'),
  prices: z
    .strictObject({
      currency: currencySchema,
      inputPerMillion: decimalSchema,
      cachedInputPerMillion: decimalSchema.optional().describe('Default: the price of other input'),
      outputPerMillion: decimalSchema,
    })
    .prefault({ currency: freePrice.currency, inputPerMillion: '0', outputPerMillion: '0' }),
  structuredOutput: z.enum(['auto', 'json_schema', 'tool', 'json_object']).default('auto'),
  outputTokensMax: z.int().min(1).default(1024).describe('Thinking included: the most that one try may write'),
  outputTokensField: z.enum(['max_completion_tokens', 'max_tokens']).default('max_completion_tokens'),
  parameters: z
    .record(z.string(), z.unknown())
    .refine((parameters) => !ownFields.some((name) => name in parameters), {
      error: `must not set ${ownFields.join(', ')}`,
    })
    .default({})
    .describe('Further fields of the request, such as temperature or reasoning_effort'),
  examples: z
    .array(
      z.strictObject({
        text: z.string().min(1),
        textPair: z.string().min(1).optional(),
        answer: z.union([z.string(), z.array(z.string()), z.number()]),
      }),
    )
    .default([]),
  limits,
})

const httpTeacherSchema = z.strictObject({
  type: z.literal('http'),
  url: addressSchema,
  body: z
    .unknown()
    .refine((body) => JSON.stringify(body ?? null).includes('{{text}}'), { error: 'must hold "{{text}}" somewhere' })
    .describe('Any JSON; {{text}} and {{text_pair}} inside strings are replaced'),
  answer: z
    .string()
    .regex(/^(\/([^~]|~[01])*)?$/, 'must be a JSON Pointer (RFC 6901), such as /result/label')
    .describe('Where in the reply the label, labels or number stands'),
  headersEnv: z
    .record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be the name of a header'), variableSchema)
    .default({})
    .describe('Headers and the environment variables that hold their values'),
  pricePerCall: priceSchema.default(freePrice),
  limits,
})

const humanTeacherSchema = z
  .strictObject({
    type: z.literal('human'),
    waitMs: z.int().min(0).default(0).describe('How long a request waits for people before it is pending'),
    pricePerCall: priceSchema.default(freePrice).describe('What a label costs'),
    limits,
  })
  .refine(({ waitMs, limits }) => waitMs < limits.timeoutMs, {
    path: ['waitMs'],
    error: 'must be less than limits.timeoutMs, after which a try ends',
  })

const replayTeacherSchema = z.strictObject({
  type: z.literal('replay'),
  file: z.string().min(1).describe('Labelled file, relative to capstan.yaml'),
  pricePerCall: priceSchema.default(freePrice),
  limits,
})

/** Who answers a task when its own model may not. */
export const teacherConfigSchema = z.discriminatedUnion(
  'type',
  [openaiTeacherSchema, httpTeacherSchema, humanTeacherSchema, replayTeacherSchema],
  { error: (issue) => (issue.code === 'invalid_union' ? 'must be one of openai, http, human and replay' : undefined) },
)

export type TeacherConfig = z.output<typeof teacherConfigSchema>
export type TeacherConfigOf<Type extends TeacherConfig['type']> = Extract<TeacherConfig, { type: Type }>
export type TeacherLimits = z.output<typeof teacherLimitsSchema>

/** The currency in which a teacher is paid. */
export function currencyOfTeacher(teacher: TeacherConfig): string {
  return teacher.type === 'openai' ? teacher.prices.currency : teacher.pricePerCall.currency
}
