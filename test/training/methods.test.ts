/** Methods, optimizers, schedules and accumulation, through whole runs on a tiny encoder. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Example, readExamples } from '../../src/data/index.ts'
import { readModel } from '../../src/onnx/index.ts'
import {
  openRunSteps,
  openTrainingRun,
  type TrainingSettings,
  type TrainRequest,
  trainModel,
} from '../../src/training/index.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'

let folder: string
let baseFolder: string
let train: Example[]
let validation: Example[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-methods-'))
  baseFolder = await writeTinyEncoder(join(folder, 'base'))
  const read = async (name: string, seed: number) => {
    const path = join(folder, name)
    await writeFile(path, tinyCsv({ seed, rowsPerLabel: 30 }))
    return (await readExamples({ path })).examples
  }
  train = await read('train.csv', 1)
  validation = await read('validation.csv', 2)
})

afterAll(() => rm(folder, { recursive: true }))

let runCount = 0
function request(settings: Partial<TrainingSettings>): TrainRequest {
  const outputFolder = join(folder, `run-${++runCount}`)
  return { baseFolder, outputFolder, train, validation, settings: { epochs: 3, tokensPerBatch: 128, ...settings } }
}

/** Trains, and tells which weights of the base came out changed. */
async function changedBy(settings: Partial<TrainingSettings>) {
  const asked = request(settings)
  const result = await trainModel(asked)
  const before = (await readModel(join(baseFolder, 'onnx/model.onnx'))).graph.initializers
  const after = (await readModel(join(asked.outputFolder, 'onnx/model.onnx'))).graph.initializers
  const isSame = (a: ArrayLike<unknown>, b: ArrayLike<unknown>) => Array.from(a).every((x, i) => x === b[i])
  const changed = [...before].filter(([name, { data }]) => !isSame(data, after.get(name)?.data ?? []))
  return { result, changed: changed.map(([name]) => name), size: after.size - before.size }
}

describe('methods', () => {
  it('full changes every weight, embeddings included', async () => {
    const { changed } = await changedBy({})
    expect(changed).toMatchInlineSnapshot(`
      [
        "words",
        "position_table",
        "type_table",
        "query.weight",
        "query.bias",
        "dense.weight",
        "dense.bias",
        "norm0.weight",
        "norm0.bias",
        "norm1.weight",
        "norm1.bias",
      ]
    `)
  })

  it('head leaves the base model as it is', async () => {
    const { changed, result } = await changedBy({ method: 'head', epochs: 6 })
    expect(changed).toEqual([])
    expect(result.validation.report.primary.value).toBeGreaterThan(0.6)
  })

  it('bias changes biases alone', async () => {
    const { changed } = await changedBy({ method: 'bias' })
    expect(changed).toMatchInlineSnapshot(`
      [
        "query.bias",
        "dense.bias",
        "norm0.bias",
        "norm1.bias",
      ]
    `)
  })

  it('lora changes the matrices of linear layers alone, and saves a model without adapters', async () => {
    const { changed, size, result } = await changedBy({ method: 'lora', learningRate: 3e-3, epochs: 6 })
    const full = await changedBy({ epochs: 6 })
    expect(changed).toMatchInlineSnapshot(`
      [
        "query.weight",
        "dense.weight",
      ]
    `)
    expect(size).toBe(full.size)
    expect(result.validation.report.primary.value).toBeGreaterThan(0.6)
  })

  it('freezing by pattern leaves those weights as they are', async () => {
    const { changed } = await changedBy({ freeze: ['*table', 'norm'] })
    expect(changed).toEqual(['words', 'query.weight', 'query.bias', 'dense.weight', 'dense.bias'])
  })

  it('refuses patterns that match no weight, naming the weights there are', async () => {
    await expect(trainModel(request({ freeze: ['encoder.layer.77.*'] }))).rejects.toThrow(
      expect.objectContaining({
        code: 'training.idle-pattern',
        message: expect.stringContaining('encoder.layer.77.*'),
      }),
    )
    await expect(trainModel(request({ method: 'lora', loraTargets: ['nothing'] }))).rejects.toThrow(
      expect.objectContaining({ code: 'training.idle-pattern' }),
    )
  })
})

describe('low-rank adapters', () => {
  it('learn the same with their sum in the matrix as with a branch of their own', async () => {
    const losses = async (loraDropout: number) => {
      const seen: number[] = []
      await trainModel(request({ method: 'lora', loraRank: 4, loraDropout, dropout: 0, learningRate: 3e-3 }), {
        onEvent: (event) => event.type === 'step-end' && seen.push(event.loss),
      })
      return seen
    }
    // So small a rate of dropout drops nothing in this run, but makes the branch.
    expect(await losses(1e-9)).toBeClose(await losses(0), { relative: 1e-3 })
  })

  it('drop what enters them where asked', async () => {
    const { result } = await changedBy({ method: 'lora', loraRank: 4, loraDropout: 0.5, learningRate: 3e-3 })
    expect(Number.isFinite(result.validation.loss)).toBe(true)
  })
})

describe('updates from several batches', () => {
  /** The weights after two updates, of sixteen texts each, in batches of `rows`. */
  const weightsAfter = async (rows: number) => {
    const accumulate = 16 / rows
    const run = await openTrainingRun(request({ dropout: 0, accumulate }))
    const shape = { rows, length: 12 }
    const steps = await openRunSteps(run, [shape])
    for (const step of [1, 2]) {
      const batches = Array.from({ length: accumulate }, (_, batch) => {
        const indices = Array.from({ length: rows }, (_, row) => (16 * (step - 1) + rows * batch + row) * 2)
        return {
          shape,
          texts: indices.flatMap((i) => run.train.texts[i] ?? []),
          targets: run.train.targets(indices, shape),
          exampleCount: rows,
        }
      })
      await steps.update(batches, { factor: 1, step })
    }
    await steps.release()
    await run.inference.release()
    return run.parameters.flatMap(({ value }) => Array.from(value.data as Float32Array))
  }

  it('change the weights as one batch of all their texts does', async () => {
    const whole = await weightsAfter(16)
    expect(await weightsAfter(8)).toBeClose(whole, { absolute: 2e-5 })
    expect(await weightsAfter(4)).toBeClose(whole, { absolute: 2e-5 })
  })
})

describe('optimizers and schedules', () => {
  it.each([
    { optimizer: 'sgd', learningRate: 0.03, headLearningRate: 0.3 },
    { optimizer: 'lion', learningRate: 3e-4, headLearningRate: 3e-3 },
    { optimizer: 'adafactor', learningRate: 1e-3, headLearningRate: 1e-2 },
    { optimizer: 'adamw', schedule: 'cosine', ema: 0.9 },
    { optimizer: 'adamw', schedule: 'one-cycle', layerDecay: 0.8, accumulate: 2 },
  ] as const)('learn: %o', async (settings) => {
    const asked = request({ epochs: 8, ...settings })
    const result = await trainModel(asked)
    expect(result.validation.report.primary.value).toBeGreaterThan(0.75)
  })
})

describe('layer-wise decay', () => {
  it('gives each layer its share of the learning rate of the layer above it, the embeddings the least', async () => {
    const model = join(import.meta.dirname, '../../models/all-MiniLM-L6-v2')
    const run = await openTrainingRun({ ...request({ layerDecay: 0.5, learningRate: 1e-3 }), baseFolder: model })
    await run.inference.release()
    const rateOf = (part: string) => {
      const rates = run.parameters.filter(({ name }) => name.includes(part)).map(({ update }) => update?.rate)
      expect(new Set(rates).size).toBe(1)
      return rates[0]
    }
    expect(rateOf('layer.5')).toBe(1e-3)
    expect(rateOf('layer.4')).toBe(1e-3 / 2)
    expect(rateOf('layer.0')).toBe(1e-3 / 2 ** 5)
    expect(rateOf('embeddings')).toBe(1e-3 / 2 ** 6)
    // Matrices lost their names to the exporter, and have their layer from the node that reads them.
    const matrices = run.parameters.filter(({ name }) => name.startsWith('onnx::MatMul'))
    expect(new Set(matrices.map(({ update }) => update?.rate)).size).toBe(6)
  })
})
