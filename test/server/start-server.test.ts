import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLogger } from '../../src/base/index.ts'
import { type App, createApp, type ServedPlatform, startServer } from '../../src/server/index.ts'
import { serveTinyModels } from './serve-tiny-models.ts'

let served: Awaited<ReturnType<typeof serveTinyModels>>
beforeAll(async () => {
  served = await serveTinyModels()
})
afterAll(() => served.close())

const logger = createLogger({ level: 'silent' })
const createTestApp = (platform: ServedPlatform = served.platform): App => createApp(platform, { version: '0', logger })

type Reply = { status: number; connection: string | undefined; body: string }

function send(url: string, options: { agent?: Agent; method?: string; path: string; body?: string }): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { agent = false, method = 'POST', path, body } = options
    const headers = { 'content-type': 'application/json' }
    const outgoing = request(`${url}${path}`, { agent, method, headers }, (incoming) => {
      let text = ''
      incoming.on('data', (chunk) => {
        text += String(chunk)
      })
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, connection: incoming.headers.connection, body: text }),
      )
      incoming.on('error', reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

const predictions = { path: '/v1/tasks/support/predictions', body: '{"input":"card"}' }

describe('the server', () => {
  it('answers on a free port of this machine', async () => {
    const server = await startServer({ app: createTestApp(), port: 0 })
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(await send(server.url, predictions)).toMatchObject({ status: 200 })
    await server.close()
    await expect(send(server.url, predictions)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('refuses a body above the limit, with and without a declared length', async () => {
    const server = await startServer({ app: createTestApp(), port: 0 })
    const body = JSON.stringify({ input: 'x'.repeat(2 ** 21) })
    expect(await send(server.url, { ...predictions, body })).toMatchObject({ status: 413 })
    const chunked = await fetch(`${server.url}${predictions.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob([body]).stream(),
      duplex: 'half',
    } as RequestInit)
    expect(chunked.status).toBe(413)
    await server.close()
  })

  it.each([
    ['of a body above the limit', predictions.path],
    ['at an address that nothing answers', '/v1/nothing'],
  ])('answers a client that sends slowly %s, once it has sent it', async (_, path) => {
    const server = await startServer({ app: createTestApp(), port: 0 })
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    const [chunkCount, chunk] = [8, Buffer.alloc(300_000, 'x')]
    const length = chunkCount * chunk.length
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`,
    )
    for (let i = 0; i < chunkCount; i++) {
      await sleep(120)
      await new Promise<void>((resolve, reject) => {
        socket.write(chunk, (error) => (error ? reject(error) : resolve()))
      })
    }
    const [reply] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    const status = Number(reply.toString().split(' ')[1])
    expect(status).toBe(path === predictions.path ? 413 : 404)
    await server.close()
  })

  it('answers a request whose Host cannot be read with a problem', async () => {
    const server = await startServer({ app: createTestApp(), port: 0 })
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.end('GET /healthz HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n')
    let reply = ''
    for await (const chunk of socket) reply += String(chunk)
    expect(reply).toMatch(/^HTTP\/1\.1 400 /)
    expect(reply).toContain('"code":"request.unreadable"')
    await server.close()
  })

  it('says which port is taken and what to do', async () => {
    const server = await startServer({ app: createTestApp(), port: 0 })
    const port = Number(new URL(server.url).port)
    await expect(startServer({ app: createTestApp(), port })).rejects.toMatchObject({
      code: 'server.port-in-use',
      message: `Port ${port} of 127.0.0.1 is taken by another process`,
      hint: expect.stringContaining('--port 0'),
    })
    await server.close()
  })

  it('refuses a host that is no address of this machine', async () => {
    await expect(startServer({ app: createTestApp(), host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
      code: 'server.unknown-host',
    })
  })
})

describe('a server that shuts down under load', () => {
  it('answers every request it has accepted and none after', async () => {
    let received = 0
    let sawEnough: () => void = () => {}
    const underway = new Promise<void>((resolve) => {
      sawEnough = resolve
    })
    const platform: ServedPlatform = {
      ...served.platform,
      answer(...parameters) {
        received++
        if (received === 200) sawEnough()
        return served.platform.answer(...parameters)
      },
    }
    const server = await startServer({ app: createTestApp(platform), port: 0 })
    const agent = new Agent({ keepAlive: true })
    let answered = 0
    const client = async () => {
      for (;;) {
        const reply = await send(server.url, { ...predictions, agent }).catch(() => null)
        if (reply === null) return
        expect(reply.status).toBe(200)
        answered++
      }
    }
    const clients = Array.from({ length: 32 }, client)
    await underway
    const receivedBefore = received
    await server.close()
    await Promise.all(clients)
    agent.destroy()
    expect(receivedBefore).toBeGreaterThanOrEqual(200)
    expect(answered).toBe(received)
  })

  it('is not ready from then on, and asks the clients of open connections to leave', async () => {
    const { platform, reached, release } = holdPredictions(served.platform)
    const app = createTestApp(platform)
    const server = await startServer({ app, port: 0 })
    const agent = new Agent({ keepAlive: true })
    const underway = send(server.url, { ...predictions, agent })
    await reached
    const closed = server.close()
    expect((await app.request('/readyz')).status).toBe(503)
    release()
    expect(await underway).toMatchObject({ status: 200, connection: 'close' })
    await closed
    agent.destroy()
  })

  it('waits neither for idle connections nor for those that never sent a byte', async () => {
    const closeMsMax = 30_000
    const server = await startServer({ app: createTestApp(), port: 0, closeMsMax })
    const silent = connect(Number(new URL(server.url).port), '127.0.0.1')
    await new Promise((resolve) => silent.once('connect', resolve))
    silent.on('error', () => {})
    const agent = new Agent({ keepAlive: true })
    await send(server.url, { ...predictions, agent })
    const startedMs = performance.now()
    await server.close()
    expect(performance.now() - startedMs).toBeLessThan(closeMsMax)
    agent.destroy()
  })

  it('cuts off what exceeds its time limit', async () => {
    const { platform, reached } = holdPredictions(served.platform)
    const server = await startServer({ app: createTestApp(platform), port: 0, closeMsMax: 100 })
    const stuck = expect(send(server.url, predictions)).rejects.toMatchObject({ code: 'ECONNRESET' })
    await reached
    await server.close()
    await stuck
  })
})

/** A platform whose predictions begin only after `release`; `reached` resolves when the first is asked for. */
function holdPredictions(platform: ServedPlatform) {
  let release: () => void = () => {}
  let arrive: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const reached = new Promise<void>((resolve) => {
    arrive = resolve
  })
  const holding: ServedPlatform = {
    ...platform,
    async answer(...parameters) {
      arrive()
      await held
      return platform.answer(...parameters)
    },
  }
  return { platform: holding, reached, release: () => release() }
}
