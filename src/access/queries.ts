// Rows to contract types, and the SQL of keys and of the audit log.
import type { Kysely, Selectable } from 'kysely'
import { type ApiKey, type AuditEntry, auditActSchema } from '../contracts/index.ts'
import type { Schema } from '../storage/index.ts'

type Database = Kysely<Schema>

/** A key with what its secret is checked against. */
export type StoredKey = ApiKey & { secretSha256: string }

/** An act before the log gives it its number and time. */
export type NewAuditEntry = Pick<AuditEntry, 'actor' | 'act' | 'subject'>

/** All keys in the order of their making, also those that have expired or were revoked. */
export async function selectKeys(database: Database): Promise<StoredKey[]> {
  return (await database.selectFrom('api_keys').selectAll().orderBy('id').execute()).map(toStoredKey)
}

export async function insertKey(database: Database, key: StoredKey): Promise<void> {
  await database
    .insertInto('api_keys')
    .values({
      id: key.id,
      name: key.name,
      secret_sha256: key.secretSha256,
      tasks: key.tasks === null ? null : JSON.stringify(key.tasks),
      created_at: new Date(key.createdAt),
      expires_at: key.expiresAt === null ? null : new Date(key.expiresAt),
      requests_per_minute: key.requestsPerMinute,
    })
    .execute()
}

/** The key as it is then; undefined where there is none, or it was revoked before. */
export async function updateRevoked(database: Database, id: string, at: Date): Promise<StoredKey | undefined> {
  const row = await database
    .updateTable('api_keys')
    .set({ revoked_at: at })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .returningAll()
    .executeTakeFirst()
  return row && toStoredKey(row)
}

export async function insertAuditEntry(database: Database, entry: NewAuditEntry & { at: Date }): Promise<void> {
  const { at, actor, act, subject } = entry
  await database
    .insertInto('access_log')
    .values({ at, actor, act, subject: JSON.stringify(subject) })
    .execute()
}

/** The newest first. */
export async function selectAuditEntries(database: Database, limit: number): Promise<AuditEntry[]> {
  const rows = await database.selectFrom('access_log').selectAll().orderBy('sequence', 'desc').limit(limit).execute()
  return rows.map(({ sequence, at, actor, act, subject }) => ({
    sequence: Number(sequence),
    at: at.toISOString(),
    actor,
    act: auditActSchema.parse(act),
    subject,
  }))
}

function toStoredKey(row: Selectable<Schema['api_keys']>): StoredKey {
  return {
    id: row.id,
    name: row.name,
    tasks: row.tasks,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
    requestsPerMinute: row.requests_per_minute,
    secretSha256: row.secret_sha256,
  }
}
