import { Writable } from 'node:stream'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLogger } from '../../src/base/index.ts'
import { type Problem, predictionReplySchema, problemSchema, taskListSchema } from '../../src/contracts/index.ts'
import { type App, createApp } from '../../src/server/index.ts'
import { serveTinyModels } from './serve-tiny-models.ts'

let served: Awaited<ReturnType<typeof serveTinyModels>>
let app: App
const lines: string[] = []
const logged = new Writable({
  write(chunk, _encoding, done) {
    lines.push(String(chunk))
    done()
  },
})

beforeAll(async () => {
  served = await serveTinyModels({ queueRowsMax: 300 })
  app = createApp(served.platform, { version: '1.2.3', logger: createLogger({ destination: logged }) })
})
afterAll(() => served.close())

const address = '/v1/tasks/support/predictions'
const post = async (
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = { 'content-type': 'application/json' },
  path = address,
) => app.request(path, { method: 'POST', body, headers })
const predict = async (body: unknown) => {
  const { model, predictions } = predictionReplySchema.parse(await (await post(JSON.stringify(body))).json())
  return { model, predictions: predictions.filter((prediction) => prediction.kind === 'classify') }
}

/** The problem of a reply, checked against its contract. */
async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const problem = problemSchema.parse(await response.json())
  expect(problem.status).toBe(response.status)
  expect(problem.requestId).toBe(response.headers.get('x-request-id'))
  return problem
}

describe('POST /v1/tasks/{task}/predictions', () => {
  it('answers one input with one prediction and its five best scores', async () => {
    const { model, predictions } = await predict({ input: 'my card has not arrived' })
    expect(model).toEqual({ id: 'model_1', version: 1 })
    expect(predictions).toHaveLength(1)
    expect(predictions[0]).toMatchObject({ id: 'prediction_1', source: 'model', label: 'card', truncated: false })
    expect(predictions[0]?.scores).toHaveLength(5)
    expect(predictions[0]?.scores[0]).toEqual({ label: 'card', score: predictions[0]?.score })
  })

  it('answers several inputs in their order', async () => {
    const { predictions } = await predict({ inputs: ['money', 'card', 'phone'] })
    expect(predictions.map(({ label }) => label)).toEqual(['money', 'card', 'phone'])
  })

  it.each([
    [2, 2],
    [1000, 7],
  ])('returns at most scoresMax scores: %i gives %i', async (scoresMax, count) => {
    expect((await predict({ input: 'card', scoresMax })).predictions[0]?.scores).toHaveLength(count)
  })

  it('answers a pair of texts', async () => {
    const { predictions } = await predict({ inputs: [{ text: 'card', text_pair: 'card money' }, 'money'] })
    expect(predictions.map(({ label }) => label)).toEqual(['card', 'money'])
  })

  it('says that an over-long text was read in part', async () => {
    expect((await predict({ input: 'card '.repeat(3000) })).predictions[0]?.truncated).toBe(true)
  })

  it('takes other JSON types with parameters', async () => {
    const response = await post('{"input":"card"}', { 'content-type': 'application/vnd.team+json; charset=utf-8' })
    expect(response.status).toBe(200)
  })

  it.each([
    ['a body that is no JSON', '{"input": ', 400, 'request.malformed-json'],
    ['no body', '', 400, 'request.malformed-json'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400, 'request.not-utf8'],
    ['a body above the limit', JSON.stringify({ inputs: Array(200).fill('x'.repeat(6000)) }), 413, 'request.too-large'],
    ['a misfit body', '{"inputs": []}', 400, 'request.invalid'],
  ])('answers %s with a problem', async (_, body, status, code) => {
    const problem = await problemOf(await post(body))
    expect(problem).toMatchObject({ status, code, type: `urn:capstan:problem:${code}` })
  })

  it('names every wrong place with a JSON pointer', async () => {
    const { errors } = await problemOf(await post('{"inputs": ["card", 7, " "], "a/b~c": 1}'))
    expect(errors?.map(({ pointer }) => pointer)).toEqual(['#/inputs/1', '#/inputs/2', '#/a~1b~0c'])
  })

  it('says of each input what is wrong with the form that was meant', async () => {
    const { errors } = await problemOf(
      await post(JSON.stringify({ inputs: ['', 7, { text: 'a', text_pair: ' ' }, {}] })),
    )
    expect(errors).toEqual([
      { pointer: '#/inputs/0', detail: 'must hold more than white space' },
      { pointer: '#/inputs/1', detail: 'must be a text, or an object with "text" and "text_pair"' },
      { pointer: '#/inputs/2/text_pair', detail: 'must hold more than white space' },
      { pointer: '#/inputs/3/text', detail: expect.stringContaining('expected string') },
    ])
  })

  it('names no more than twenty wrong places but counts them all', async () => {
    const problem = await problemOf(await post(JSON.stringify({ inputs: Array(200).fill('') })))
    expect(problem.detail).toContain('200 places')
    expect(problem.errors).toHaveLength(20)
  })

  it('refuses another media type', async () => {
    for (const headers of [{ 'content-type': 'text/plain' }, { 'content-type': 'application/jsonx' }]) {
      expect(await problemOf(await post('{"input":"card"}', headers))).toMatchObject({ status: 415 })
    }
  })

  it('answers an unknown task with 404', async () => {
    const problem = await problemOf(await post('{"input":"card"}', undefined, '/v1/tasks/other/predictions'))
    expect(problem).toMatchObject({ status: 404, code: 'platform.unknown-task', detail: 'There is no task other' })
  })

  it('answers with 503 and Retry-After where the queue is full', async () => {
    const body = JSON.stringify({ inputs: Array(256).fill('card') })
    const responses = await Promise.all([post(body), post(body)])
    const refused = responses.find(({ status }) => status === 503) as Response
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 503])
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await problemOf(refused)).toMatchObject({ code: 'serving.overloaded' })
  })

  it('lets go of a request whose client has gone', async () => {
    const abort = new AbortController()
    const request = app.request(address, {
      method: 'POST',
      body: '{"input":"card"}',
      headers: { 'content-type': 'application/json' },
      signal: abort.signal,
    })
    abort.abort()
    expect((await request).status).toBe(499)
  })

  it('states limits that were configured, and keeps them', async () => {
    const small = createApp(served.platform, {
      version: '0',
      logger: createLogger({ level: 'silent' }),
      limits: { inputsMax: 2, charactersMax: 10, bodyBytesMax: 100 },
    })
    const send = async (body: unknown) =>
      (
        await small.request(address, {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        })
      ).status
    expect(await send({ inputs: ['card', 'card'] })).toBe(200)
    expect(await send({ inputs: ['card', 'card', 'card'] })).toBe(400)
    expect(await send({ input: 'card card card' })).toBe(400)
    expect(await send({ input: 'card'.repeat(30) })).toBe(413)
    const document = await (await small.request('/openapi.json')).text()
    expect(document).toContain('"maxItems":2')
    expect(document).toContain('"maxLength":10')
  })

  it('never answers a malformed body with a 5xx or with anything but a problem', async () => {
    const json = fc.json({ maxDepth: 4 })
    const near = fc.record(
      {
        input: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
        inputs: fc.jsonValue(),
        scoresMax: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))
    const body = fc.oneof(
      json,
      near.map((value) => JSON.stringify(value)),
      bytes,
      fc.string(),
    )
    const type = fc.constantFrom(
      'application/json',
      'application/json; charset=latin1',
      'text/plain',
      'multipart/form-data',
      '',
    )
    await fc.assert(
      fc.asyncProperty(body, type, async (content, contentType) => {
        const response = await post(content, { 'content-type': contentType })
        if (response.status !== 200) expect((await problemOf(response)).status).toBeLessThan(500)
        else predictionReplySchema.parse(await response.json())
      }),
      { numRuns: 400 },
    )
  })
})

describe('the other routes', () => {
  it('list the tasks', async () => {
    const { tasks } = taskListSchema.parse(await (await app.request('/v1/tasks')).json())
    expect(tasks[0]).toMatchObject({ task: 'support', kind: 'classify', model: { version: 1 } })
  })

  it('list the model versions', async () => {
    expect(await (await app.request('/v1/models')).json()).toEqual({ models: [] })
  })

  it('tell health at any time, and readiness once models are loaded', async () => {
    expect(await (await app.request('/healthz')).json()).toEqual({ status: 'ok' })
    expect(await (await app.request('/readyz')).json()).toEqual({ status: 'ready' })
    served.state.isReady = false
    expect((await app.request('/healthz')).status).toBe(200)
    expect(await problemOf(await app.request('/readyz'))).toMatchObject({ status: 503, code: 'serving.not-ready' })
    served.state.isReady = true
  })

  it('answer an unknown path with 404 and a wrong method with 405 and Allow', async () => {
    expect(await problemOf(await app.request('/v2/tasks'))).toMatchObject({ code: 'request.unknown-route' })
    const deleted = await app.request('/v1/tasks', { method: 'DELETE' })
    expect(deleted.headers.get('allow')).toBe('GET, HEAD')
    expect(await problemOf(deleted)).toMatchObject({ status: 405, code: 'request.method-not-allowed' })
    expect((await app.request(address)).headers.get('allow')).toBe('POST')
    expect((await app.request('/healthz', { method: 'HEAD' })).status).toBe(200)
  })

  it('return the request id that a client gave, unless it could forge a log line', async () => {
    const idOf = async (id: string) =>
      (await app.request('/healthz', { headers: { 'x-request-id': id } })).headers.get('x-request-id')
    expect(await idOf('order-17')).toBe('order-17')
    expect(await idOf('a b"}')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('hide what went wrong inside, and log it under the request id', async () => {
    const broken = createApp(
      { ...served.platform, listTasks: () => Promise.reject(new TypeError('secret is undefined')) },
      { version: '0', logger: createLogger({ destination: logged }) },
    )
    const problem = await problemOf(await broken.request('/v1/tasks'))
    expect(problem).toMatchObject({ status: 500, code: 'server.internal' })
    expect(JSON.stringify(problem)).not.toContain('secret')
    const line = lines.find((text) => text.includes('request failed'))
    expect(JSON.parse(line ?? '{}')).toMatchObject({ level: 'error', requestId: problem.requestId })
    expect(line).toContain('secret is undefined')
  })
})

describe('what the server tells its operators', () => {
  it('counts requests, predictions, batches, truncated inputs and the process', async () => {
    const fresh = createApp(served.platform, { version: '0', logger: createLogger({ level: 'silent' }) })
    const headers = { 'content-type': 'application/json' }
    await fresh.request(address, {
      method: 'POST',
      body: JSON.stringify({ inputs: ['card', 'card '.repeat(99)] }),
      headers,
    })
    await fresh.request(address, { method: 'POST', body: '{', headers })
    await fresh.request('/nowhere')
    const text = await (await fresh.request('/metrics')).text()
    const route = 'route="/v1/tasks/{task}/predictions"'
    expect(text).toContain(`capstan_http_request_seconds_count{method="POST",${route},status="200"} 1`)
    expect(text).toContain(`capstan_http_request_seconds_count{method="POST",${route},status="400"} 1`)
    expect(text).toContain('capstan_http_request_seconds_count{method="GET",route="unknown",status="404"} 1')
    expect(text).toContain('capstan_predictions_total{task="support",model="model_1",source="model",reason=""} 2')
    expect(text).toContain('capstan_truncated_inputs_total{task="support",model="model_1"} 1')
    expect(text).toContain('capstan_batch_rows_sum{task="support",model="model_1"} 2')
    expect(text).toContain('capstan_queue_rows{task="support"} 0')
    expect(text).toContain('process_cpu_seconds_total')
  })

  it('counts what teachers are asked, what it may have cost, and whether one is left in peace', async () => {
    const fresh = createApp(served.platform, { version: '0', logger: createLogger({ level: 'silent' }) })
    const money = (amountMicro: bigint) => ({ amountMicro, currency: 'USD' })
    const tell = served.state.tellOfTeacher
    tell({ task: 'support', type: 'try-end', result: 'timeout', latencyMs: 2000 })
    tell({ task: 'support', type: 'try-end', result: 'answered', latencyMs: 300 })
    const spent = { cost: money(2000n), costMax: money(4000n) }
    tell({ task: 'support', type: 'outcome-end', result: 'answered', spent })
    tell({ task: 'support', type: 'circuit-change', state: 'open' })
    const text = await (await fresh.request('/metrics')).text()
    expect(text).toContain('capstan_teacher_try_seconds_sum{task="support",result="timeout"} 2')
    expect(text).toContain('capstan_teacher_calls_total{task="support",result="answered"} 1')
    expect(text).toContain('capstan_teacher_cost_total{task="support",currency="USD"} 0.004')
    expect(text).toContain('capstan_teacher_circuit_open{task="support"} 1')
  })

  it('logs each request with its route, status and time but never with its input', async () => {
    lines.length = 0
    await predict({ input: 'my secret card' })
    await post('{"input": "my secret card"', { 'content-type': 'application/json', 'x-request-id': 'two' })
    expect(lines.map((line) => JSON.parse(line) as Record<string, unknown>)).toEqual([
      expect.objectContaining({ level: 'info', method: 'POST', route: '/v1/tasks/{task}/predictions', status: 200 }),
      expect.objectContaining({ requestId: 'two', status: 400, milliseconds: expect.any(Number) }),
    ])
    expect(lines.join('')).not.toContain('secret')
  })
})

describe('GET /openapi.json', () => {
  type Examples = Record<string, { value: unknown }>
  type Operation = {
    operationId: string
    requestBody?: { content: Record<string, { examples: Examples }> }
    responses: Record<string, { content: Record<string, unknown> }>
  }
  type Document = {
    openapi: string
    info: { version: string }
    paths: Record<string, Record<string, Operation>>
    components: { schemas: Record<string, unknown> }
  }
  let document: Document
  beforeAll(async () => {
    document = (await (await app.request('/openapi.json')).json()) as Document
  })

  it('describes every route, itself included', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(document.info.version).toBe('1.2.3')
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    )
    expect(operations.sort()).toEqual([
      'get /healthz',
      'get /metrics',
      'get /openapi.json',
      'get /readyz',
      'get /v1/models',
      'get /v1/tasks',
      'get /v1/tasks/{task}',
      'get /v1/tasks/{task}/gate',
      'get /v1/tasks/{task}/labels',
      'get /v1/tasks/{task}/questions',
      'post /v1/predictions/{id}/feedback',
      'post /v1/questions/{id}/answers',
      'post /v1/tasks/{task}/predictions',
      'put /v1/tasks/{task}',
    ])
  })

  it('gives every operation an id of its own, a reply and problems with their schema', () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    for (const { responses } of operations) {
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['200', '500']))
      for (const [status, { content }] of Object.entries(responses)) {
        if (Number(status) >= 400) expect(Object.keys(content)).toEqual(['application/problem+json'])
      }
    }
  })

  it('shows examples of requests that work', async () => {
    const { examples } =
      document.paths['/v1/tasks/{task}/predictions']?.post?.requestBody?.content['application/json'] ?? {}
    const values = Object.values(examples ?? {}).map(({ value }) => value)
    expect(values).toHaveLength(2)
    for (const value of values) expect((await post(JSON.stringify(value))).status).toBe(200)
  })

  it('resolves each of its references', () => {
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      (match) => match[1] as string,
    )
    expect(references.length).toBeGreaterThan(0)
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining([...new Set(references)]))
  })
})
