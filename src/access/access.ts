import { type Clock, ConflictError, createId, NotFoundError, systemClock } from '../base/index.ts'
import type { ApiKey, AuditEntry, NewApiKey } from '../contracts/index.ts'
import type { Store } from '../storage/index.ts'
import { type AccessNeed, type Admission, requireRate, requireScope, verifyKey } from './admit-request.ts'
import { createSecret, hashSecret, toToken } from './api-key.ts'
import { type AuthMode, checkBind, isKeyRequired } from './check-bind.ts'
import { KeyCache } from './key-cache.ts'
import {
  insertAuditEntry,
  insertKey,
  type NewAuditEntry,
  type StoredKey,
  selectAuditEntries,
  selectKeys,
  updateRevoked,
} from './queries.ts'
import { createRateLimiter } from './rate-limiter.ts'

/** Who did something in this process and not by a request. */
export const localActor = 'cli'

/** API keys of a data folder, what they allow, and the log of administrative acts. */
export type Access = {
  /** Makes a key; `token` is what its owner keeps, and is known nowhere afterwards. */
  createKey(key: NewApiKey, actor?: string): Promise<{ key: ApiKey; token: string }>
  /** All keys, also expired and revoked ones, in the order of their making. */
  listKeys(): Promise<ApiKey[]>
  /**
   * Ends a key: at once in this process, within five seconds in others. Throws NotFoundError `access.key-not-found` or
   * ConflictError `access.already-revoked`.
   */
  revokeKey(id: string, actor?: string): Promise<ApiKey>
  /** Adds to the audit log: names and numbers of things, never texts or secrets. */
  recordAct(entry: NewAuditEntry): Promise<void>
  /** The newest first. */
  listActs(options?: { limit?: number }): Promise<AuditEntry[]>
  /** Whether requests need a key now. */
  isKeyRequired(): Promise<boolean>
  /** Throws ConflictError `access.open-server` where a server at `host` would answer other machines without a key. */
  checkBind(host: string): Promise<void>
  /**
   * Who sends a request with this Authorization header. Where keys are required, throws InvalidInputError
   * `access.missing-key`, `access.bad-key`, `access.revoked-key`, `access.expired-key` or `access.out-of-scope`, and
   * LimitError `access.rate-limited`.
   */
  admit(authorization: string | undefined, need: AccessNeed): Promise<Admission>
  /** Whether an admitted caller may see and ask a task. */
  canUse(keyId: string | null, task: string): boolean
}

/** What an admitted request is where keys are not required. */
const anyone: Admission = { keyId: null, rateLimit: null }

/** The access rules of a store. */
export function createAccess(options: { store: Store; mode: AuthMode; clock?: Clock }): Access {
  const { store, mode, clock = systemClock } = options
  const { database } = store
  const cache = new KeyCache({ clock, readKeys: () => selectKeys(database) })
  const limiter = createRateLimiter(clock)

  return {
    async createKey({ name, tasks, lifetimeSeconds, requestsPerMinute }, actor = localActor) {
      const now = clock.now()
      const secret = createSecret()
      const expiresAt = lifetimeSeconds === undefined ? null : new Date(now.getTime() + lifetimeSeconds * 1000)
      const key: StoredKey = {
        id: createId('key', now),
        name,
        tasks: tasks ? [...new Set(tasks)].sort() : null,
        createdAt: now.toISOString(),
        expiresAt: expiresAt?.toISOString() ?? null,
        revokedAt: null,
        requestsPerMinute: requestsPerMinute ?? null,
        secretSha256: hashSecret(secret),
      }
      await database.transaction().execute(async (transaction) => {
        await insertKey(transaction, key)
        await insertAuditEntry(transaction, { at: now, actor, act: 'key-created', subject: { key: key.id, name } })
      })
      cache.forget()
      return { key: withoutSecret(key), token: toToken({ id: key.id, secret }) }
    },

    listKeys: async () => (await selectKeys(database)).map(withoutSecret),

    async revokeKey(id, actor = localActor) {
      const now = clock.now()
      const revoked = await database.transaction().execute(async (transaction) => {
        const key = await updateRevoked(transaction, id, now)
        if (key) await insertAuditEntry(transaction, { at: now, actor, act: 'key-revoked', subject: { key: id } })
        return key
      })
      cache.forget()
      return withoutSecret(revoked ?? refuseRevocation(id, await selectKeys(database)))
    },

    recordAct: (entry) => insertAuditEntry(database, { ...entry, at: clock.now() }),
    listActs: ({ limit = 100 } = {}) => selectAuditEntries(database, limit),
    isKeyRequired: async () => isKeyRequired(mode, (await cache.current()).size),
    checkBind: async (host) => checkBind({ host, mode, keyCount: (await cache.current()).size }),

    async admit(authorization, need) {
      if (mode === 'off') return anyone
      const keys = await cache.current()
      if (!isKeyRequired(mode, keys.size)) return anyone
      const key = verifyKey(keys, authorization, clock.now())
      const rateLimit = key.requestsPerMinute === null ? null : limiter.take(key.id, key.requestsPerMinute)
      if (rateLimit) requireRate(key, rateLimit)
      requireScope(key, need)
      return { keyId: key.id, rateLimit }
    },

    canUse(keyId, task) {
      if (keyId === null) return true
      const tasks = cache.peek(keyId)?.tasks
      return tasks === null || tasks?.includes(task) === true
    },
  }
}

function withoutSecret({ secretSha256: _, ...key }: StoredKey): ApiKey {
  return key
}

function refuseRevocation(id: string, keys: readonly ApiKey[]): never {
  const key = keys.find((one) => one.id === id)
  if (key) throw new ConflictError('access.already-revoked', `The API key ${id} was revoked at ${key.revokedAt}`)
  throw new NotFoundError('access.key-not-found', `There is no API key "${id}"`, {
    hint: 'capstan keys list shows the keys there are.',
  })
}
