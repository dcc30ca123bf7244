import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, sql } from 'kysely'
import { CapstanError } from '../base/index.ts'
import { type Artifacts, createArtifacts } from './artifacts.ts'
import { createDatabase } from './create-database.ts'
import { type FolderLock, lockFolder } from './folder-lock.ts'
import { migrate } from './migrate.ts'
import { createPgliteDialect } from './pglite-dialect.ts'
import type { Schema } from './schema.ts'
import { createTurnstile } from './turnstile.ts'
import { writeWhole } from './write-whole.ts'

/** An open data folder: its database, its artifacts, and the hold on it. */
export type Store = {
  /** Absolute path of the data folder. */
  readonly folder: string
  readonly database: Kysely<Schema>
  readonly artifacts: Artifacts
  /** Writes the whole database, without the artifacts, as one `.tar.gz` of what is in the `database` folder. */
  backup(targetFile: string): Promise<void>
  /** Finishes what runs, closes the database and gives the folder free. */
  close(): Promise<void>
}

/** Where the data folder is, and who opens it. */
export type OpenStoreOptions = {
  /** The data folder, made if absent. */
  folder: string
  /** Told to a second process that wants the folder. */
  owner?: { url?: string }
  /** Where an empty database is kept to be copied, so that a new folder costs 0.1 s in place of 4: for tests. */
  templateFolder?: string
}

// With PostgreSQL's default of 128 MB the process would hold 0.12 GB more; the file system caches the rest.
const startParameters = [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB']
const int8TypeId = 20

/**
 * Opens the data folder, makes it if absent, brings its schema up to date. Throws ConflictError `storage.folder-locked`
 * while another process has it.
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const folder = resolve(options.folder)
  const lock = lockFolder(folder, options.owner)
  try {
    return await openLocked(folder, lock, options)
  } catch (error) {
    lock.release()
    throw error
  }
}

async function openLocked(folder: string, lock: FolderLock, options: OpenStoreOptions): Promise<Store> {
  removeLeftovers(folder)
  const databaseFolder = join(folder, 'database')
  const { templateFolder } = options
  if (!existsSync(databaseFolder)) await createDatabase(databaseFolder, templateFolder ? { templateFolder } : {})
  const pglite = await openPglite(databaseFolder)
  const session = createTurnstile()
  const database = new Kysely<Schema>({ dialect: createPgliteDialect(pglite, session) })
  try {
    await migrate(database)
  } catch (error) {
    await database.destroy()
    throw error
  }
  return {
    folder,
    database,
    artifacts: createArtifacts(join(folder, 'artifacts')),
    async backup(targetFile) {
      await sql`checkpoint`.execute(database)
      const dump = await session.run(() => pglite.dumpDataDir('gzip'))
      await writeWhole(targetFile, dump.stream())
    },
    async close() {
      await database.destroy()
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

/** What a crash left half done; nobody else is at work here, as this process has the folder. */
function removeLeftovers(folder: string): void {
  for (const part of ['.', 'artifacts', 'models']) {
    const names = existsSync(join(folder, part)) ? readdirSync(join(folder, part)) : []
    const leftovers = names.filter((name) => /\.incoming_\w{26}$|^owner_\w{26}\.tmp$/.test(name))
    for (const name of leftovers) rmSync(join(folder, part, name), { recursive: true, force: true })
  }
}
