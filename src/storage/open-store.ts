import { join, resolve } from 'node:path'
import type { Kysely } from 'kysely'
import { type Artifacts, createArtifacts } from './artifacts.ts'
import type { TryHold } from './hold.ts'
import { removeLeftovers } from './remove-leftovers.ts'
import type { RowSet } from './row-sets.ts'
import type { Schema } from './schema.ts'

/** The database of a store, and what the two kinds do each in its own way. */
export type StoreDatabase = {
  /** `embedded`: in this process and the data folder, for this process alone. `server`: PostgreSQL, shared by several. */
  readonly kind: 'embedded' | 'server'
  readonly database: Kysely<Schema>
  /**
   * Stores new rows, all or none of them: once it resolves, the end of this process cannot lose them and every query sees them.
   * Those of concurrent calls share a commit. For rows that come at the rate of requests.
   */
  append(rows: RowSet): Promise<void>
  /**
   * Takes a name for this process, or gives null where a living process has it. What a killed process held is free at once,
   * so a name that can be taken tells that nobody is at work on what it stands for.
   */
  readonly tryHold: TryHold
  /**
   * Writes the whole embedded database, without the artifacts, as one `.tar.gz` of what is in the `database` folder. Throws
   * UnsupportedError `storage.backup-on-server`.
   */
  backup(targetFile: string): Promise<void>
  /** Finishes what runs, closes the database and gives the folder free. */
  close(): Promise<void>
}

/** An open data folder and its database. */
export type Store = StoreDatabase & {
  /** Absolute path of the data folder. */
  readonly folder: string
  readonly artifacts: Artifacts
}

/** Where the data folder and its database are, and who opens them. */
export type OpenStoreOptions = {
  /** The data folder, made if absent. */
  folder: string
  /** A PostgreSQL server, as `postgres://user:password@host:5432/database`; without it the database is in the folder. */
  databaseUrl?: string | undefined
  /** Told to a second process that wants the folder of an embedded database. */
  owner?: { url?: string }
  /** Where an empty database is kept to be copied, so that a new folder costs 0.1 s in place of 4. */
  templateFolder?: string
}

/**
 * Opens the data folder, makes it if absent, brings its schema up to date. Throws ConflictError `storage.folder-locked`
 * while another process has an embedded one, and `storage.connect-failed` where the server cannot be reached.
 */
export async function openStore({ databaseUrl, ...options }: OpenStoreOptions): Promise<Store> {
  const folder = resolve(options.folder)
  removeLeftovers(folder)
  return {
    ...(await openDatabase(folder, databaseUrl, options)),
    folder,
    artifacts: createArtifacts(join(folder, 'artifacts')),
  }
}

/** Threads and library calls that open no store load no database: half of what they would load. */
async function openDatabase(
  folder: string,
  databaseUrl: string | undefined,
  options: Omit<OpenStoreOptions, 'folder' | 'databaseUrl'>,
): Promise<StoreDatabase> {
  if (databaseUrl === undefined) {
    const { openEmbedded } = await import('./open-embedded.ts')
    return openEmbedded(folder, options)
  }
  const { openServer } = await import('./open-server.ts')
  return openServer(databaseUrl)
}
