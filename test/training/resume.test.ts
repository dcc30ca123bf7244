/** A run that is killed at any step goes on from its last checkpoint and ends with the same weights. */
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sha256 } from '../../src/base/index.ts'
import { type Example, readExamples } from '../../src/data/index.ts'
import { type TrainEvent, type TrainRequest, trainModel } from '../../src/training/index.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'
import { trainAndKill } from './train-and-kill.ts'

let folder: string
let baseFolder: string
let examples: Example[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-resume-'))
  baseFolder = await writeTinyEncoder(join(folder, 'base'))
  const path = join(folder, 'train.csv')
  await writeFile(path, tinyCsv({ rowsPerLabel: 30 }))
  examples = (await readExamples({ path })).examples
})

afterAll(() => rm(folder, { recursive: true }))

const stepCount = 24

/** Checkpoints after every step, so that a kill falls before, within and after the writing of one. */
const request = (name: string, more: Partial<TrainRequest> = {}): TrainRequest => ({
  baseFolder,
  outputFolder: join(folder, name),
  train: examples.filter((_, i) => i % 3 > 0),
  validation: examples.filter((_, i) => i % 3 === 0),
  settings: { epochs: 3, tokensPerBatch: 96, ema: 0.9 },
  checkpoint: { folder: join(folder, `${name}-checkpoint`), everySeconds: 0 },
  ...more,
})
const weightsOf = (name: string) => sha256(readFileSync(join(folder, name, 'onnx/model.onnx')))

describe('a run that was killed', () => {
  it('ends with the same weights, bit for bit, as one that was not, wherever it was killed', async () => {
    await trainModel(request('whole'))
    // After the first checkpoint, within an epoch, and before the end; `npm run test:slow` kills at twenty random steps.
    for (const [i, killAt] of [2, 11, stepCount - 2].entries()) {
      const asked = request(`killed-${i}`)
      await trainAndKill(asked, killAt)
      const events: TrainEvent[] = []
      await trainModel(asked, { onEvent: (event) => events.push(event) })
      const start = events.find((event) => event.type === 'train-start')
      expect(start?.resumedAt).toBeGreaterThan(0)
      expect(events.filter(({ type }) => type === 'step-end').length).toBeLessThan(stepCount)
      expect(weightsOf(`killed-${i}`), `killed at step ${killAt}`).toBe(weightsOf('whole'))
    }
  })

  it('leaves no checkpoint behind once it has ended', async () => {
    await trainModel(request('ended'))
    await expect(readFile(join(folder, 'ended-checkpoint/checkpoint.safetensors'))).rejects.toThrow('ENOENT')
  })
})

describe('a checkpoint', () => {
  const interrupted = async (name: string) => {
    let steps = 0
    const asked = request(name)
    const failing = trainModel(asked, {
      onEvent: (event) => {
        if (event.type === 'step-end' && ++steps === 5) throw new Error('the lights went out')
      },
    })
    await expect(failing).rejects.toThrow('the lights went out')
    return { asked, path: join(folder, `${name}-checkpoint/checkpoint.safetensors`) }
  }

  it('is refused by a run with other settings or data, and stays', async () => {
    const { asked, path } = await interrupted('other')
    for (const change of [{ settings: { ...asked.settings, seed: 2 } }, { train: asked.train.slice(1) }]) {
      await expect(trainModel({ ...asked, ...change })).rejects.toThrow(
        expect.objectContaining({ code: 'training.other-run' }),
      )
    }
    expect((await readFile(path)).byteLength).toBeGreaterThan(1000)
  })

  it('that was cut is refused with its name', async () => {
    const { asked, path } = await interrupted('cut')
    const { byteLength } = await readFile(path)
    for (const size of [byteLength - 1, 40, 3]) {
      await truncate(path, size)
      await expect(trainModel(asked)).rejects.toThrow(
        expect.objectContaining({ code: 'storage.damaged-tensors', message: expect.stringContaining(path) }),
      )
    }
  })
})
