import { type Kysely, type Migration, Migrator } from 'kysely'
import { CapstanError } from '../base/index.ts'
import { addRegistry } from './migrations/001-registry.ts'
import { addLedger } from './migrations/002-ledger.ts'
import { addTracking } from './migrations/003-tracking.ts'
import { addRunEstimate } from './migrations/004-run-estimate.ts'
import { addFlywheel } from './migrations/005-flywheel.ts'
import { addAccess } from './migrations/006-access.ts'
import { addBooks } from './migrations/008-books.ts'
import { addLearningPoints } from './migrations/009-learning-points.ts'
import { addGpuAndEnergy } from './migrations/010-gpu-and-energy.ts'
import type { Schema } from './schema.ts'

// Ordered and append only: a data folder remembers the names it has run. SQL that PostgreSQL 15 also has.
const migrations: [name: string, migration: Migration][] = [
  ['001-registry', addRegistry],
  ['002-ledger', addLedger],
  ['003-tracking', addTracking],
  ['004-run-estimate', addRunEstimate],
  ['005-flywheel', addFlywheel],
  ['006-access', addAccess],
  ['008-books', addBooks],
  ['009-learning-points', addLearningPoints],
  ['010-gpu-and-energy', addGpuAndEnergy],
]

/**
 * Brings the schema up to date; refuses a data folder that a newer Capstan has written. Of several processes that start at
 * once on one server, one migrates and the others wait: Kysely takes an advisory lock.
 */
export async function migrate(database: Kysely<Schema>, { schema }: { schema?: string } = {}): Promise<void> {
  const provider = { getMigrations: async () => Object.fromEntries(migrations) }
  const place = schema === undefined ? {} : { migrationTableSchema: schema }
  const { error } = await new Migrator({ db: database, provider, ...place }).migrateToLatest()
  if (error === undefined) return
  throw new CapstanError(
    'storage.migration-failed',
    `The database schema was not brought up to date: ${String(error)}`,
    {
      hint: 'If a newer Capstan has written this data folder, use that version; else report this with the message.',
      cause: error,
    },
  )
}
