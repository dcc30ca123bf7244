import { defineConfig } from 'vitest/config'
import { hasPostgresql } from './test/postgresql/start-postgresql.ts'

const embedded = { name: 'embedded', include: ['test/slow/**/*.test.ts'] }
const postgresql = {
  name: 'postgresql',
  include: ['test/slow/{kill-store,worker,flywheel}.test.ts'],
  globalSetup: ['test/postgresql/start-postgresql.ts'],
}

export default defineConfig({
  test: {
    setupFiles: ['test/setup.ts'],
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
    maxWorkers: 2,
    projects: [embedded, ...(hasPostgresql() ? [postgresql] : [])].map((test) => ({ extends: true, test })),
  },
})
