import { defineConfig } from 'vitest/config'
import { hasPostgresql } from './test/postgresql/start-postgresql.ts'

const needServer = 'test/postgresql/**/*.test.ts'
/** What has to hold on both kinds of store: these files run once on each. */
const onBothStores = [
  'src/{storage/open-store,registry/registry,ledger/ledger,ledger/meters/post-events,jobs/jobs}.test.ts',
  'test/tracking/run-series.test.ts',
]

const embedded = {
  name: 'embedded',
  include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
  exclude: [needServer, 'test/slow/**', 'node_modules/**'],
}
const postgresql = {
  name: 'postgresql',
  include: [needServer, ...onBothStores],
  globalSetup: ['test/postgresql/start-postgresql.ts'],
}

export default defineConfig({
  test: {
    setupFiles: ['test/setup.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    projects: [embedded, ...(hasPostgresql() ? [postgresql] : [])].map((test) => ({ extends: true, test })),
  },
})
