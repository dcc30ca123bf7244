/** Versions are exchanged under load: no request may fail. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '../src/base/index.ts'
import { codeVersion, createPlatform } from '../src/platform/index.ts'
import { createApp, startServer } from '../src/server/index.ts'
import { atMost, type Benchmark, median } from './benchmark.ts'

const promotions = 30
const clients = 16

export const benchmark: Benchmark = {
  name: 'promotions',
  description: `${promotions} promotions and rollbacks of a 90 MB model under load`,
  async run({ data, base, log }) {
    const projectFolder = await mkdtemp(join(tmpdir(), 'capstan-promotions-'))
    const platform = await createPlatform({ projectFolder })
    for (const seed of [1, 2]) {
      const settings = { epochs: 0, seed }
      const files = { data: join(data, 'train.csv'), test: join(data, 'test.csv') }
      await platform.train({ task: 'banking', ...files, base, settings, promote: true })
    }
    await platform.loadModels()
    const app = createApp(platform, { version: codeVersion, logger: createLogger({ level: 'silent' }) })
    const server = await startServer({ app, port: 0 })
    let [answered, failed, isDone] = [0, 0, false]
    const versions = new Set<number>()
    const client = async () => {
      while (!isDone) {
        const response = await fetch(`${server.url}/v1/tasks/banking/predictions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ input: 'my card has not arrived' }),
        })
        const { model } = (await response.json()) as { model: { version: number } }
        if (response.status === 200) versions.add(model.version)
        response.status === 200 ? answered++ : failed++
      }
    }
    const atWork = Promise.all(Array.from({ length: clients }, client))
    const times: number[] = []
    for (let i = 0; i < promotions; i++) {
      const started = performance.now()
      await platform.rollback('banking')
      times.push(performance.now() - started)
      if (i % 10 === 9) log(`${i + 1} rollbacks, ${answered} requests answered, ${failed} failed`)
    }
    isDone = true
    await atWork
    await server.close()
    await platform.close()
    await rm(projectFolder, { recursive: true })
    return {
      values: { promotions, answered, versions: [...versions].join(' '), rollbackMsMedian: median(times) },
      bars: [
        atMost(`requests that failed during ${promotions} promotions`, '', 0, failed),
        atMost('rollback under load, median', 's', 1, median(times) / 1000),
      ],
    }
  },
}
