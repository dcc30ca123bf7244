/** Training on 8-bit integers, through whole runs on an encoder wide enough for them. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Example, readExamples } from '../../src/data/index.ts'
import { type TrainEvent, type TrainingSettings, trainModel } from '../../src/training/index.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'

let folder: string
let baseFolder: string
let train: Example[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-precision-'))
  baseFolder = await writeTinyEncoder(join(folder, 'base'), { hidden: 64 })
  await writeFile(join(folder, 'train.csv'), tinyCsv({ rowsPerLabel: 30 }))
  train = (await readExamples({ path: join(folder, 'train.csv') })).examples
})

afterAll(() => rm(folder, { recursive: true }))

let runCount = 0

async function trained(settings: Partial<TrainingSettings>) {
  const outputFolder = join(folder, `run-${++runCount}`)
  const all = { epochs: 2, tokensPerBatch: 128, ...settings }
  const starts: Extract<TrainEvent, { type: 'train-start' }>[] = []
  const onEvent = (event: TrainEvent) => event.type === 'train-start' && starts.push(event)
  const request = { baseFolder, outputFolder, train, validation: train, settings: all }
  const result = await trainModel(request, { onEvent })
  return { result, start: starts[0], weights: await readFile(join(outputFolder, 'onnx/model.onnx')) }
}

describe('precision', () => {
  it.each(['int8', 'int8-all'] as const)('%s learns, with weights of its own', async (precision) => {
    const [integer, float] = [await trained({ precision, epochs: 6 }), await trained({ epochs: 6 })]
    expect(integer.result.validation.report.primary.value).toBeGreaterThan(0.9)
    expect(integer.weights.equals(float.weights)).toBe(integer.result.settings.precision === 'fp32')
  })

  it('auto takes one of the two, says why, and leaves no trace of having timed them', async () => {
    const { start, result, weights } = await trained({ precision: 'auto', ema: 0.9, accumulate: 2 })
    const precision = result.settings.precision
    expect(['fp32', 'int8']).toContain(precision)
    expect(start?.precision).toEqual({ precision, reason: expect.stringMatching(/saturates|step takes/) })
    const explicit = await trained({ precision, ema: 0.9, accumulate: 2 })
    expect(weights.equals(explicit.weights)).toBe(true)
  })

  it('goes with low-rank adapters', async () => {
    const { result } = await trained({ precision: 'int8', method: 'lora', learningRate: 3e-3, epochs: 6 })
    expect(result.validation.report.primary.value).toBeGreaterThan(0.6)
  })
})
