// Kysely over PGlite. PGlite has one session for the whole process, so the one connection is lent to one user at a time:
// a transaction holds it from begin to commit and every other query waits. Inside `transaction().execute(trx => …)` use
// `trx` only; a query on the outer database would wait for the transaction that waits for it.
import type { PGlite } from '@electric-sql/pglite'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import { UnsupportedError } from '../base/index.ts'
import type { PreparedStatements } from './prepared-statements.ts'
import type { Turnstile } from './turnstile.ts'

export type PgliteDialectOptions = {
  pglite: PGlite
  statements: PreparedStatements
  session: Turnstile
  /** Runs whenever someone gets the session, before the first query. */
  onEnter(): Promise<void>
}

/** A Kysely dialect that runs on an open PGlite, one user of its single session at a time. */
export function createPgliteDialect(options: PgliteDialectOptions): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new PgliteDriver(options),
    createIntrospector: (database) => new PostgresIntrospector(database),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}

class PgliteDriver implements Driver {
  readonly #connection: DatabaseConnection
  readonly #pglite: PGlite
  readonly #session: Turnstile
  readonly #onEnter: () => Promise<void>

  constructor({ pglite, statements, session, onEnter }: PgliteDialectOptions) {
    this.#pglite = pglite
    this.#session = session
    this.#onEnter = onEnter
    this.#connection = { executeQuery: (query) => runQuery(pglite, statements, query), streamQuery: refuseStream }
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.#session.enter()
    try {
      await this.#onEnter()
    } catch (error) {
      this.#session.leave()
      throw error
    }
    return this.#connection
  }

  async releaseConnection(): Promise<void> {
    this.#session.leave()
  }

  async beginTransaction(): Promise<void> {
    await this.#pglite.exec('begin')
  }

  async commitTransaction(): Promise<void> {
    await this.#pglite.exec('commit')
  }

  async rollbackTransaction(): Promise<void> {
    await this.#pglite.exec('rollback')
  }

  async destroy(): Promise<void> {
    await this.#session.run(async () => {
      try {
        await this.#onEnter()
      } finally {
        await this.#pglite.close()
      }
    })
  }
}

async function runQuery<Row>(
  pglite: PGlite,
  statements: PreparedStatements,
  { sql, parameters }: CompiledQuery,
): Promise<QueryResult<Row>> {
  const { rows, affectedRows = 0 } =
    parameters.length > 0 ? await statements.run<Row>(sql, parameters) : await runScript<Row>(pglite, sql)
  return { rows, numAffectedRows: BigInt(affectedRows) }
}

/** Without values a text may hold several statements, as with a PostgreSQL server; the last one's result counts. */
async function runScript<Row>(pglite: PGlite, text: string): Promise<{ rows: Row[]; affectedRows: number }> {
  const { rows = [], affectedRows = 0 } = (await pglite.exec(text)).at(-1) ?? {}
  return { rows: rows as Row[], affectedRows }
}

function refuseStream(): never {
  throw new UnsupportedError('storage.no-stream', 'The embedded database gives a whole result, not a stream.', {
    hint: 'Read in pages with limit and an ordered key.',
  })
}
