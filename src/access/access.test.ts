import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiKeySchema, auditEntrySchema } from '../contracts/index.ts'
import { openStore, type Store } from '../storage/index.ts'
import { type Access, createAccess } from './access.ts'
import type { AuthMode } from './check-bind.ts'

const root = mkdtempSync(join(tmpdir(), 'capstan-access-'))
const startMs = Date.parse('2026-03-01T12:00:00Z')
let nowMs = startMs
const clock = { now: () => new Date(nowMs) }
let store: Store
const open = (mode: AuthMode = 'auto') => createAccess({ store, mode, clock })
let access: Access

beforeAll(async () => {
  store = await openStore({ folder: root, templateFolder: join(tmpdir(), 'capstan-test-database') })
  access = open()
})
afterAll(async () => {
  await store.close()
  rmSync(root, { recursive: true, force: true })
})

const bearer = (token: string) => `Bearer ${token}`

describe('a server without any key', () => {
  it('lets everyone in, and is bound to this machine only', async () => {
    expect(await access.admit(undefined, 'all-tasks')).toEqual({ keyId: null, rateLimit: null })
    for (const host of ['127.0.0.1', '127.8.0.1', '::1', 'localhost']) await access.checkBind(host)
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.com', 'example.com'])
      await expect(access.checkBind(host)).rejects.toMatchObject({ code: 'access.open-server' })
  })

  it('may be bound elsewhere where keys are required, or nobody wants them', async () => {
    await open('required').checkBind('0.0.0.0')
    await open('off').checkBind('0.0.0.0')
    await expect(open('required').admit(undefined, 'any-key')).rejects.toMatchObject({ code: 'access.missing-key' })
  })
})

describe('an API key', () => {
  it('is shown once, and only a hash of its secret is stored', async () => {
    const { key, token } = await access.createKey({ name: 'shop', tasks: ['b', 'a', 'b'] })
    expect(apiKeySchema.parse(key)).toEqual(key)
    expect(key).toMatchObject({ name: 'shop', tasks: ['a', 'b'], expiresAt: null, revokedAt: null })
    expect(token).toMatch(/^cap_[0-9a-z]{26}_[0-9a-f]{64}$/)
    const secret = token.slice(-64)
    const { rows } = await sql`select k::text as k from api_keys k union all select l::text from access_log l`.execute(
      store.database,
    )
    expect(rows.length).toBeGreaterThan(1)
    expect(JSON.stringify(rows)).not.toContain(secret)
    expect(await access.listKeys()).toEqual([key])
  })

  it('is required from the first one on, also where the last was revoked', async () => {
    await expect(access.admit(undefined, 'any-key')).rejects.toMatchObject({ code: 'access.missing-key' })
    await access.checkBind('0.0.0.0')
    const [key] = await access.listKeys()
    await access.revokeKey(key?.id ?? '')
    await expect(access.admit(undefined, 'any-key')).rejects.toMatchObject({ code: 'access.missing-key' })
    expect(await open('off').admit(undefined, 'any-key')).toEqual({ keyId: null, rateLimit: null })
  })

  it('admits its owner to its tasks and to what takes any key', async () => {
    const { key, token } = await access.createKey({ name: 'one', tasks: ['support'] })
    for (const need of [{ task: 'support' }, 'any-key'] as const)
      expect(await access.admit(bearer(token), need)).toEqual({ keyId: key.id, rateLimit: null })
    expect((await access.admit(`bearer   ${token} `, 'any-key')).keyId).toBe(key.id)
    for (const need of [{ task: 'other' }, 'all-tasks'] as const)
      await expect(access.admit(bearer(token), need)).rejects.toMatchObject({ code: 'access.out-of-scope' })
    expect([access.canUse(key.id, 'support'), access.canUse(key.id, 'other')]).toEqual([true, false])
    expect([access.canUse('key_unknown', 'support'), access.canUse(null, 'support')]).toEqual([false, true])
  })

  it('for all tasks admits to everything', async () => {
    const { key, token } = await access.createKey({ name: 'all' })
    for (const need of [{ task: 'any' }, 'any-key', 'all-tasks'] as const)
      expect((await access.admit(bearer(token), need)).keyId).toBe(key.id)
    expect(access.canUse(key.id, 'any')).toBe(true)
  })

  it('with one digit changed, cut or of another scheme is a bad key', async () => {
    const { token } = await access.createKey({ name: 'near' })
    const last = token.endsWith('0') ? '1' : '0'
    const wrong = [
      bearer(token.slice(0, -1) + last),
      bearer(token.slice(0, -1)),
      bearer(`cap_${'0'.repeat(26)}_${token.slice(-64)}`),
      bearer(`${token}0`),
      `Basic ${token}`,
      token,
      'Bearer',
      '',
      bearer("cap_' or 1=1 --"),
    ]
    for (const header of wrong)
      await expect(access.admit(header, 'any-key')).rejects.toMatchObject({ code: 'access.bad-key' })
  })

  it('ends when it expires, to the millisecond', async () => {
    const { token, key } = await access.createKey({ name: 'short', lifetimeSeconds: 60 })
    nowMs = Date.parse(key.expiresAt ?? '') - 1
    expect((await access.admit(bearer(token), 'any-key')).keyId).toBe(key.id)
    nowMs++
    await expect(access.admit(bearer(token), 'any-key')).rejects.toMatchObject({ code: 'access.expired-key' })
  })

  it('says that it was revoked or has expired to nobody without its secret', async () => {
    const { key, token } = await access.createKey({ name: 'gone' })
    await access.revokeKey(key.id)
    const forged = `${token.slice(0, -64)}${'0'.repeat(64)}`
    await expect(access.admit(bearer(forged), 'any-key')).rejects.toMatchObject({ code: 'access.bad-key' })
    await expect(access.admit(bearer(token), 'any-key')).rejects.toMatchObject({ code: 'access.revoked-key' })
  })

  it('is revoked once, and only where it exists', async () => {
    const { key } = await access.createKey({ name: 'twice' })
    expect((await access.revokeKey(key.id)).revokedAt).toBe(clock.now().toISOString())
    await expect(access.revokeKey(key.id)).rejects.toMatchObject({ code: 'access.already-revoked' })
    await expect(access.revokeKey('key_none')).rejects.toMatchObject({ code: 'access.key-not-found' })
  })

  it('revoked by another process stops within five seconds, without a query for each request', async () => {
    const other = open()
    const { key, token } = await access.createKey({ name: 'shared' })
    expect((await other.admit(bearer(token), 'any-key')).keyId).toBe(key.id)
    await access.revokeKey(key.id)
    expect((await other.admit(bearer(token), 'any-key')).keyId).toBe(key.id)
    nowMs += 4_999
    await expect(other.admit(bearer(token), 'any-key')).rejects.toMatchObject({ code: 'access.revoked-key' })
  })

  it('is read anew beside the requests, so that under load none waits for the database', async () => {
    const other = open()
    const { key, token } = await access.createKey({ name: 'busy' })
    await other.admit(bearer(token), 'any-key')
    await access.revokeKey(key.id)
    nowMs += 2_000
    expect((await other.admit(bearer(token), 'any-key')).keyId).toBe(key.id)
    await expect.poll(() => other.admit(bearer(token), 'any-key').catch(({ code }) => code)).toBe('access.revoked-key')
  })
})

describe('the limit of a key', () => {
  it('lets a minute’s requests through at once, then as many as come back', async () => {
    const { token, key } = await access.createKey({ name: 'slow', requestsPerMinute: 3 })
    const take = () => access.admit(bearer(token), 'any-key')
    expect((await take()).rateLimit).toMatchObject({ requestsPerMinute: 3, remaining: 2, resetSeconds: 20 })
    expect((await take()).rateLimit).toMatchObject({ remaining: 1, resetSeconds: 40 })
    expect((await take()).rateLimit).toMatchObject({ remaining: 0, resetSeconds: 60, retryAfterSeconds: 0 })
    await expect(take()).rejects.toMatchObject({ code: 'access.rate-limited', details: { retryAfterSeconds: 20 } })
    nowMs += 19_000
    await expect(take()).rejects.toMatchObject({ code: 'access.rate-limited', details: { retryAfterSeconds: 1 } })
    nowMs += 1_000
    expect((await take()).keyId).toBe(key.id)
    nowMs += 3_600_000
    expect((await take()).rateLimit).toMatchObject({ remaining: 2 })
  })

  it('is that of each key by itself', async () => {
    const keys = await Promise.all(['a', 'b'].map((name) => access.createKey({ name, requestsPerMinute: 1 })))
    for (const { token } of keys) await access.admit(bearer(token), 'any-key')
    for (const { token } of keys)
      await expect(access.admit(bearer(token), 'any-key')).rejects.toMatchObject({ code: 'access.rate-limited' })
  })
})

describe('the audit log', () => {
  it('has every act, newest first, with who did what and when', async () => {
    const { key } = await access.createKey({ name: 'logged' }, 'key_of_someone')
    await access.revokeKey(key.id)
    await access.recordAct({ actor: key.id, act: 'feedback-given', subject: { task: 'support', prediction: 'p1' } })
    const acts = await access.listActs({ limit: 3 })
    expect(auditEntrySchema.array().parse(acts)).toEqual(acts)
    expect(acts.map(({ actor, act, subject }) => ({ actor, act, subject }))).toEqual([
      { actor: key.id, act: 'feedback-given', subject: { task: 'support', prediction: 'p1' } },
      { actor: 'cli', act: 'key-revoked', subject: { key: key.id } },
      { actor: 'key_of_someone', act: 'key-created', subject: { key: key.id, name: 'logged' } },
    ])
    expect(acts[0]?.at).toBe(clock.now().toISOString())
  })

  it.each(['update access_log set actor = actor', 'delete from access_log', 'truncate access_log'])(
    'refuses to be changed by the database itself: %s',
    async (statement) => {
      await expect(sql.raw(statement).execute(store.database)).rejects.toThrow('append only')
    },
  )
})
