import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom, sha256 } from '../../src/base/index.ts'
import { type Example, readExamples } from '../../src/data/index.ts'
import { type TrainRequest, trainModel } from '../../src/training/index.ts'
import { trainAndKill } from '../training/train-and-kill.ts'

const root = join(import.meta.dirname, '../..')
const killCount = 20
let folder: string
let examples: Example[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-kills-'))
  const { examples: all } = await readExamples({ path: join(root, 'examples/banking77/train.csv') })
  examples = all.filter((_, i) => i % 80 === 0)
})

afterAll(() => rm(folder, { recursive: true }))

const request = (name: string): TrainRequest => ({
  baseFolder: join(root, 'models/all-MiniLM-L6-v2'),
  outputFolder: join(folder, name),
  train: examples,
  validation: [],
  settings: { epochs: 2 },
  // Some kills fall into the writing of a checkpoint, some between two.
  checkpoint: { folder: join(folder, `${name}-checkpoint`), everySeconds: 1 },
})

describe('the bundled base on real questions', () => {
  it(`comes to the same weights after SIGKILL at each of ${killCount} random steps`, async () => {
    let stepCount = 0
    await trainModel(request('whole'), { onEvent: (event) => event.type === 'step-end' && stepCount++ })
    const weightsOf = (name: string) => sha256(readFileSync(join(folder, name, 'onnx/model.onnx')))
    const whole = weightsOf('whole')
    const random = createRandom(1, 'kills')
    for (let kill = 0; kill < killCount; kill++) {
      const killAt = 1 + random.integer(stepCount - 1)
      await trainAndKill(request('killed'), killAt)
      await trainModel(request('killed'))
      expect(weightsOf('killed'), `kill ${kill + 1}, at step ${killAt} of ${stepCount}`).toBe(whole)
    }
  })
})
