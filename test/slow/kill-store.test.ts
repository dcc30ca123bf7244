/** A process that writes as fast as it can, killed again and again: nothing that it acknowledged is lost. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sql } from 'kysely'
import { afterAll, expect, it } from 'vitest'
import { createRandom } from '../../src/base/index.ts'
import { openRegistry } from '../../src/registry/index.ts'
import { openTestStore, storeKind, testStoreOptions } from '../open-test-store.ts'

const killCount = 50
const project = join(import.meta.dirname, '../..')
const root = mkdtempSync(join(tmpdir(), 'capstan-kill-store-'))
const folder = join(root, 'data')
/** Where what is compiled finds its dependencies. */
const built = mkdtempSync(join(project, 'node_modules/.capstan-kill-store-'))

afterAll(() => {
  for (const path of [root, built]) rmSync(path, { recursive: true, force: true })
})

it(`opens after each of ${killCount} kills, and has all that was acknowledged`, async () => {
  await (await openTestStore(folder)).close()
  // As it ships: compiling the sources at each start would take longer than to be ready.
  execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json', '--declaration', 'false', '--outDir', built], {
    cwd: project,
  })
  const program = await writerProgram()
  const random = createRandom(1, 'kills')
  const acknowledged: string[] = []
  const readyMs: number[] = []
  for (let kill = 0; kill < killCount; kill++) {
    const startedMs = performance.now()
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines = createInterface({ input: child.stdout })
    const closed = once(lines, 'close')
    // By writes and not by time alone, so that how much is written depends on no machine's speed.
    let writesLeft = 1 + random.integer(40)
    lines.on('line', (line) => {
      if (line === 'ready') return readyMs.push(performance.now() - startedMs)
      acknowledged.push(line)
      if (--writesLeft === 0) setTimeout(() => child.kill('SIGKILL'), random.float() * 20)
    })
    await Promise.all([once(child, 'exit'), closed])
  }
  const worstMs = Math.max(...readyMs)
  process.stderr.write(
    `${storeKind}: ${killCount} kills, ready after ${worstMs.toFixed(0)} ms at most, ${acknowledged.length} writes acknowledged\n`,
  )
  expect(readyMs).toHaveLength(killCount)
  expect(acknowledged.length).toBeGreaterThanOrEqual(killCount)
  const store = await openTestStore(folder)
  await openRegistry({ store })
  const { rows } = await sql<{ written: string }>`
    select 'run ' || id as written from runs
    union all select 'entry ' || key from ledger_entries
    union all select 'task ' || name from tasks
    union all select 'job ' || id from capstan_jobs.job`.execute(store.database)
  const written = new Set(rows.map((row) => row.written))
  expect(acknowledged.filter((line) => !written.has(line))).toEqual([])
  const off = sql`select entry from ledger_postings group by entry having sum(amount_micro) <> 0`
  expect((await off.execute(store.database)).rows).toEqual([])
  expect(await store.database.selectFrom('runs').select('id').where('status', '=', 'running').execute()).toEqual([])
  await store.close()
})

/** Says `ready`, then what was written, as soon as it was. */
async function writerProgram(): Promise<string> {
  const source = (path: string) => JSON.stringify(join(built, path))
  return `
    import { createId } from ${source('base/index.js')}
    import { openJobs } from ${source('jobs/index.js')}
    import { createLedger } from ${source('ledger/index.js')}
    import { openRegistry } from ${source('registry/index.js')}
    import { openStore } from ${source('storage/index.js')}
    const store = await openStore(${JSON.stringify(await testStoreOptions(folder))})
    const registry = await openRegistry({ store })
    const ledger = createLedger({ store })
    const jobs = await openJobs(store)
    await registry.ensureTask('killed')
    console.log('ready')
    const postings = [1n, -1n].map((amountMicro) => ({ account: 'Assets:Cash', commodity: 'USD', amountMicro }))
    const writeOn = async () => {
      for (;;) {
        const { id } = await registry.startRun({ task: 'killed', kind: 'train', seed: 1, settings: {} })
        console.log('run ' + id)
        const key = createId('event')
        await ledger.postEntry({ source: 'test', key, eventTime: new Date(), description: '', postings })
        console.log('entry ' + key)
        console.log('job ' + (await jobs.send('wait', { key })))
        await store.append({ tasks: [{ name: key, created_at: new Date() }] })
        console.log('task ' + key)
      }
    }
    await Promise.all([writeOn(), writeOn(), writeOn(), writeOn()])`
}
