import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, sql } from 'kysely'
import { CapstanError } from '../base/index.ts'
import { createDatabase } from './create-database.ts'
import { type FolderLock, lockFolder } from './folder-lock.ts'
import { createLocalHolds } from './hold.ts'
import { migrate } from './migrate.ts'
import type { OpenStoreOptions, StoreDatabase } from './open-store.ts'
import { createPgliteDialect } from './pglite-dialect.ts'
import { createPreparedStatements } from './prepared-statements.ts'
import { openRowJournal } from './row-journal.ts'
import type { Schema } from './schema.ts'
import { createTurnstile } from './turnstile.ts'
import { writeWhole } from './write-whole.ts'

// With PostgreSQL's default of 128 MB the process would hold 0.12 GB more; the file system caches the rest.
const startParameters = [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB']
const int8TypeId = 20
/** Rows of the journal gather so long where no query wants to see them. */
const flushMs = 100

type EmbeddedOptions = Pick<OpenStoreOptions, 'owner' | 'templateFolder'>

/**
 * Takes the folder for this process and opens the database in it. Throws ConflictError `storage.folder-locked` while another
 * process has it.
 */
export async function openEmbedded(folder: string, options: EmbeddedOptions): Promise<StoreDatabase> {
  const lock = lockFolder(folder, options.owner)
  try {
    return await openLocked(folder, lock, options)
  } catch (error) {
    lock.release()
    throw error
  }
}

async function openLocked(
  folder: string,
  lock: FolderLock,
  { templateFolder }: EmbeddedOptions,
): Promise<StoreDatabase> {
  const databaseFolder = join(folder, 'database')
  if (!existsSync(databaseFolder)) await createDatabase(databaseFolder, templateFolder ? { templateFolder } : {})
  const pglite = await openPglite(databaseFolder)
  const session = createTurnstile()
  const statements = createPreparedStatements(pglite)
  const journal = openRowJournal(join(folder, 'journal.jsonl'))
  const flush = () => journal.flush(({ text, values }) => statements.run(text, values))
  let timer: NodeJS.Timeout | null = null
  const flushLater = () => {
    timer ??= setTimeout(() => {
      timer = null
      // What fails here waits in the journal, and the next query tells its caller.
      session.run(flush).catch((error) => process.emitWarning(`The journal waits: ${String(error)}`, 'CapstanWarning'))
    }, flushMs).unref()
  }
  const dialect = createPgliteDialect({ pglite, statements, session, onEnter: flush })
  const database = new Kysely<Schema>({ dialect })
  try {
    await migrate(database)
  } catch (error) {
    await database.destroy()
    throw error
  }
  return {
    kind: 'embedded',
    database,
    async append(rows) {
      journal.append(rows)
      flushLater()
    },
    tryHold: createLocalHolds(),
    async backup(targetFile) {
      await sql`checkpoint`.execute(database)
      const dump = await session.run(() => pglite.dumpDataDir('gzip'))
      await writeWhole(targetFile, dump.stream())
    },
    async close() {
      if (timer) clearTimeout(timer)
      await database.destroy()
      journal.close()
      lock.release()
    },
  }
}

async function openPglite(folder: string): Promise<PGlite> {
  try {
    // int8 always as bigint: PGlite's own choice of number or bigint depends on the value.
    return await PGlite.create(folder, { startParams: startParameters, parsers: { [int8TypeId]: BigInt } })
  } catch (error) {
    throw new CapstanError('storage.open-failed', `The database in ${folder} does not open: ${String(error)}`, {
      hint: 'Restore it from a backup (docs/storage.md), or move the folder away to begin with an empty one.',
      cause: error,
    })
  }
}
