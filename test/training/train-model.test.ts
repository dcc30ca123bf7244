import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sha256 } from '../../src/base/index.ts'
import { type Example, readExamples } from '../../src/data/index.ts'
import { startTraining, type TrainEvent, type TrainRequest, trainModel } from '../../src/training/index.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'

let folder: string
let base: string
let train: Example[]
let validation: Example[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-training-'))
  base = await writeTinyEncoder(join(folder, 'base'))
  const read = async (name: string, seed: number) => {
    const path = join(folder, name)
    await writeFile(path, tinyCsv({ seed, rowsPerLabel: 30 }))
    return (await readExamples({ path })).examples
  }
  train = await read('train.csv', 1)
  validation = await read('validation.csv', 2)
})

afterAll(() => rm(folder, { recursive: true }))

const settings = { epochs: 3, tokensPerBatch: 128 }
const request = (name: string, more: Partial<TrainRequest> = {}): TrainRequest => ({
  baseFolder: base,
  outputFolder: join(folder, name),
  train,
  validation,
  settings,
  ...more,
})
const weightsOf = (name: string) => sha256(readFileSync(join(folder, name, 'onnx/model.onnx')))

describe('trainModel', () => {
  it('learns the labels, epoch by epoch, and keeps the best epoch’s model as a folder in transformers.js layout', async () => {
    const events: TrainEvent[] = []
    const result = await trainModel(request('learnt', { settings: { ...settings, epochs: 8 } }), {
      onEvent: (event) => events.push(event),
    })
    const losses = events.flatMap((event) => (event.type === 'step-end' ? [event.loss] : []))
    const epochs = events.flatMap((event) => (event.type === 'epoch-end' ? [event] : []))
    expect(losses.at(-1)).toBeLessThan(losses[0] as number)
    expect(epochs.length).toBeGreaterThan(3)
    expect(result.validation.loss).toBe(Math.min(...epochs.map((epoch) => epoch.validation.loss)))
    expect(result.validation.report.primary.value).toBeGreaterThan(0.85)
    expect(result.validation.loss).toBeLessThan(epochs[0]?.validation.loss as number)
    const files = await readdir(join(folder, 'learnt'), { recursive: true })
    expect(files.sort()).toEqual(['config.json', 'onnx', 'onnx/model.onnx', 'tokenizer.json', 'tokenizer_config.json'])
  })

  it('gives the same weights, bit for bit, for the same seed, and others for another', async () => {
    await trainModel(request('one'))
    await trainModel(request('two'))
    await trainModel(request('three', { settings: { ...settings, seed: 2 } }))
    expect(weightsOf('one')).toBe(weightsOf('two'))
    expect(weightsOf('one')).not.toBe(weightsOf('three'))
  })

  it('trains a base not made for sentences with a linear head', async () => {
    const plain = await writeTinyEncoder(join(folder, 'plain'), { sentence: false })
    const result = await trainModel(
      request('linear', {
        baseFolder: plain,
        settings: { ...settings, epochs: 10, learningRate: 3e-3, headLearningRate: 3e-2 },
      }),
    )
    expect(result.settings).toMatchObject({ head: 'linear', pooling: 'mean' })
    expect(result.validation.report.primary.value).toBeGreaterThan(0.9)
  })

  it('trains with label smoothing, balanced classes, cls pooling and without dropout', async () => {
    const result = await trainModel(
      request('options', {
        settings: { ...settings, labelSmoothing: 0.1, classWeights: 'balanced', pooling: 'cls', dropout: 0 },
      }),
    )
    expect(result.validation.report.primary.value).toBeGreaterThan(0.6)
  })

  it('stops at a loss that is no number, naming step, learning rate and lines, and keeps the last good model', async () => {
    const broken = trainModel(
      request('broken', { settings: { ...settings, epochs: 5, learningRate: 1e38, headLearningRate: 1e38 } }),
    )
    await expect(broken).rejects.toThrow(
      expect.objectContaining({
        code: 'training.non-finite',
        message: expect.stringMatching(/^Step \d+ \(epoch \d+, learning rate .+\): loss .+ The batch was lines \d+/),
      }),
    )
    expect(await readdir(join(folder, 'broken'))).toContain('config.json')
  })

  it('refuses a folder that holds no encoder', async () => {
    await expect(trainModel(request('no-encoder', { baseFolder: join(folder, 'one') }))).rejects.toThrow(
      expect.objectContaining({ code: 'training.not-an-encoder' }),
    )
  })

  it('refuses a validation label that no training example has', async () => {
    const strange = [{ line: 7, text: 'my card', answer: { kind: 'class' as const, label: 'strange' } }]
    await expect(trainModel(request('strange', { validation: strange }))).rejects.toThrow(
      expect.objectContaining({ code: 'training.unknown-label', message: expect.stringContaining('Line 7') }),
    )
  })
})

describe('startTraining', () => {
  it('trains in a worker thread to the same weights', async () => {
    const events: string[] = []
    const result = await startTraining(request('worker'), (event) => events.push(event.type)).result
    await trainModel(request('main'))
    expect(result.endedBy).toBe('epochs')
    expect(weightsOf('worker')).toBe(weightsOf('main'))
    expect(new Set(events)).toEqual(new Set(['train-start', 'step-end', 'estimate-ready', 'epoch-end']))
  })

  it('ends at once when told to stop, with the best model kept', async () => {
    const job = startTraining(
      request('stopped', { settings: { ...settings, epochs: 500, patience: 500 } }),
      (event) => {
        if (event.type === 'step-end' && event.step === 5) job.stop()
      },
    )
    const result = await job.result
    expect(result.endedBy).toBe('stop')
    expect(result.stepCount).toBeLessThan(200)
    expect(await readdir(join(folder, 'stopped'))).toContain('config.json')
  })

  it('passes an error on with its class and code', async () => {
    const job = startTraining(request('nowhere', { baseFolder: join(folder, 'nowhere-base') }))
    await expect(job.result).rejects.toThrow(expect.objectContaining({ name: 'NotFoundError' }))
  })
})
