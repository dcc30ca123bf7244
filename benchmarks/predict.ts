/** Predictions by HTTP: single short texts on 32 connections, the server in a process of its own. */
import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLogger } from '../src/base/index.ts'
import { readExamples } from '../src/data/index.ts'
import { codeVersion, createPlatform } from '../src/platform/index.ts'
import { createApp, startServer } from '../src/server/index.ts'
import { atLeast, atMost, type Benchmark } from './benchmark.ts'
import { measureHttp } from './measure-http.ts'

const connections = 32
const seconds = 15

export const benchmark: Benchmark = {
  name: 'predict',
  description: `requests per second of a Banking77 model by HTTP, single texts, ${connections} connections`,
  async run({ data, base, log }) {
    const projectFolder = await mkdtemp(join(tmpdir(), 'capstan-bench-'))
    const platform = await createPlatform({ projectFolder })
    log('training a model to serve (nearest centroids, no step)')
    await platform.train({
      task: 'banking',
      data: join(data, 'train.csv'),
      test: join(data, 'test.csv'),
      base,
      settings: { epochs: 0 },
    })
    await platform.close()
    const { url, stop } = await startServerProcess(projectFolder)
    const { examples } = await readExamples({ path: join(data, 'test.csv'), purpose: 'evaluate' })
    const bodies = examples.map(({ text }) => ({ input: text }))
    const load = await measureHttp({ url: `${url}/v1/tasks/banking/predictions`, bodies, connections, seconds })
    await stop()
    await rm(projectFolder, { recursive: true })
    return {
      values: { requestsPerSecond: load.requestsPerSecond, ...load.latencyMs, requests: load.requests },
      bars: [
        atLeast('predictions by HTTP', 'requests/s', 300, load.requestsPerSecond),
        atMost('requests with an error', '', 0, load.errors + load.refused),
      ],
    }
  },
}

function startServerProcess(projectFolder: string): Promise<{ url: string; stop(): Promise<void> }> {
  const child = fork(fileURLToPath(import.meta.url), { env: { ...process.env, CAPSTAN_BENCH_SERVE: projectFolder } })
  const exit = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  return new Promise((resolve, reject) => {
    child.on('message', (url) => {
      const stop = async () => {
        child.send('stop')
        await exit
      }
      resolve({ url: String(url), stop })
    })
    child.on('exit', (code) => reject(new Error(`the server ended with code ${code}`)))
  })
}

async function serve(projectFolder: string): Promise<void> {
  const platform = await createPlatform({ projectFolder })
  await platform.loadModels()
  const app = createApp(platform, { version: codeVersion, logger: createLogger({ level: 'error' }) })
  const server = await startServer({ app, port: 0 })
  process.send?.(server.url)
  process.once('message', async () => {
    await server.close()
    await platform.close()
    process.disconnect()
  })
}

const project = process.env.CAPSTAN_BENCH_SERVE
if (project && process.send) await serve(project)
