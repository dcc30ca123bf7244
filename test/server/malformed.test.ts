import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAccess } from '../../src/access/index.ts'
import { createLogger } from '../../src/base/index.ts'
import { createApp, type RunningServer, startServer } from '../../src/server/index.ts'
import { openStore, type Store } from '../../src/storage/index.ts'
import { createMalformedRequests, findFault, type OpenApiDocument, sendRaw } from './malformed-requests.ts'
import { serveTinyModels } from './serve-tiny-models.ts'

const folder = mkdtempSync(join(tmpdir(), 'capstan-malformed-'))
let store: Store
let served: Awaited<ReturnType<typeof serveTinyModels>>
let server: RunningServer
let token: string

beforeAll(async () => {
  store = await openStore({ folder, templateFolder: join(tmpdir(), 'capstan-test-database') })
  const access = createAccess({ store, mode: 'auto' })
  token = (await access.createKey({ name: 'tester' })).token
  served = await serveTinyModels({}, access)
  const app = createApp(served.platform, { version: '0', logger: createLogger({ level: 'silent' }) })
  server = await startServer({ app, port: 0 })
})
afterAll(async () => {
  await server.close()
  await served.close()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const start = 'POST /v1/tasks/support/predictions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n'
const headers = () => ({ authorization: `Bearer ${token}` })

describe('a malformed request', () => {
  it('gets problem details and never a 5xx, whatever is wrong with it, and the next one is answered', async () => {
    const document = (await (
      await fetch(`${server.url}/openapi.json`, { headers: headers() })
    ).json()) as OpenApiDocument
    const create = createMalformedRequests(document, { seed: 20_261_123, task: 'support', token })
    const failures: unknown[] = []
    const statuses = new Set<number>()
    for (let index = 0; index < 400; index++) {
      const request = create(index)
      const reply = await sendRaw(server.url, request.bytes)
      if (reply) statuses.add(reply.status)
      const fault = findFault(request, reply)
      if (fault) failures.push({ index, faults: request.faults, fault })
    }
    expect(failures).toEqual([])
    expect([...statuses]).toEqual(expect.arrayContaining([400, 401, 404, 405, 413, 415, 417, 431]))
    const next = await fetch(`${server.url}/v1/tasks/support/predictions`, {
      method: 'POST',
      body: '{"input":"card"}',
      headers: { ...headers(), 'content-type': 'application/json' },
    })
    expect(next.status).toBe(200)
  })

  it.each([
    ['what cannot be read', 'Content-Length: abc\r\n\r\n', '400'],
    ['an expectation', 'Expect: wonders\r\nContent-Length: 1000000\r\n\r\n', '417'],
  ])('gets its reply although its client still sends what follows %s', async (_, head, status) => {
    const { hostname, port } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    const closed = once(socket, 'close')
    for (const part of [`${start}${head}`, 'x'.repeat(100_000), 'x'.repeat(100_000)]) {
      socket.write(part)
      await sleep(100)
    }
    // Only now does it listen: had the server hung up, the system would have thrown the reply away.
    const [reply] = (await Promise.race([once(socket, 'data'), closed])) as [unknown]
    expect(String(reply)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    socket.destroy()
  })

  it.each([
    ['bytes that are no HTTP', 'hello\r\n\r\n', 400, 'request.unreadable'],
    ['no Host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'request.unreadable'],
    ['a tunnel', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n', 405, 'request.method-not-allowed'],
    [
      'headers of 20 KB',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'request.headers-too-large',
    ],
    ['an expectation', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n', 417, 'request.unmet-expectation'],
    [
      'a body that ends early',
      `${start}Authorization: Bearer TOKEN\r\nContent-Length: 9\r\n\r\nabc`,
      400,
      'request.unreadable',
    ],
    [
      'a body that ends early and a wish for another protocol',
      `${start}Authorization: Bearer TOKEN\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 9\r\n\r\nabc`,
      400,
      'request.unreadable',
    ],
  ])('of %s is answered before it reaches a route', async (_, text, status, code) => {
    const reply = await sendRaw(server.url, Buffer.from(text.replace('TOKEN', token)))
    expect(reply?.status).toBe(status)
    expect(JSON.parse(reply?.body ?? '{}')).toMatchObject({
      status,
      code,
      requestId: reply?.headers.get('x-request-id'),
    })
  })
})
