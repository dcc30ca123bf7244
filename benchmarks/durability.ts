/** A server that is killed under load again and again: nothing it has acknowledged may be lost. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { createRandom } from '../src/base/index.ts'
import { readExamples } from '../src/data/index.ts'
import { createPlatform } from '../src/platform/index.ts'
import { atMost, type Benchmark, median } from './benchmark.ts'

const kills = 100
const clients = 8
/** Load before each kill, in milliseconds. */
const [loadMin, loadMax] = [150, 600]
const root = join(import.meta.dirname, '..')

type Server = { url: string; readyMs: number; kill(): Promise<void> }
type Acknowledged = { predictions: string[]; feedback: string[] }

export const benchmark: Benchmark = {
  name: 'durability',
  description: `${kills} × SIGKILL under load (DATABASE_URL: on that PostgreSQL), restart, all that was acknowledged is asked for`,
  async run({ data, base, log }) {
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' })
    const projectFolder = await mkdtemp(join(tmpdir(), 'capstan-durability-'))
    const platform = await createPlatform({ projectFolder })
    const settings = { epochs: 0 }
    await platform.train({
      task: 'banking',
      data: join(data, 'train.csv'),
      test: join(data, 'test.csv'),
      base,
      settings,
    })
    await platform.close()
    const { examples } = await readExamples({ path: join(data, 'test.csv'), purpose: 'evaluate' })
    const texts = examples.map(({ text }) => text)
    const random = createRandom(1, 'kills')
    const ready: number[] = []
    let lost = 0
    let [predictions, feedback] = [0, 0]
    let acknowledged: Acknowledged = { predictions: [], feedback: [] }
    for (let round = 0; round <= kills; round++) {
      const server = await startServer(projectFolder)
      ready.push(server.readyMs)
      lost += await countLost(server.url, acknowledged)
      if (round < kills) {
        acknowledged = await loadUntilKilled(server, texts, loadMin + random.integer(loadMax - loadMin))
        predictions += acknowledged.predictions.length
        feedback += acknowledged.feedback.length
      } else await server.kill()
      if (round % 10 === 0)
        log(
          `round ${round}: ${predictions} predictions and ${feedback} pieces of feedback acknowledged, ${lost} lost, ready in ${Math.round(server.readyMs)} ms`,
        )
    }
    await rm(projectFolder, { recursive: true })
    return {
      values: { kills, predictions, feedback, readyMsMedian: median(ready), readyMsMax: Math.max(...ready) },
      bars: [
        atMost('acknowledged predictions and feedback lost', '', 0, lost),
        atMost('from the start of the process to ready, the slowest', 's', 3, Math.max(...ready) / 1000),
      ],
    }
  },
}

async function startServer(projectFolder: string): Promise<Server> {
  const started = performance.now()
  const argv = [join(root, 'bin/capstan'), 'serve', '--port', '0', '--project', projectFolder, '--log-level', 'error']
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    const [url] = /http:\/\/[\d.:]+/.exec(line) ?? []
    if (!url) continue
    return {
      url,
      readyMs: performance.now() - started,
      async kill() {
        child.kill('SIGKILL')
        await exit
      },
    }
  }
  throw new Error('the server ended before it was ready')
}

/** Asks and gives feedback on all connections until the kill; what was answered by then is acknowledged. */
async function loadUntilKilled(server: Server, texts: readonly string[], ms: number): Promise<Acknowledged> {
  const acknowledged: Acknowledged = { predictions: [], feedback: [] }
  let isKilled = false
  const client = async (first: number) => {
    for (let i = first; !isKilled; i += clients) {
      try {
        const reply = await post(`${server.url}/v1/tasks/banking/predictions`, { input: texts[i % texts.length] })
        const { predictions } = reply as { predictions: { id: string }[] }
        const id = predictions[0]?.id as string
        acknowledged.predictions.push(id)
        await giveFeedback(server.url, id)
        acknowledged.feedback.push(id)
      } catch (error) {
        // A connection that breaks when the server dies has acknowledged nothing.
        if (!isKilled) throw error
      }
    }
  }
  const clientsAtWork = Promise.all(Array.from({ length: clients }, (_, i) => client(i)))
  await setTimeout(ms)
  isKilled = true
  await server.kill()
  await clientsAtWork
  return acknowledged
}

/** Feedback that stands there is no news; on a prediction that is gone it is refused. */
async function countLost(url: string, { predictions, feedback }: Acknowledged): Promise<number> {
  const known = new Set(feedback)
  const lost = await Promise.all(
    predictions.map(async (id) => {
      const { isNew } = await giveFeedback(url, id).catch(() => ({ isNew: null }))
      return isNew === null || (known.has(id) && isNew) ? 1 : 0
    }),
  )
  return lost.reduce((sum: number, one) => sum + one, 0)
}

async function giveFeedback(url: string, id: string): Promise<{ isNew: boolean }> {
  return (await post(`${url}/v1/predictions/${id}/feedback`, { correct: true })) as { isNew: boolean }
}

async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
  return response.json()
}
