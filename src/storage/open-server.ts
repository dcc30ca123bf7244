import { CompiledQuery, Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { CapstanError, createGroupCommit, InvalidInputError, UnsupportedError } from '../base/index.ts'
import { migrate } from './migrate.ts'
import type { StoreDatabase } from './open-store.ts'
import { insertRowSets, type RowSet } from './row-sets.ts'
import type { Schema } from './schema.ts'
import { SessionHolds } from './session-holds.ts'

/** All tables are in here, so that the database may be another application's too. */
const schemaName = 'capstan'
// A process writes little and briefly; ten processes stay below the hundred connections that PostgreSQL allows by default.
const connectionsMax = 8
const connectMsMax = 10_000

/** Connects to a PostgreSQL server. Throws `storage.bad-url` or `storage.connect-failed`; neither shows the password. */
export async function openServer(databaseUrl: string): Promise<StoreDatabase> {
  const config = readUrl(databaseUrl)
  const pool = new pg.Pool({ ...config, max: connectionsMax })
  // A connection that breaks while idle leaves the pool by itself; a query that needs one tells its caller.
  pool.on('error', () => {})
  const holds = new SessionHolds(() => new pg.Client(config))
  const database = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) })
  const appending = createGroupCommit<RowSet>(async (sets) => {
    const { text, values } = insertRowSets(sets)
    await database.executeQuery(CompiledQuery.raw(text, [...values]))
  })
  const close = async (): Promise<void> => {
    await appending.drained()
    await database.destroy()
    await holds.close()
  }
  try {
    await connectOnce(database, config)
    await migrate(database, { schema: schemaName })
  } catch (error) {
    await close()
    throw error
  }
  return { kind: 'server', database, append: appending.add, tryHold: holds.tryHold, backup: refuseBackup, close }
}

function readUrl(databaseUrl: string): pg.ClientConfig {
  const config = {
    connectionString: databaseUrl,
    connectionTimeoutMillis: connectMsMax,
    keepAlive: true,
    application_name: 'capstan',
    options: `-c search_path=${schemaName}`,
    types: { getTypeParser },
  }
  // An @ in the name is the rest of a password with characters that end it too early: not to be shown.
  if (!/^postgres(ql)?:\/\//.test(databaseUrl) || describe(config)?.database.includes('@') !== false) {
    throw new InvalidInputError('storage.bad-url', 'The address of the database is none of a PostgreSQL server.', {
      hint: 'DATABASE_URL looks like postgres://user:password@host:5432/database; write special characters of the password as %40 and the like.',
    })
  }
  return config
}

/** Null where the address cannot be read; the reason would quote it, with the password. */
function describe(config: pg.ClientConfig): { place: string; database: string } | null {
  try {
    const { host, port, user = '', database = '' } = new pg.Client(config)
    return { place: `${host}:${port}, database "${database}", as user "${user}"`, database }
  } catch {
    return null
  }
}

async function connectOnce(database: Kysely<Schema>, config: pg.ClientConfig): Promise<void> {
  try {
    await sql`select 1`.execute(database)
  } catch (error) {
    throw new CapstanError(
      'storage.connect-failed',
      `No connection to PostgreSQL at ${describe(config)?.place}: ${reasonOf(error)}.`,
      { hint: adviseOn((error as { code?: string }).code), cause: error },
    )
  }
}

/** Where a name has several addresses, Node reports one error each and no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}

function adviseOn(code: string | undefined): string {
  if (code === '3D000') return 'Create it (createdb), or correct the name at the end of DATABASE_URL.'
  if (code?.startsWith('28')) return 'Correct user and password in DATABASE_URL, or let pg_hba.conf admit them.'
  if (code === '53300') return 'The server has no connection left: raise max_connections, or stop a process.'
  return 'See that the server runs and can be reached from here, and that DATABASE_URL names it. Without DATABASE_URL the embedded database is used.'
}

async function refuseBackup(): Promise<never> {
  throw new UnsupportedError('storage.backup-on-server', 'Capstan does not back up a PostgreSQL server.', {
    hint: 'pg_dump "$DATABASE_URL" --file capstan.sql, and copy the artifacts folder after it (docs/storage.md).',
  })
}

/** int8 as bigint, as from the embedded database. */
function getTypeParser(...[typeId, format]: Parameters<typeof pg.types.getTypeParser>) {
  return typeId === pg.types.builtins.INT8 && format !== 'binary' ? BigInt : pg.types.getTypeParser(typeId, format)
}
