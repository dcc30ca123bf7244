/** Activations computed again in the backward pass: the same weights, from a graph that keeps less. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gradient } from '../../src/autodiff/index.ts'
import { present } from '../../src/base/index.ts'
import { type Example, readExamples } from '../../src/data/index.ts'
import { encodeModel, GraphBuilder, graftGraph, readModel, sizeOf, type Tensor } from '../../src/onnx/index.ts'
import { openSession } from '../../src/runtime/index.ts'
import { openRunSteps, openTrainingRun, type TrainingSettings } from '../../src/training/index.ts'
import { layerOf, parameterPaths } from '../../src/training/parameter-paths.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'

let folder: string
let examples: Example[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-recompute-'))
  await writeFile(join(folder, 'train.csv'), tinyCsv({ rowsPerLabel: 16 }))
  examples = (await readExamples({ path: join(folder, 'train.csv') })).examples
})

afterAll(() => rm(folder, { recursive: true }))

/** The weights after three updates on an encoder of so many layers, and the operators of the step. */
async function trained(settings: Partial<TrainingSettings>, layers = 3) {
  const baseFolder = await writeTinyEncoder(join(folder, `base-${layers}`), { layers })
  const run = await openTrainingRun({ baseFolder, outputFolder: '', train: examples, validation: [], settings })
  const shape = { rows: 8, length: 12 }
  const steps = await openRunSteps(run, [shape])
  for (const step of [1, 2, 3]) {
    const indices = Array.from({ length: 8 }, (_, row) => 8 * step + row)
    const texts = indices.flatMap((i) => run.train.texts[i] ?? [])
    await steps.update([{ shape, texts, targets: run.train.targets(indices, shape), exampleCount: 8 }], {
      factor: 1,
      step,
    })
  }
  const operators = steps.graph(shape).nodes.map(({ opType }) => opType)
  await steps.release()
  await run.inference.release()
  return { operators, weights: run.parameters.flatMap(({ value }) => Array.from(value.data as Float32Array)) }
}

describe('recomputation by layers', () => {
  it.each<Partial<TrainingSettings>>([
    { dropout: 0.1 },
    { method: 'lora' },
    { method: 'lora', loraDropout: 0.1 },
    { freeze: ['words', '*table', 'layer.0'] },
    { accumulate: 2, method: 'bias' },
  ])('trains the weights that training without it does, dropout included: %o', async (settings) => {
    const kept = await trained(settings)
    const recomputed = await trained({ ...settings, recompute: 'layers' })
    expect(recomputed.weights).toBeClose(kept.weights, { absolute: 1e-6 })
  })

  it('computes every layer but the last again', async () => {
    const count = (operators: string[]) => operators.filter((operator) => operator === 'Softmax').length
    expect(count((await trained({})).operators)).toBe(3)
    expect(count((await trained({ recompute: 'layers' })).operators)).toBe(5)
  })

  it('refuses a base without a stack of layers, where it would save nothing', async () => {
    await expect(trained({ recompute: 'layers' }, 1)).rejects.toMatchObject({ code: 'training.no-layers' })
  })
})

describe('the layers of exports', () => {
  it.each([
    'bert-opset-11',
    'bert-opset-17',
    'bert-sdpa-opset-14',
    'bert-dynamo-opset-20',
    'distilbert-opset-14',
    'roberta-opset-14',
  ])('%s: two are found by the paths of the weights, and the gradients are the same', async (name) => {
    const model = await readModel(join(import.meta.dirname, `../fixtures/exports/${name}.onnx`))
    const paths = parameterPaths(model)
    const weights = [...model.graph.initializers].filter(
      ([, { dtype, dims }]) => dtype === 'float32' && dims.length > 0,
    )
    const places = new Map(weights.map(([weight]) => [weight, layerOf(paths.get(weight) ?? weight)]))
    expect(new Set(places.values())).toEqual(new Set([0, 1, 2]))
    const [kept, recomputed] = await Promise.all([undefined, places].map((layers) => gradients(layers)))
    expect(recomputed?.softmaxes).toBe((kept?.softmaxes ?? 0) + 1)
    expect(recomputed?.values).toBeClose(kept?.values ?? [], { absolute: 1e-5, relative: 1e-5 })

    async function gradients(layers: ReadonlyMap<string, number> | undefined) {
      const g = new GraphBuilder()
      const values = weights.map(([weight, { dims }]) => [weight, g.input(weight, 'float32', dims)] as const)
      const dims = [2, 5]
      const inputs = model.graph.inputs.map((input) => [input.name, g.input(input.name, 'int64', dims)] as const)
      const bindings = new Map([...values, ...inputs])
      const [hidden] = graftGraph(g, model, { bindings, outputs: ['last_hidden_state'] })
      const loss = g.reduceSum(g.op('Sin', [present(hidden, 'hidden')]), undefined, false)
      const targets = values.map(([, value]) => value)
      gradient(g, loss, targets, { layers }).forEach((dw, i) => {
        g.output(`d${i}`, dw)
      })
      const built = g.build()
      const session = await openSession(encodeModel(built))
      const tokens = (value: (i: number) => number): Tensor => {
        return { dtype: 'int64', dims, data: BigInt64Array.from({ length: sizeOf(dims) }, (_, i) => BigInt(value(i))) }
      }
      const feeds = { input_ids: tokens((i) => (7 * i) % 40), attention_mask: tokens((i) => Number(i % 5 < 4)) }
      const others = Object.fromEntries(inputs.map(([input]) => [input, tokens(() => 0)]))
      const fed = Object.fromEntries(
        Object.entries({ ...others, ...feeds, ...Object.fromEntries(weights) }).filter(([key]) =>
          session.inputNames.includes(key),
        ),
      )
      const results = await session.run(fed)
      await session.release()
      return {
        softmaxes: built.graph.nodes.filter(({ opType }) => opType === 'Softmax').length,
        values: Object.values(results).flatMap(({ data }) => Array.from(data as Float32Array)),
      }
    }
  })
})
