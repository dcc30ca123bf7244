import { randomUUID } from 'node:crypto'
import { RequestError } from '@hono/node-server'
import type { Context } from 'hono'
import { type CapstanError, InvalidInputError } from '../base/index.ts'
import type { Problem } from '../contracts/index.ts'
import type { RateLimit } from '../platform/index.ts'
import { type ProblemStatus, toProblem } from './problem.ts'
import type { Environment } from './route.ts'

/** Of a client that hung up before its answer (nginx's number: HTTP has none): seen only in logs and metrics. */
const clientClosedRequest = 499
const challenge = 'Bearer realm="capstan"'
const problemHeaders = { 'Content-Type': 'application/problem+json' }

/** What a refusal for want of room or rate may say of itself. */
type RefusalDetails = { retryAfterSeconds?: number; rateLimit?: RateLimit }

/** Answers with the problem details of an error. */
export function respondProblem(context: Context<Environment>, error: unknown): Response {
  if (context.req.raw.signal.aborted) return new Response(null, { status: clientClosedRequest })
  const problem = toProblem(error, context.var.requestId)
  for (const [name, value] of Object.entries(headersOf(error, problem))) context.header(name, value)
  return context.body(JSON.stringify(problem), problem.status as ProblemStatus, problemHeaders)
}

/** What the headers of a reply say of its problem. */
function headersOf(error: unknown, { status, code }: Problem): Record<string, string> {
  // RFC 6750 §3: a request without a key is told no error, only that one is needed.
  if (code === 'access.missing-key') return { 'WWW-Authenticate': challenge }
  if (status === 401) return { 'WWW-Authenticate': `${challenge}, error="invalid_token"` }
  if (status === 403) return { 'WWW-Authenticate': `${challenge}, error="insufficient_scope"` }
  if (status !== 429 && status !== 503) return {}
  const { retryAfterSeconds = 1, rateLimit } = ((error as CapstanError).details ?? {}) as RefusalDetails
  return { 'Retry-After': String(retryAfterSeconds), ...(rateLimit && rateLimitHeaders(rateLimit)) }
}

/** How much of a caller's limit is left, as in draft-ietf-httpapi-ratelimit-headers. */
export function rateLimitHeaders({ requestsPerMinute, remaining, resetSeconds }: RateLimit): Record<string, string> {
  return {
    'RateLimit-Policy': `"key";q=${requestsPerMinute};w=60`,
    RateLimit: `"key";r=${remaining};t=${resetSeconds}`,
  }
}

/** The answer to a request that never reaches the app, because its address or Host header cannot be read. */
export function respondUnreadable(error: unknown): Response {
  const hint = 'Check the address and the Host header.'
  const unreadable = new InvalidInputError('request.unreadable', 'The request cannot be read', { hint })
  const requestId = randomUUID()
  const problem = toProblem(error instanceof RequestError ? unreadable : error, requestId)
  const headers = { ...problemHeaders, 'X-Request-Id': requestId }
  return new Response(JSON.stringify(problem), { status: problem.status, headers })
}
