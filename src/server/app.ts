import type { HttpBindings } from '@hono/node-server'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { requestId } from 'hono/request-id'
import { type Logger, NotFoundError, UnsupportedError } from '../base/index.ts'
import { defaultPredictionLimits } from '../contracts/index.ts'
import { admitCaller, apiKeyScheme, describeKeys } from './admit-caller.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { createDocumentRoute } from './openapi.ts'
import { isFault } from './problem.ts'
import { discardBody } from './read-body.ts'
import { respondProblem } from './respond.ts'
import type { Environment, Route } from './route.ts'
import { createRoutes, type ServerLimits } from './routes.ts'
import type { ServedPlatform, StageSeconds } from './served-platform.ts'
import { traceRequest } from './trace-request.ts'

export type AppOptions = {
  /** Version of the API document. */
  version: string
  logger: Logger
  /** Default: 256 inputs of 20,000 characters, in a body of 1 MiB. */
  limits?: Partial<ServerLimits>
}

/** The HTTP interface without a port: `fetch` answers a request, `request` is its short form for tests. */
export type App = Pick<OpenAPIHono<Environment>, 'fetch' | 'request'> & {
  /** From now on /readyz answers 503, and each reply asks its client to close the connection. */
  beginDraining(): void
}

const defaultServerLimits: ServerLimits = { ...defaultPredictionLimits, bodyBytesMax: 1024 * 1024 }

export function createApp(platform: ServedPlatform, options: AppOptions): App {
  const { version, logger } = options
  const limits = { ...defaultServerLimits, ...options.limits }
  const metrics = createMetrics(platform)
  let isDraining = false

  const hono = new OpenAPIHono<Environment>()
  hono.use(requestId(), traceRequest(version), observeRequest(metrics, logger))
  hono.use(async (context, next) => {
    await next()
    // Without a port there is no message.
    const { incoming } = (context.env ?? {}) as Partial<HttpBindings>
    if (incoming) await discardBody(incoming)
    if (isDraining) context.header('Connection', 'close')
  })
  hono.onError((error, context) => {
    const { requestId, route } = context.var
    const isGone = context.req.raw.signal.aborted
    if (isFault(error) && !isGone) logger.error({ requestId, route, error: describeError(error) }, 'request failed')
    return respondProblem(context, error)
  })
  hono.notFound((context) => {
    const what = `There is nothing at ${context.req.method} ${context.req.path}`
    const hint = 'The routes are listed at /openapi.json.'
    return respondProblem(context, new NotFoundError('request.unknown-route', what, { hint }))
  })
  const routes = createRoutes(platform, { limits, metrics, isDraining: () => isDraining })
  addRoutes(hono, platform, [...routes, createDocumentRoute(hono, version)])

  return {
    fetch: hono.fetch,
    request: hono.request,
    beginDraining() {
      isDraining = true
    },
  }
}

function addRoutes(hono: OpenAPIHono<Environment>, { access }: ServedPlatform, routes: readonly Route[]): void {
  const { name: scheme } = hono.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', apiKeyScheme)
  for (const route of routes) {
    const { handle, access: need, ...description } = route
    const { method, path } = description
    hono.openAPIRegistry.registerPath(need === 'open' ? description : describeKeys(description, scheme))
    hono.on(method, toPattern(path), async (context) => {
      context.set('route', path)
      await admitCaller(context, access, route)
      return handle(context)
    })
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).map((route) => route.method.toUpperCase())
    const allowed = methods.includes('GET') ? [...methods, 'HEAD'] : methods
    hono.all(toPattern(path), (context) => refuseMethod(context, path, allowed))
  }
}

function refuseMethod(context: Context<Environment>, path: string, allowed: readonly string[]): Response {
  context.set('route', path)
  context.header('Allow', allowed.join(', '))
  const what = `${context.req.method} is not possible at ${path}`
  const hint = `Use ${allowed.join(' or ')}.`
  return respondProblem(context, new UnsupportedError('request.method-not-allowed', what, { hint }))
}

/** One log line and one observation per request, without its texts: only the names of the route's parameters. */
function observeRequest(metrics: Metrics, logger: Logger): MiddlewareHandler<Environment> {
  return async (context, next) => {
    const startedMs = performance.now()
    context.set('route', 'unknown')
    context.set('caller', { keyId: null })
    await next()
    const { requestId, route, caller, stages } = context.var
    const { method } = context.req
    const { status } = context.res
    const seconds = (performance.now() - startedMs) / 1000
    metrics.observeRequest({ method, route, status, seconds })
    if (stages) metrics.observeStages({ ...stages, total: seconds })
    const key = caller.keyId === null ? {} : { keyId: caller.keyId }
    const times = { milliseconds: toMilliseconds(seconds), ...(stages && describeStages(stages.seconds)) }
    logger.info({ requestId, ...key, method, route, status, ...times }, 'request')
  }
}

function describeStages({ tokenize, queue, model, teacher }: StageSeconds) {
  return {
    tokenizeMs: toMilliseconds(tokenize),
    queueMs: toMilliseconds(queue),
    modelMs: toMilliseconds(model),
    ...(teacher > 0 && { teacherMs: toMilliseconds(teacher) }),
  }
}

/** With two places, which is as much as a clock between threads tells. */
function toMilliseconds(seconds: number): number {
  return Math.round(seconds * 100_000) / 100
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.stack ?? error.message
  return error.cause === undefined ? own : `${own}\ncaused by: ${describeError(error.cause)}`
}

/** '/v1/tasks/{task}' of OpenAPI as '/v1/tasks/:task' of the router. */
function toPattern(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1')
}
