import type { RouteConfig } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { AccessNeed } from '../platform/index.ts'
import { rateLimitHeaders } from './respond.ts'
import { type Environment, problemReplies, type Route } from './route.ts'
import type { ServedPlatform } from './served-platform.ts'

export const apiKeyScheme = { type: 'http', scheme: 'bearer', description: 'An API key, cap_…' } as const

/** Lets a request through to its route and notes who sends it; throws what `Access.admit` throws. */
export async function admitCaller(
  context: Context<Environment>,
  access: ServedPlatform['access'],
  route: Pick<Route, 'access'>,
): Promise<void> {
  if (route.access === 'open') return
  const { keyId, rateLimit } = await access.admit(context.req.header('authorization'), needOf(context, route))
  context.set('caller', { keyId })
  if (rateLimit) for (const [name, value] of Object.entries(rateLimitHeaders(rateLimit))) context.header(name, value)
}

/** What the OpenAPI document says of a route that may need a key. */
export function describeKeys(route: RouteConfig, scheme: string): RouteConfig {
  const refusals = problemReplies({
    401: ['access.missing-key', 'access.bad-key', 'access.expired-key', 'access.revoked-key'],
    403: ['access.out-of-scope'],
    429: ['access.rate-limited'],
  })
  // The second, empty requirement: a server without keys needs none.
  return { ...route, security: [{ [scheme]: [] }, {}], responses: { ...refusals, ...route.responses } }
}

function needOf(context: Context<Environment>, { access }: Pick<Route, 'access'>): AccessNeed {
  if (access === 'any-key' || access === 'all-tasks') return access
  const task = context.req.param('task')
  return task === undefined ? 'all-tasks' : { task }
}
