import { randomUUID } from 'node:crypto'
import { RequestError } from '@hono/node-server'
import type { Context } from 'hono'
import { InvalidInputError } from '../base/index.ts'
import { type ProblemStatus, toProblem } from './problem.ts'
import type { Environment } from './route.ts'

/** Of a client that hung up before its answer (nginx's number: HTTP has none): seen only in logs and metrics. */
const clientClosedRequest = 499
const problemHeaders = { 'Content-Type': 'application/problem+json' }

/** Answers with the problem details of an error. */
export function respondProblem(context: Context<Environment>, error: unknown): Response {
  if (context.req.raw.signal.aborted) return new Response(null, { status: clientClosedRequest })
  const problem = toProblem(error, context.var.requestId)
  if (problem.status === 503 || problem.status === 429) context.header('Retry-After', '1')
  return context.body(JSON.stringify(problem), problem.status as ProblemStatus, problemHeaders)
}

/** The answer to a request that never reaches the app, because its address or Host header cannot be read. */
export function respondUnreadable(error: unknown): Response {
  const hint = 'Check the address and the Host header.'
  const unreadable = new InvalidInputError('request.unreadable', 'The request cannot be read', { hint })
  const problem = toProblem(error instanceof RequestError ? unreadable : error, randomUUID())
  return new Response(JSON.stringify(problem), { status: problem.status, headers: problemHeaders })
}
