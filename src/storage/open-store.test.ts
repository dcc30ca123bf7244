import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { CompiledQuery, sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestStore, storeKind, testStoreOptions } from '../../test/open-test-store.ts'
import { openStore, type Store } from './open-store.ts'

const root = mkdtempSync(join(tmpdir(), 'capstan-store-'))
const folder = join(root, 'data')
let store: Store

beforeAll(async () => {
  store = await openTestStore(folder)
})
afterAll(async () => {
  await store.close()
  rmSync(root, { recursive: true, force: true })
})

it('keeps a transaction apart from queries that run meanwhile', async () => {
  const insert = store.database.transaction().execute(async (transaction) => {
    await transaction
      .insertInto('tasks')
      .values({ name: 'rolled-back', created_at: new Date(0) })
      .execute()
    await new Promise((resolve) => setTimeout(resolve, 20))
    throw new Error('roll back')
  })
  const [inserted, seen] = await Promise.allSettled([insert, store.database.selectFrom('tasks').selectAll().execute()])
  expect(inserted.status).toBe('rejected')
  expect(seen).toEqual({ status: 'fulfilled', value: [] })
})

it('goes on after a query that fails', async () => {
  await expect(sql`select 1 / 0`.execute(store.database)).rejects.toMatchObject({ code: '22012' })
  expect((await sql`select count(*) as n from tasks`.execute(store.database)).rows).toEqual([{ n: 0n }])
})

it.runIf(storeKind === 'embedded')('runs with 16 MB of buffers, for the sake of the training beside it', async () => {
  expect((await sql`show shared_buffers`.execute(store.database)).rows).toEqual([{ shared_buffers: '16MB' }])
})

it.runIf(storeKind === 'embedded')('keeps statements prepared, but not any number of them', async () => {
  const run = async (i: number) => {
    const query = CompiledQuery.raw(`select ${i} + $1::int as n`, [1])
    return (await store.database.executeQuery<{ n: number }>(query)).rows[0]?.n
  }
  for (let i = 0; i < 300; i++) expect(await run(i)).toBe(i + 1)
  expect([await run(0), await run(299)]).toEqual([1, 300])
  const { rows } = await sql<{ n: bigint }>`select count(*) as n from pg_prepared_statements`.execute(store.database)
  expect(Number(rows[0]?.n)).toBeGreaterThan(100)
  expect(Number(rows[0]?.n)).toBeLessThanOrEqual(256)
})

it('gives a name to one at a time, until it is let go', async () => {
  const hold = await store.tryHold('a name')
  expect(await store.tryHold('a name')).toBeNull()
  const other = await store.tryHold('another name')
  await hold?.release()
  const again = await store.tryHold('a name')
  expect([hold, other, again]).not.toContain(null)
  await Promise.all([other?.release(), again?.release()])
  const asked = await Promise.all(Array.from({ length: 5 }, () => store.tryHold('raced')))
  expect(asked.filter((hold) => hold !== null)).toHaveLength(1)
})

it.runIf(storeKind === 'embedded')('refuses to open the folder twice', async () => {
  await expect(openStore({ folder })).rejects.toMatchObject({
    code: 'storage.folder-locked',
    hint: expect.stringContaining('close that store first'),
  })
})

it('has after closing and opening again the rows that were there', async () => {
  await store.database
    .insertInto('tasks')
    .values({ name: 'support', created_at: new Date(0) })
    .execute()
  await store.close()
  store = await openTestStore(folder)
  expect(await store.database.selectFrom('tasks').select('name').execute()).toEqual([{ name: 'support' }])
})

it('shows appended rows to the next query, also after closing and opening', async () => {
  const task = (name: string) => ({ tasks: [{ name, created_at: new Date(0) }] })
  const names = async () => {
    const rows = await store.database.selectFrom('tasks').select('name').where('name', 'like', 'new %').execute()
    return rows.map(({ name }) => name).sort()
  }
  await store.append(task('new a'))
  expect(await names()).toEqual(['new a'])
  await Promise.all([store.append(task('new b')), store.append(task('new c'))])
  await store.close()
  store = await openTestStore(folder)
  expect(await names()).toEqual(['new a', 'new b', 'new c'])
  await sql`delete from tasks where name like 'new %'`.execute(store.database)
})

it('removes at opening what a crash left half done a day ago, and nothing that another process may be writing', async () => {
  await store.close()
  const [leftover, fresh] = ['0', '1'].map((digit) => join(folder, 'artifacts', `new.incoming_${digit.repeat(26)}`))
  const notes = join(folder, 'artifacts', 'notes.txt')
  mkdirSync(join(folder, 'artifacts'), { recursive: true })
  const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 60 * 60
  for (const path of [leftover, fresh, notes].map(String)) writeFileSync(path, 'half')
  for (const path of [leftover, notes].map(String)) utimesSync(path, twoDaysAgo, twoDaysAgo)
  store = await openTestStore(folder)
  expect([leftover, fresh, notes].map((path) => existsSync(String(path)))).toEqual([false, true, true])
})

it.runIf(storeKind === 'embedded')('writes a backup that unpacks to a database with the same rows', async () => {
  await store.backup(join(root, 'backup.tar.gz'))
  mkdirSync(join(root, 'restored', 'database'), { recursive: true })
  execFileSync('tar', ['-xzf', join(root, 'backup.tar.gz'), '-C', join(root, 'restored', 'database')], {
    stdio: 'pipe',
  })
  const rowsBefore = await store.database.selectFrom('tasks').selectAll().execute()
  await store.close()
  const restored = await openStore({ folder: join(root, 'restored') })
  expect(await restored.database.selectFrom('tasks').selectAll().execute()).toEqual(rowsBefore)
  await restored.close()
  store = await openTestStore(folder)
})

it('has every acknowledged row after its owner was killed while writing', async () => {
  await store.close()
  const program = `
    import { openStore } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
    const store = await openStore(${JSON.stringify(await testStoreOptions(folder))})
    for (let i = 0; ; i++) {
      await store.database.insertInto('tasks').values({ name: 'row-' + i, created_at: new Date(0) }).execute()
      console.log(i)
    }`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let acknowledged = -1
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    acknowledged = Number(line)
    if (acknowledged === 150) child.kill('SIGKILL')
  })
  await Promise.all([once(child, 'exit'), once(lines, 'close')])
  store = await openTestStore(folder)
  const names = await store.database.selectFrom('tasks').select('name').where('name', 'like', 'row-%').execute()
  expect(acknowledged).toBeGreaterThanOrEqual(150)
  // One more may have been committed than its process lived to say.
  expect([acknowledged + 1, acknowledged + 2]).toContain(names.length)
})

it.runIf(storeKind === 'embedded')(
  'says what to do about a database that does not open, and gives the folder free',
  async () => {
    const broken = join(root, 'broken')
    mkdirSync(join(broken, 'database'), { recursive: true })
    writeFileSync(join(broken, 'database', 'PG_VERSION'), '9.6\n')
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(openStore({ folder: broken })).rejects.toMatchObject({ code: 'storage.open-failed' })
    }
  },
)
