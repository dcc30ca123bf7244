import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Access, createAccess } from '../../src/access/index.ts'
import { createLogger } from '../../src/base/index.ts'
import { problemSchema, taskListSchema } from '../../src/contracts/index.ts'
import { createApp, type RunningServer, startServer } from '../../src/server/index.ts'
import { openStore, type Store } from '../../src/storage/index.ts'
import { serveTinyModels } from './serve-tiny-models.ts'

const folder = mkdtempSync(join(tmpdir(), 'capstan-access-http-'))
const lines: string[] = []
const destination = new Writable({
  write(chunk, _encoding, done) {
    lines.push(String(chunk))
    done()
  },
})
let nowMs = Date.parse('2026-03-01T12:00:00Z')
let store: Store
let access: Access
let served: Awaited<ReturnType<typeof serveTinyModels>>
let server: RunningServer
const tokens: Record<'support' | 'other' | 'all' | 'slow', string> = { support: '', other: '', all: '', slow: '' }

beforeAll(async () => {
  store = await openStore({ folder, templateFolder: join(tmpdir(), 'capstan-test-database') })
  access = createAccess({ store, mode: 'auto', clock: { now: () => new Date(nowMs) } })
  const create = async (name: string, tasks?: string[], requestsPerMinute?: number) =>
    (await access.createKey({ name, tasks, requestsPerMinute })).token
  tokens.support = await create('support', ['support'])
  tokens.other = await create('other', ['other'])
  tokens.all = await create('all')
  tokens.slow = await create('slow', undefined, 2)
  served = await serveTinyModels({}, access)
  const app = createApp(served.platform, { version: '0', logger: createLogger({ destination }) })
  server = await startServer({ app, port: 0 })
})
afterAll(async () => {
  await server.close()
  await served.close()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const get = (path: string, token?: string) =>
  fetch(`${server.url}${path}`, { headers: token ? { authorization: `Bearer ${token}` } : {} })
const predict = (token?: string) =>
  fetch(`${server.url}/v1/tasks/support/predictions`, {
    method: 'POST',
    body: '{"input":"my secret card"}',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
  })
const problemOf = async (response: Response) => {
  const { status, code } = problemSchema.parse(await response.json())
  return { status, code, challenge: response.headers.get('www-authenticate') }
}

describe('a server with keys', () => {
  it('answers the owner of a key for the task, and notes the key, without its secret, in the log', async () => {
    lines.length = 0
    expect((await predict(tokens.support)).status).toBe(200)
    const key = (await access.listKeys()).find(({ name }) => name === 'support')
    await expect.poll(() => lines.length).toBe(1)
    expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({ status: 200, keyId: key?.id })
    expect(lines.join('')).not.toMatch(/secret|[0-9a-f]{64}/)
  })

  it('asks for a key with 401 and a challenge, and says what is wrong with the one that was sent', async () => {
    expect(await problemOf(await predict())).toEqual({
      status: 401,
      code: 'access.missing-key',
      challenge: 'Bearer realm="capstan"',
    })
    expect(await problemOf(await predict('cap_none'))).toEqual({
      status: 401,
      code: 'access.bad-key',
      challenge: 'Bearer realm="capstan", error="invalid_token"',
    })
  })

  it('refuses a key of another task with 403, whether the task exists or not', async () => {
    const refused = {
      status: 403,
      code: 'access.out-of-scope',
      challenge: expect.stringContaining('insufficient_scope'),
    }
    expect(await problemOf(await predict(tokens.other))).toEqual(refused)
  })

  it('shows each key only its own tasks', async () => {
    const tasksOf = async (token: string) =>
      taskListSchema.parse(await (await get('/v1/tasks', token)).json()).tasks.map(({ task }) => task)
    expect(await tasksOf(tokens.all)).toEqual(['support'])
    expect(await tasksOf(tokens.support)).toEqual(['support'])
    expect(await tasksOf(tokens.other)).toEqual([])
  })

  it.each([
    ['/healthz', 200, 200, 200],
    ['/readyz', 200, 200, 200],
    ['/v1/tasks', 401, 200, 200],
    ['/v1/models', 401, 200, 200],
    ['/openapi.json', 401, 200, 200],
    ['/metrics', 401, 403, 200],
  ])('answers %s with %i to nobody, %i to a key of one task, %i to one of all', async (path, none, one, all) => {
    const statuses = [get(path), get(path, tokens.support), get(path, tokens.all)]
    expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual([none, one, all])
  })

  it('says how much of its limit a key has left, and with 429 when to come back', async () => {
    const rateOf = ({ status, headers }: Response) => [
      status,
      ...['ratelimit-policy', 'ratelimit', 'retry-after'].map((name) => headers.get(name)),
    ]
    expect(rateOf(await predict(tokens.slow))).toEqual([200, '"key";q=2;w=60', '"key";r=1;t=30', null])
    expect(rateOf(await predict(tokens.slow))).toEqual([200, '"key";q=2;w=60', '"key";r=0;t=60', null])
    const refused = await predict(tokens.slow)
    expect(rateOf(refused)).toEqual([429, '"key";q=2;w=60', '"key";r=0;t=60', '30'])
    expect((await problemOf(refused)).code).toBe('access.rate-limited')
    nowMs += 30_000
    expect((await predict(tokens.slow)).status).toBe(200)
    expect(rateOf(await predict(tokens.all))).toEqual([200, null, null, null])
  })

  it('refuses a key from the moment it is revoked here', async () => {
    const { key, token } = await access.createKey({ name: 'leaked' })
    expect((await predict(token)).status).toBe(200)
    await access.revokeKey(key.id)
    expect(await problemOf(await predict(token))).toMatchObject({ status: 401, code: 'access.revoked-key' })
  })

  it('describes in its document which routes take a key', async () => {
    const { paths, components } = (await (await get('/openapi.json', tokens.all)).json()) as {
      paths: Record<string, Record<string, { security?: unknown; responses: Record<string, unknown> }>>
      components: { securitySchemes: unknown }
    }
    expect(components.securitySchemes).toMatchObject({ apiKey: { type: 'http', scheme: 'bearer' } })
    expect(paths['/healthz']?.get).not.toHaveProperty('security')
    for (const operation of [paths['/v1/tasks/{task}/predictions']?.post, paths['/metrics']?.get]) {
      expect(operation?.security).toEqual([{ apiKey: [] }, {}])
      expect(Object.keys(operation?.responses ?? {})).toEqual(expect.arrayContaining(['401', '403', '429']))
    }
  })
})
