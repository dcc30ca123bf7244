/** Runs whose process gets SIGKILL at a random step go on from their last checkpoint: do they end with the same weights? */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readExamples } from '../src/data/index.ts'
import { resolveBaseModel } from '../src/registry/index.ts'
import type { TrainRequest } from '../src/training/index.ts'
import { type Kill, killAndResume } from '../test/training/kill-and-resume.ts'
import { atLeast, type Benchmark } from './benchmark.ts'

const killCount = 20
const exampleCount = 64

export const benchmark: Benchmark = {
  name: 'resume',
  description: `SIGKILL at ${killCount} random steps of a small run, each resumed: the weights' SHA-256 against a run that nobody killed`,
  async run({ data, train, base, settings, log }) {
    const { folder } = await resolveBaseModel(base, { cacheFolder: '.capstan' })
    const { examples } = await readExamples({ path: join(data, train) })
    const stride = Math.floor(examples.length / exampleCount)
    const chosen = examples.filter((_, i) => i % stride === 0).slice(0, exampleCount)
    const work = await mkdtemp(join(tmpdir(), 'capstan-resume-'))
    const request = (name: string): TrainRequest => ({
      baseFolder: folder,
      outputFolder: join(work, name),
      train: chosen,
      validation: [],
      settings: { epochs: 3, tokensPerBatch: 128, ...settings },
      checkpoint: { folder: join(work, `${name}-checkpoint`), everySeconds: 0.5 },
    })
    const kills: Kill[] = []
    for await (const kill of killAndResume(request, { count: killCount, seed: 1 })) {
      kills.push(kill)
      log(JSON.stringify(kill))
      // Each model takes 90 MB.
      await rm(request(`killed-${kills.length - 1}`).outputFolder, { recursive: true })
    }
    await rm(work, { recursive: true })
    const same = kills.filter(({ isSame }) => isSame).length
    return {
      values: {
        steps: kills[0]?.stepCount ?? 0,
        killedAt: kills.map(({ step }) => step).join(' '),
        resumedAt: kills.map(({ resumedAt }) => resumedAt).join(' '),
        same: `${same} of ${killCount}`,
      },
      bars: [atLeast(`kills of ${killCount} after which the weights are bit-identical`, '', killCount, same)],
    }
  },
}
