/** What `--queue` leaves to `capstan worker`, on both kinds of store. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { RunDetails } from '../../src/index.ts'
import { runCli, startCli } from '../cli/run-cli.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'
import { createTestDatabase, storeKind } from '../open-test-store.ts'

const waiting = { timeout: 240_000 }
let folder: string
let project: string
let base: string
const data = () => join(folder, 'tickets.csv')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-worker-cli-'))
  base = await writeTinyEncoder(join(folder, 'base'))
  await writeFile(data(), tinyCsv({ rowsPerLabel: 40 }))
})
beforeEach(async () => {
  project = await mkdtemp(join(folder, 'project-'))
  if (storeKind === 'server') process.env.DATABASE_URL = await createTestDatabase()
})
afterEach(() => {
  delete process.env.DATABASE_URL
})
afterAll(() => rm(folder, { recursive: true }))

const queue = (...options: string[]) => {
  // From where the sender is; the worker may be elsewhere.
  const path = relative(process.cwd(), data())
  return runCli(['train', path, '--task', 'tiny', '--base', base, '--project', project, '--queue', ...options])
}
/** Some 400 steps, each of them written down. */
const manyCheckpoints = ['--epochs', '8', '--tokens-per-batch', '32', '--checkpoint-seconds', '0']
const worker = (...options: string[]) => ['worker', '--project', project, ...options]
const listRuns = async () => {
  const { stdout } = await runCli(['runs', '--project', project, '--json'])
  return (JSON.parse(stdout) as { runs: RunDetails[] }).runs
}

describe('a queued training', () => {
  it('is checked and named when it is queued, and done by a worker, which then ends at a signal', async () => {
    const { code, stdout, stderr } = await queue('--epochs', '1', '--promote')
    expect(code, stderr).toBe(0)
    const id = stdout.trim()
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    expect(await listRuns()).toEqual([])
    const running = startCli(worker())
    await expect.poll(running.stdout, waiting).toContain(`job ${id}: done`)
    running.signal()
    const ended = await running.result
    expect(ended.code).toBe(0)
    expect(ended.stdout).toContain(`job ${id}: training tiny on ${data()}`)
    expect(ended.stdout).toContain('tiny version 1, live')
    expect(ended.stderr).toContain('Waiting for jobs')
    expect(await listRuns()).toMatchObject([{ task: 'tiny', status: 'succeeded' }])
  })

  it('is refused at once where its data cannot be used, or where it is to be estimated too', async () => {
    await writeFile(join(project, 'bad.csv'), 'text,label\nonly text,\n')
    const bad = await runCli(['train', join(project, 'bad.csv'), '--task', 'tiny', '--queue', '--project', project])
    expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining('data.bad-rows') })
    expect(await queue('--estimate')).toMatchObject({ code: 2, stderr: expect.stringContaining('not both') })
  })

  it('that fails is told with its code, as one object where JSON is wanted, and ends no worker', async () => {
    await queue('--epochs', '1')
    await rm(data())
    const running = startCli(worker('--json'))
    await expect.poll(running.stderr, waiting).toContain('code: data.file-not-found')
    await writeFile(data(), tinyCsv({ rowsPerLabel: 40 }))
    running.signal()
    const { code, stdout } = await running.result
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      jobs: [
        { job: expect.any(String), task: 'tiny', status: 'failed', error: expect.stringContaining('tickets.csv') },
      ],
    })
  })

  it('goes on from its checkpoint in another worker when the first is killed', async () => {
    await queue(...manyCheckpoints)
    const killed = startWorker()
    await hasCheckpoint()
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    const running = startCli(worker())
    await expect.poll(running.stdout, waiting).toContain(': done')
    running.signal()
    expect((await running.result).stderr).toMatch(/resuming {2}after step \d+ of \d+/)
    expect(await listRuns()).toMatchObject([{ status: 'succeeded' }])
  })

  it('is put back by a second signal, and done by the next worker', async () => {
    await queue(...manyCheckpoints)
    const stopped = startWorker()
    await hasCheckpoint()
    let stderr = ''
    stopped.stderr?.on('data', (chunk) => {
      stderr += String(chunk)
    })
    stopped.kill('SIGTERM')
    await expect.poll(() => stderr, waiting).toContain('Once more puts it back')
    stopped.kill('SIGTERM')
    expect(await once(stopped, 'exit'), stderr).toEqual([null, 'SIGINT'])
    const running = startCli(worker())
    await expect.poll(running.stdout, waiting).toContain(': done')
    running.signal()
    await running.result
    expect(await listRuns()).toMatchObject([{ status: 'succeeded' }])
  })
})

it.runIf(storeKind === 'embedded')('a worker beside a server is refused with the way to have both', async () => {
  const running = startCli(worker())
  await expect.poll(running.stderr, waiting).toContain('Waiting')
  const refused = await queue('--epochs', '1')
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('storage.folder-locked') })
  running.signal()
  await running.result
})

it('a learning curve left to a worker is checked when it is queued, measured, and then shown at once', async () => {
  const path = relative(process.cwd(), data())
  const sizes = ['--sizes', '10,20,40,80', '--seeds', '1', '--epochs', '0', '--base', base]
  const curve = ['curve', path, '--task', 'tiny', ...sizes.with(6, '--bases'), '--project', project]
  const refused = await runCli([...curve.with(5, '10,20,4000'), '--queue'])
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('curve.bad-sizes') })
  const { code, stdout, stderr } = await runCli([...curve, '--queue'])
  expect(code, stderr).toBe(0)
  expect(await listRuns()).toEqual([])
  const running = startCli(worker())
  await expect.poll(running.stdout, waiting).toContain(`job ${stdout.trim()}: done`)
  running.signal()
  expect((await running.result).stdout).toContain('measuring the learning curve of tiny')
  const shown = JSON.parse((await runCli([...curve, '--json'])).stdout)
  expect(shown).toMatchObject({ cost: null, target: null, curves: [{ points: { length: 4 } }] })
  expect(await listRuns()).toHaveLength(4)
})

describe('a file left to a worker', () => {
  it('is checked when it is queued, answered by a worker, and listed', async () => {
    const train = ['train', data(), '--task', 'tiny', '--base', base, '--epochs', '0', '--project', project]
    expect((await runCli(train)).code).toBe(0)
    const [input, output] = [join(project, 'texts.csv'), join(project, 'scored.csv')]
    await writeFile(input, 'text\nmy card is late\ntop up failed\n')
    const predict = ['predict', '--task', 'tiny', '--in', input, '--out', output, '--project', project]
    const refused = await runCli([...predict.with(4, join(project, 'none.csv')), '--queue'])
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('data.file-not-found') })
    expect((await runCli([...predict, '--resume', '--queue'])).code).toBe(2)
    const { code, stdout, stderr } = await runCli([...predict, '--queue'])
    expect(code, stderr).toBe(0)
    const running = startCli(worker())
    await expect.poll(running.stdout, waiting).toContain(`job ${stdout.trim()}: done`)
    running.signal()
    expect((await running.result).stdout).toContain('rows      2 answered')
    expect((await readFile(output, 'utf8')).split('\n')[0]).toContain('label')
    const listed = await runCli(['jobs', '--project', project])
    expect(listed.stdout).toMatch(new RegExp(`${stdout.trim()} +predict +tiny +succeeded +1`))
    const { jobs } = JSON.parse((await runCli(['jobs', '--project', project, '--json'])).stdout)
    expect(jobs).toMatchObject([{ name: 'predict', result: { rows: 2, output } }])
  })
})

/** In a process of its own. */
function startWorker(): ChildProcess {
  const main = join(import.meta.dirname, '../../src/cli/main.ts')
  return spawn(process.execPath, ['--import', 'tsx', main, ...worker()], { stdio: ['ignore', 'ignore', 'pipe'] })
}

async function hasCheckpoint(): Promise<void> {
  const working = join(project, '.capstan/training')
  const look = async () =>
    existsSync(working) &&
    (await readdir(working)).some((run) => existsSync(join(working, run, 'checkpoint.safetensors')))
  await expect.poll(look, { ...waiting, interval: 2 }).toBe(true)
}
