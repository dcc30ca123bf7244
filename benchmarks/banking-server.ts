/** A Banking77 model behind HTTP, in a process of its own, with a key: what load is sent to. */
import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLogger, type Logger } from '../src/base/index.ts'
import { readExamples } from '../src/data/index.ts'
import { codeVersion, createPlatform } from '../src/platform/index.ts'
import { createApp, startServer } from '../src/server/index.ts'
import type { BenchmarkOptions } from './benchmark.ts'

/** A request for predictions as the server's log has it. */
export type LoggedRequest = {
  requestId: string
  status: number
  milliseconds: number
  tokenizeMs?: number
  queueMs?: number
  modelMs?: number
}

export type BankingServer = {
  url: string
  /** Address of the predictions. */
  predictions: string
  token: string
  headers: Record<string, string>
  /** Texts of the test set, as bodies of requests. */
  bodies: { input: string }[]
  /** Requests for predictions since the last call, where the server keeps its log. */
  takeLog(): Promise<LoggedRequest[]>
  /** Resident memory of the server's process. */
  residentBytes(): number
  stop(): Promise<void>
}

export type BankingServerOptions = Pick<BenchmarkOptions, 'data' | 'base' | 'log'> & { keepsLog?: boolean }

/** Trains a model that takes no step (nearest centroids), and serves it. */
export async function startBankingServer({
  data,
  base,
  log,
  keepsLog = false,
}: BankingServerOptions): Promise<BankingServer> {
  const projectFolder = await mkdtemp(join(tmpdir(), 'capstan-bench-'))
  const platform = await createPlatform({ projectFolder })
  log('training a model to serve (nearest centroids, no step)')
  const files = { data: join(data, 'train.csv'), test: join(data, 'test.csv') }
  await platform.train({ task: 'banking', ...files, base, settings: { epochs: 0 } })
  const { token } = await platform.access.createKey({ name: 'benchmark' })
  await platform.close()
  const { examples } = await readExamples({ path: files.test, purpose: 'evaluate' })
  const child = fork(fileURLToPath(import.meta.url), {
    env: { ...process.env, CAPSTAN_BENCH_SERVE: projectFolder, CAPSTAN_BENCH_LOG: keepsLog ? '1' : '' },
  })
  const answer = () =>
    new Promise<unknown>((resolve, reject) => {
      child.once('message', resolve)
      child.once('exit', (code) => reject(new Error(`the server ended with code ${code}`)))
    })
  const url = String(await answer())
  return {
    url,
    predictions: `${url}/v1/tasks/banking/predictions`,
    token,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    bodies: examples.map(({ text }) => ({ input: text })),
    async takeLog() {
      const answered = answer()
      child.send('log')
      return (await answered) as LoggedRequest[]
    },
    residentBytes() {
      const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
      return Number(kib) * 1024
    },
    async stop() {
      const exit = new Promise((resolve) => child.once('exit', resolve))
      child.send('stop')
      await exit
      await rm(projectFolder, { recursive: true })
    },
  }
}

async function serve(projectFolder: string): Promise<void> {
  const platform = await createPlatform({ projectFolder })
  await platform.loadModels()
  let requests: LoggedRequest[] = []
  const quiet = createLogger({ level: 'error' })
  const keeping: Logger = {
    ...quiet,
    error: (fields, message) => quiet.error(fields, message),
    info: (fields) => requests.push(fields as LoggedRequest),
  }
  const app = createApp(platform, { version: codeVersion, logger: process.env.CAPSTAN_BENCH_LOG ? keeping : quiet })
  const server = await startServer({ app, port: 0 })
  process.on('message', async (message) => {
    if (message === 'log') {
      process.send?.(requests)
      requests = []
      return
    }
    await server.close()
    await platform.close()
    process.disconnect()
  })
  // A benchmark that fails leaves no server behind.
  process.once('disconnect', () => process.exit())
  process.send?.(server.url)
}

const project = process.env.CAPSTAN_BENCH_SERVE
if (project && process.send) await serve(project)
