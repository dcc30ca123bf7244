import type { RouteConfig, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { problemSchema } from '../contracts/index.ts'
import { type ProblemStatus, statusTitles } from './problem.ts'
import type { StageSeconds } from './served-platform.ts'

/** What the app keeps of each request. */
export type Environment = {
  Variables: {
    requestId: string
    /** The path with its parameters' names, so that logs hold no values. */
    route: string
    /** Who asks; null where no key is required. */
    caller: { keyId: string | null }
    /** Of a request for predictions that was answered: its task, and where the time went. */
    stages?: { task: string; seconds: StageSeconds }
  }
}

/** A row of the table from which both the routing and the OpenAPI document are made. */
export type Route = Omit<RouteConfig, 'method'> & {
  method: 'get' | 'post' | 'put'
  /** Left out, a key for the task in the path is needed, or one for all tasks where the path has none. */
  access?: 'open' | 'any-key' | 'all-tasks'
  handle(context: Context<Environment>): Response | Promise<Response>
}

type Replies = RouteConfig['responses']

/** The reply of a request that went well. */
export function jsonReply(description: string, schema: z.ZodType): Replies {
  return { 200: { description, content: { 'application/json': { schema } } } }
}

export function textReply(description: string, contentType: string): Replies {
  return { 200: { description, content: { [contentType]: { schema: { type: 'string' } } } } }
}

/** The problems that a route may answer with, by status, each with its codes; every route may fail with 500. */
export function problemReplies(codes: Partial<Record<ProblemStatus, readonly string[]>> = {}): Replies {
  const replies: Replies = {}
  for (const [status, names] of Object.entries({ ...codes, 500: ['server.internal'] })) {
    replies[status] = {
      description: `${statusTitles[Number(status) as ProblemStatus]}: ${names.map((name) => `\`${name}\``).join(', ')}`,
      content: { 'application/problem+json': { schema: problemSchema } },
      ...(status === '503' || status === '429' ? { headers: retryAfter } : {}),
    }
  }
  return replies
}

const retryAfter = { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer' as const } } }
