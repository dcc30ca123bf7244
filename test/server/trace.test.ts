import { propagation, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createLogger } from '../../src/base/index.ts'
import { createApp } from '../../src/server/index.ts'
import { serveTinyModels } from './serve-tiny-models.ts'

const exporter = new InMemorySpanExporter()
let served: Awaited<ReturnType<typeof serveTinyModels>>

beforeAll(async () => {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  served = await serveTinyModels()
})
afterAll(() => served.close())

it('a request is a span within its caller’s trace, with where its time went and without its text', async () => {
  const app = createApp(served.platform, { version: '1.2.3', logger: createLogger({ level: 'silent' }) })
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  await app.request('/v1/tasks/support/predictions', {
    method: 'POST',
    body: JSON.stringify({ input: 'my card' }),
    headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-b7ad6b7169203331-01` },
  })
  await app.request('/v1/nowhere')
  const [answered, unknown] = exporter.getFinishedSpans()
  expect(answered?.name).toBe('POST /v1/tasks/{task}/predictions')
  expect(answered?.spanContext().traceId).toBe(traceId)
  expect(answered?.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
  expect(answered?.attributes).toMatchObject({
    'http.route': '/v1/tasks/{task}/predictions',
    'http.response.status_code': 200,
    'capstan.task': 'support',
    'capstan.model_seconds': expect.any(Number),
    'capstan.teacher_seconds': 0,
  })
  expect(JSON.stringify(answered?.attributes)).not.toContain('my card')
  expect(unknown).toMatchObject({ name: 'GET unknown', attributes: { 'http.response.status_code': 404 } })
})
