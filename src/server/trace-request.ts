import { context as active, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { MiddlewareHandler } from 'hono'
import type { Environment } from './route.ts'

/**
 * One span of OpenTelemetry per request, within the caller's trace, named and described as its semantic conventions for HTTP
 * say, without texts. Costs next to nothing where no SDK is registered.
 */
export function traceRequest(version: string): MiddlewareHandler<Environment> {
  const tracer = trace.getTracer('capstan', version)
  return async (context, next) => {
    const { method } = context.req
    const parent = propagation.extract(active.active(), context.req.header())
    await tracer.startActiveSpan(method, { kind: SpanKind.SERVER }, parent, async (span) => {
      try {
        await next()
      } finally {
        const { route, requestId, stages } = context.var
        const { status } = context.res
        span.updateName(`${method} ${route}`)
        span.setAttributes({
          'http.request.method': method,
          'http.route': route,
          'http.response.status_code': status,
          'capstan.request_id': requestId,
          ...(stages && { 'capstan.task': stages.task }),
        })
        for (const [stage, seconds] of Object.entries(stages?.seconds ?? {}))
          span.setAttribute(`capstan.${stage}_seconds`, seconds)
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
        span.end()
      }
    })
  }
}
