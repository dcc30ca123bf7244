import { InvalidInputError, LimitError } from '../base/index.ts'
import { isSecretOf, parseToken } from './api-key.ts'
import type { StoredKey } from './queries.ts'
import type { RateLimit } from './rate-limiter.ts'

/** What a request must have a key for: one task, all tasks, or none in particular. */
export type AccessNeed = { task: string } | 'all-tasks' | 'any-key'

/** Who asks; `keyId` is null where no key is required. */
export type Admission = { keyId: string | null; rateLimit: RateLimit | null }

type Keys = ReadonlyMap<string, StoredKey>

const hint = 'Send the header Authorization: Bearer cap_…; capstan keys create makes a key.'

/**
 * The key that a request presents. Throws InvalidInputError `access.missing-key`, `access.bad-key`, `access.revoked-key`
 * and `access.expired-key`; the last two only to who has the secret.
 */
export function verifyKey(keys: Keys, authorization: string | undefined, now: Date): StoredKey {
  if (authorization === undefined) throw new InvalidInputError('access.missing-key', 'No API key was sent', { hint })
  const [, token = ''] = /^Bearer +(\S+) *$/i.exec(authorization) ?? []
  const presented = parseToken(token)
  const key = presented && keys.get(presented.id)
  if (!presented || !key || !isSecretOf(presented.secret, key.secretSha256)) {
    throw new InvalidInputError('access.bad-key', 'The API key that was sent is none of this server', { hint })
  }
  if (key.revokedAt !== null) {
    throw new InvalidInputError('access.revoked-key', `The API key ${key.id} was revoked at ${key.revokedAt}`, { hint })
  }
  if (key.expiresAt !== null && now >= new Date(key.expiresAt)) {
    throw new InvalidInputError('access.expired-key', `The API key ${key.id} expired at ${key.expiresAt}`, { hint })
  }
  return key
}

/** Throws LimitError `access.rate-limited` where a request was not taken. */
export function requireRate(key: StoredKey, rateLimit: RateLimit): void {
  const { requestsPerMinute, retryAfterSeconds } = rateLimit
  if (retryAfterSeconds === 0) return
  throw new LimitError('access.rate-limited', `The API key ${key.id} may send ${requestsPerMinute} requests a minute`, {
    hint: `Try again in ${retryAfterSeconds} s.`,
    details: { rateLimit, retryAfterSeconds },
  })
}

/** Throws InvalidInputError `access.out-of-scope`. */
export function requireScope(key: StoredKey, need: AccessNeed): void {
  if (need === 'any-key' || key.tasks === null) return
  if (need !== 'all-tasks' && key.tasks.includes(need.task)) return
  const what = need === 'all-tasks' ? 'This takes a key for all tasks' : `This takes a key for the task ${need.task}`
  throw new InvalidInputError('access.out-of-scope', `${what}; ${key.id} is for ${key.tasks.join(', ')}`, {
    hint: 'Use another key; capstan keys create makes one.',
  })
}
