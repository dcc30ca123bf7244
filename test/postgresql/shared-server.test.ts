/** Several processes on one PostgreSQL server. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { openRegistry } from '../../src/registry/index.ts'
import { openStore, type Store } from '../../src/storage/index.ts'
import { createTestDatabase } from '../open-test-store.ts'

const root = mkdtempSync(join(tmpdir(), 'capstan-server-'))
const folder = join(root, 'data')
const opened: Store[] = []
let databaseUrl: string

beforeAll(async () => {
  databaseUrl = await createTestDatabase()
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

async function open(url = databaseUrl): Promise<Store> {
  const store = await openStore({ folder, databaseUrl: url })
  opened.push(store)
  return store
}

describe('a database server', () => {
  it('is brought up to date once when several processes start at once, each in the schema capstan', async () => {
    const url = await createTestDatabase()
    const stores = await Promise.all(Array.from({ length: 4 }, () => open(url)))
    const names = await Promise.all(
      stores.map(
        async ({ database }) => (await sql<{ name: string }>`select name from kysely_migration`.execute(database)).rows,
      ),
    )
    expect(new Set(names.map((rows) => rows.length)).size).toBe(1)
    const schemas = sql`select distinct table_schema from information_schema.tables where table_name in ('runs', 'kysely_migration')`
    expect((await schemas.execute((stores[0] as Store).database)).rows).toEqual([{ table_schema: 'capstan' }])
  })

  it('may hold the tables of another application under the same names', async () => {
    const url = await createTestDatabase()
    const client = new pg.Client(url)
    await client.connect()
    await client.query('create table tasks (title text); create table kysely_migration (other text)')
    const { database } = await open(url)
    expect(await database.selectFrom('tasks').selectAll().execute()).toEqual([])
    expect((await client.query('select * from tasks')).fields.map(({ name }) => name)).toEqual(['title'])
    await client.end()
  })

  it('shows each process what the others have written, and numbers the versions of a task for all of them', async () => {
    const registries = await Promise.all([openRegistry({ store: await open() }), openRegistry({ store: await open() })])
    const modelFolder = mkdtempSync(join(root, 'model-'))
    writeFileSync(join(modelFolder, 'model.onnx'), 'weights')
    await registries[0]?.ensureTask('shared')
    const versions = await Promise.all(
      registries.flatMap((registry) =>
        Array.from({ length: 4 }, async () => {
          const { id } = await registry.startRun({ task: 'shared', kind: 'train', seed: 1, settings: {} })
          const lineage = { datasetFingerprint: 'data', base: { name: 'base', sha256: 'base' }, codeVersion: '0' }
          const version = await registry.recordModelVersion({
            run: id,
            modelFolder,
            metrics: {},
            promote: true,
            ...lineage,
          })
          await registry.openModelFolder(version)
          return version.version
        }),
      ),
    )
    expect(versions.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    const stages = (await registries[1]?.listModelVersions({ task: 'shared' }))?.map(({ stage }) => stage)
    expect(stages?.filter((stage) => stage === 'live')).toHaveLength(1)
  })

  it('lets one folder be made by several processes at once, and leaves the first one in its place', async () => {
    const { artifacts } = await open()
    const source = mkdtempSync(join(root, 'source-'))
    for (let i = 0; i < 20; i++) writeFileSync(join(source, `file-${i}`), `content ${i}`)
    const manifest = await artifacts.putFolder(source)
    const target = join(root, 'made-at-once')
    const others = await Promise.all([open(), open(), open()])
    await Promise.all(others.map((store) => store.artifacts.materializeFolder(manifest, target)))
    await artifacts.materializeFolder(manifest, target)
  })

  it('is not backed up by Capstan, which says what does it', async () => {
    const store = await open()
    await expect(store.backup(join(root, 'backup'))).rejects.toMatchObject({
      code: 'storage.backup-on-server',
      hint: expect.stringContaining('pg_dump'),
    })
  })
})

describe('a run of another process', () => {
  it('is left alone while that process lives, and failed at once after it was killed', async () => {
    const registry = await openRegistry({ store: await open() })
    await registry.ensureTask('elsewhere')
    const { child, run } = await startRunElsewhere()
    expect(await (await openRegistry({ store: await open() })).findRun(run)).toMatchObject({ status: 'running' })
    child.kill('SIGKILL')
    await once(child, 'exit')
    await expect
      .poll(async () => {
        await registry.failInterruptedRuns()
        return registry.findRun(run)
      })
      .toMatchObject({ status: 'failed', error: { code: 'registry.run-interrupted' } })
    expect(await registry.resumeRun(run)).toMatchObject({ status: 'running' })
  })

  it('is still held after the server broke every connection, and ends as it would have', async () => {
    const [worker, other] = [await open(), await open()]
    const registry = await openRegistry({ store: worker })
    await registry.ensureTask('flaky')
    const { id } = await registry.startRun({ task: 'flaky', kind: 'train', seed: 1, settings: {} })
    await breakConnections()
    await expect
      .poll(() => other.tryHold(`run ${id}`).then((hold) => hold?.release().then(() => 'free') ?? 'held'))
      .toBe('held')
    await openRegistry({ store: other })
    const usage = { wallSeconds: 1, cpuSeconds: 1, gpuSeconds: 0, energyJoules: null, memoryBytesPeak: 1 }
    expect(await registry.finishRun(id, { status: 'succeeded', usage })).toMatchObject({
      status: 'succeeded',
      error: null,
    })
  })
})

describe('a server that cannot be reached', () => {
  const broken = (change: (url: URL) => void): string => {
    const url = new URL(databaseUrl)
    change(url)
    return url.href
  }
  const secret = 'sup3r/secret'
  const withPassword = (url: URL) => {
    url.password = encodeURIComponent(secret)
  }

  it.each([
    ['is not there', 'ECONNREFUSED', (url: URL) => withPassword(Object.assign(url, { port: '1' }))],
    ['has another password', 'password authentication failed', withPassword],
    [
      'has no such database',
      'database "nowhere" does not exist',
      (url: URL) => Object.assign(url, { pathname: 'nowhere' }),
    ],
  ])('%s: one error names host and database and never the password', async (_, reason, change) => {
    const error = await openStore({ folder, databaseUrl: broken(change) }).catch((error: unknown) => error)
    expect(error).toMatchObject({
      code: 'storage.connect-failed',
      message: expect.stringContaining(reason),
      hint: expect.stringContaining('DATABASE_URL'),
    })
    const { message, hint, stack } = error as Error & { hint: string }
    expect(message).toMatch(/127\.0\.0\.1:\d+, database "\w+", as user "tester"/)
    const password = decodeURIComponent(new URL(String(inject('serverUrl'))).password)
    for (const word of [secret, password, encodeURIComponent(secret)])
      expect(message + hint + stack).not.toContain(word)
  })

  it.each(['mysql://me:hush@host/db', 'postgres://me:hu/sh@host/db', 'postgres://me:12/hush@host/db', 'hush'])(
    'refuses %s without repeating it',
    async (databaseUrl) => {
      const error = await openStore({ folder, databaseUrl }).catch((error: unknown) => error)
      expect(error).toMatchObject({ code: 'storage.bad-url' })
      const { message, hint, stack } = error as Error & { hint: string }
      expect(message + hint + stack).not.toMatch(/hu\/?sh/)
    },
  )
})

/** A process that has begun a run and then waits. */
async function startRunElsewhere(): Promise<{ child: ChildProcess; run: string }> {
  const source = (path: string) => JSON.stringify(join(import.meta.dirname, '../../src', path))
  const program = `
    import { openRegistry } from ${source('registry/index.ts')}
    import { openStore } from ${source('storage/index.ts')}
    const store = await openStore(${JSON.stringify({ folder, databaseUrl })})
    const registry = await openRegistry({ store })
    const { id } = await registry.startRun({ task: 'elsewhere', kind: 'train', seed: 1, settings: {} })
    console.log(id)`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(child.stdout, 'data')
  return { child, run: String(line).trim() }
}

/** As a restart of the server would. */
async function breakConnections(): Promise<void> {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  await client.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  )
  await client.end()
}
