import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openTestStore, storeKind, testStoreOptions } from '../../test/open-test-store.ts'
import { InvalidInputError } from '../base/index.ts'
import type { Store } from '../storage/index.ts'
import { type Jobs, openJobs } from './index.ts'

type Kinds = { add: { a: number; b: number }; wait: { until: string } }

const root = mkdtempSync(join(tmpdir(), 'capstan-jobs-'))
const folder = join(root, 'data')
const fast = { pollMs: 20, takeOverMs: 200 }
let store: Store
let jobs: Jobs<Kinds>

beforeAll(async () => {
  store = await openTestStore(folder)
  jobs = await openJobs<Kinds>(store, fast)
})
afterEach(async () => {
  await jobs.close()
  await sql`delete from capstan_jobs.job`.execute(store.database)
  jobs = await openJobs<Kinds>(store, fast)
})
afterAll(async () => {
  await jobs.close()
  await store.close()
  rmSync(root, { recursive: true, force: true })
})

const endOf = (id: string | null) =>
  expect.poll(async () => (await jobs.list()).find((job) => job.id === id), { timeout: 120_000, interval: 20 })

describe('a job', () => {
  it('waits until there is a worker, and keeps what came of it', async () => {
    const id = await jobs.send('add', { a: 1, b: 2 })
    const waiting = { id, name: 'add', state: 'waiting', data: { a: 1, b: 2 }, singletonKey: null, tries: 0 }
    expect(await jobs.list()).toMatchObject([{ ...waiting, startedAt: null, endedAt: null, result: null, error: null }])
    await jobs.work('add', async ({ data: { a, b } }) => ({ sum: a + b }))
    await endOf(id).toMatchObject({ state: 'succeeded', result: { sum: 3 }, error: null, tries: 1 })
  })

  it('whose handler throws has failed, with code and message, and is not tried again', async () => {
    const tried: string[] = []
    await jobs.work('add', async ({ id }) => {
      tried.push(id)
      throw new InvalidInputError('data.bad-rows', 'line 7 has no label')
    })
    const id = await jobs.send('add', { a: 1, b: 2 })
    await endOf(id).toMatchObject({
      state: 'failed',
      error: { code: 'data.bad-rows', message: 'line 7 has no label' },
    })
    await jobs.close()
    expect(tried).toEqual([id])
  })

  it('waits once under its key, may wait again when the first is under way, and is any number without a key', async () => {
    const send = (singletonKey?: string) => jobs.send('wait', { until: 'x' }, singletonKey ? { singletonKey } : {})
    expect(await send('support')).not.toBeNull()
    expect(await send('support')).toBeNull()
    expect(await send('topics')).not.toBeNull()
    expect([await send(), await send()]).not.toContain(null)
    const { release } = await holdJobs()
    await expect.poll(async () => (await jobs.list({ state: 'active' })).length, { timeout: 120_000 }).toBe(1)
    expect(await send('support')).not.toBeNull()
    expect((await jobs.list({ state: 'waiting' })).map(({ singletonKey }) => singletonKey)).toContain('support')
    release()
  })

  it('is done once however many workers look for it, and as many at once as the worker may', async () => {
    const done: string[] = []
    let [underway, underwayMax] = [0, 0]
    const handler = async ({ id }: { id: string }) => {
      underwayMax = Math.max(underwayMax, ++underway)
      await new Promise((resolve) => setTimeout(resolve, 5))
      underway--
      done.push(id)
      return undefined
    }
    const ids = await Promise.all(Array.from({ length: 40 }, (_, i) => jobs.send('add', { a: i, b: 0 })))
    await Promise.all([jobs.work('add', handler, { concurrency: 2 }), jobs.work('add', handler, { concurrency: 2 })])
    await expect.poll(() => done.length, { timeout: 120_000 }).toBe(40)
    await jobs.close()
    expect(done.toSorted()).toEqual(ids.map(String).toSorted())
    expect(underwayMax).toBeLessThanOrEqual(4)
    expect(underwayMax).toBeGreaterThan(1)
  })

  it('keeps out of transactions that run meanwhile', async () => {
    const transaction = store.database.transaction().execute(async (transaction) => {
      await sql`create temporary table crowd (n int) on commit drop`.execute(transaction)
      for (let i = 0; i < 20; i++) {
        await sql`insert into crowd values (${i})`.execute(transaction)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      return (await sql<{ n: bigint }>`select count(*) as n from crowd`.execute(transaction)).rows[0]?.n
    })
    const sent = Promise.all(Array.from({ length: 20 }, (_, i) => jobs.send('add', { a: i, b: 0 })))
    expect(await transaction).toBe(20n)
    expect(new Set(await sent).size).toBe(20)
  })
})

describe('a worker that stops', () => {
  it('ends what it does, and begins nothing more', async () => {
    const { worker, release, begun } = await holdJobs()
    const [first, second] = [await jobs.send('wait', { until: 'x' }), await jobs.send('wait', { until: 'x' })]
    await begun
    const stopped = worker.stop()
    release()
    await stopped
    const states = new Map((await jobs.list()).map(({ id, state }) => [id, state]))
    expect([states.get(String(first)), states.get(String(second))]).toEqual(['succeeded', 'waiting'])
  })

  it('can give back what it does, so that it waits for another worker', async () => {
    const { worker, release, begun } = await holdJobs()
    const id = await jobs.send('wait', { until: 'x' })
    await begun
    await worker.giveBack()
    expect(await jobs.list()).toMatchObject([{ id, state: 'waiting', tries: 1 }])
    release()
    await worker.stop()
    // What its handler gave after all does not count.
    expect(await jobs.list()).toMatchObject([{ id, state: 'waiting', result: null }])
    await jobs.work('wait', async () => ({ by: 'another' }))
    await endOf(id).toMatchObject({ state: 'succeeded', result: { by: 'another' }, tries: 2 })
  })
})

describe('a job whose worker was killed', () => {
  it('is done by another', async () => {
    const id = await jobs.send('wait', { until: 'killed' })
    await killAWorker()
    expect(await jobs.list()).toMatchObject([{ id, state: 'active' }])
    await jobs.work('wait', async () => ({ by: 'another' }))
    await endOf(id).toMatchObject({ state: 'succeeded', result: { by: 'another' }, tries: 2 })
  })

  it.runIf(storeKind === 'server')('is left alone as long as that worker lives', async () => {
    const id = await jobs.send('wait', { until: 'killed' })
    const child = await startWorkerElsewhere()
    await jobs.work('wait', async () => ({ by: 'another' }))
    await new Promise((resolve) => setTimeout(resolve, 5 * fast.takeOverMs))
    expect(await jobs.list()).toMatchObject([{ id, state: 'active' }])
    child.kill('SIGKILL')
    await once(child, 'exit')
    await endOf(id).toMatchObject({ state: 'succeeded', tries: 2 })
  })

  it('is given up when it has cost five workers', async () => {
    const id = await jobs.send('wait', { until: 'killed' })
    for (let i = 0; i < 5; i++) {
      await sql`update capstan_jobs.job set state = 'active', started_on = now(), retry_count = ${i}`.execute(
        store.database,
      )
      const taker = await jobs.work('wait', () => new Promise(() => {}), { concurrency: 0 })
      await expect.poll(async () => (await jobs.list({ state: 'active' })).length, { timeout: 120_000 }).toBe(0)
      await taker.stop()
    }
    expect(await jobs.list()).toMatchObject([
      { id, state: 'failed', error: { code: 'jobs.worker-died', message: expect.stringContaining('begun 5 times') } },
    ])
  })
})

/** A worker whose jobs last until they are released. */
async function holdJobs() {
  let release = () => {}
  let begin = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const worker = await jobs.work('wait', async () => {
    begin()
    await released
    return undefined
  })
  return { worker, begun, release: () => release() }
}

/** On the embedded store nobody else may have the folder meanwhile. */
async function killAWorker(): Promise<void> {
  if (storeKind === 'embedded') {
    await jobs.close()
    await store.close()
  }
  const child = await startWorkerElsewhere()
  child.kill('SIGKILL')
  await once(child, 'exit')
  if (storeKind === 'embedded') {
    store = await openTestStore(folder)
    jobs = await openJobs<Kinds>(store, fast)
  }
}

/** A process that has begun a job and never ends it. */
async function startWorkerElsewhere(): Promise<ChildProcess> {
  const source = (path: string) => JSON.stringify(join(import.meta.dirname, path))
  const program = `
    import { openJobs } from ${source('index.ts')}
    import { openStore } from ${source('../storage/index.ts')}
    const jobs = await openJobs(await openStore(${JSON.stringify(await testStoreOptions(folder))}))
    await jobs.work('wait', () => {
      console.log('begun')
      return new Promise((resolve) => setTimeout(resolve, 1_000_000))
    })`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}
