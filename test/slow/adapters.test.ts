/** Separate adapters: trained, stored with their base's checksum, served on a shared base, exchanged and merged. */
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env, pipeline } from '@huggingface/transformers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TaskKind } from '../../src/contracts/index.ts'
import { adapterForm, loadAdapter, readAdapterConfig } from '../../src/encoders/index.ts'
import { createPlatform, finetune, type Platform, type TrainingSettings } from '../../src/index.ts'
import { ModelPool, openPredictor, type ServedModel } from '../../src/serving/index.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'

let folder: string
let base: string
let data: string
let platform: Platform
const texts = ['my card has not arrived', 'top up failed', 'it was stolen please help i lost the card']

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-adapters-'))
  data = join(folder, 'tickets.csv')
  await writeFile(data, tinyCsv({ rowsPerLabel: 30 }))
  base = await writeTinyEncoder(join(folder, 'base'))
  platform = await createPlatform({ projectFolder: folder })
})

afterAll(async () => {
  await platform.close()
  await rm(folder, { recursive: true })
})

let count = 0
async function trained(settings: Partial<TrainingSettings>, { kind = 'classify' as TaskKind, file = data } = {}) {
  const output = join(folder, `model-${++count}`)
  const all = { epochs: 2, learningRate: 1e-2, method: 'lora' as const, loraRank: 4, ...settings }
  const { model } = await finetune({ kind, data: file, base, output, settings: all })
  const predictions = await model.predict(texts)
  await model.close()
  return { output, predictions }
}

const rows = (answer: (i: number) => object) =>
  texts.flatMap((text, i) => Array.from({ length: 12 }, () => `${JSON.stringify({ text, ...answer(i) })}\n`)).join('')

/** All numbers of an answer, in their order. */
const numbersOf = (value: unknown): number[] => {
  if (typeof value === 'number') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersOf) : []
}

describe('a separate adapter', () => {
  it.each([
    ['classify', (i) => ({ label: ['card', 'money', 'lost'][i] })],
    ['multilabel', (i) => ({ labels: i === 0 ? ['card'] : ['card', 'help'] })],
    ['regress', (i) => ({ value: 1000 * (i + 3) })],
    ['ordinal', (i) => ({ value: i + 1 })],
    ['tag', () => ({ spans: [{ start: 0, end: 3, label: 'start' }] })],
    ['embed', (i) => ({ label: ['card', 'money', 'lost'][i] })],
  ] satisfies [TaskKind, (i: number) => object][])('answers as the merged model does: %s', async (kind, answer) => {
    const file = join(folder, `${kind}.jsonl`)
    await writeFile(file, rows(answer))
    const merged = await trained({ ema: 0.9, epochs: 1 }, { kind, file })
    const separate = await trained({ ema: 0.9, epochs: 1, adapter: 'separate' }, { kind, file })
    expect(numbersOf(separate.predictions)).toBeClose(numbersOf(merged.predictions), { absolute: 1e-5, relative: 1e-5 })
    expect(existsSync(join(separate.output, 'onnx'))).toBe(false)
  })

  it('is a few files in PEFT’s layout, without the base’s weights', async () => {
    const { output } = await trained({ adapter: 'separate', loraTargets: ['query'] })
    expect(await readdir(output)).toEqual([
      'adapter_config.json',
      'adapter_model.safetensors',
      'config.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
    expect((await stat(join(output, 'adapter_model.safetensors'))).size).toBeLessThan(2000)
    expect(JSON.parse(await readFile(join(output, 'adapter_config.json'), 'utf8'))).toMatchObject({
      peft_type: 'LORA',
      task_type: 'SEQ_CLS',
      r: 4,
      lora_alpha: 32,
      target_modules: ['query'],
      modules_to_save: ['classifier'],
      capstan: {
        base: { name: 'base', source: 'folder', spec: base, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    })
    const { adapters, head } = await loadAdapter(output)
    expect(adapters.map(({ weight, a, b }) => [weight, a.dims, b.dims])).toEqual([['query.weight', [16, 4], [4, 16]]])
    expect([...head].map(([name, { dims }]) => [name, dims])).toEqual([
      ['classifier.weight', [3, 16]],
      ['classifier.bias', [3]],
    ])
  })

  it('is refused where a file is missing or none of Capstan’s', async () => {
    const { output } = await trained({ adapter: 'separate', epochs: 0 })
    await rm(join(output, 'adapter_model.safetensors'))
    await expect(loadAdapter(output)).rejects.toMatchObject({ code: 'encoders.invalid-adapter' })
    await writeFile(join(output, 'adapter_config.json'), '{"peft_type":"LORA"}')
    await expect(loadAdapter(output)).rejects.toMatchObject({ code: 'encoders.invalid-adapter' })
  })

  it('can be a head alone', async () => {
    const { output, predictions } = await trained({ method: 'head', adapter: 'separate' })
    const merged = await trained({ method: 'head' })
    expect((await loadAdapter(output)).adapters).toEqual([])
    expect(numbersOf(predictions)).toBeClose(numbersOf(merged.predictions), { absolute: 1e-5 })
  })

  it('is refused where the base itself learns', async () => {
    await expect(trained({ method: 'full', adapter: 'separate' })).rejects.toMatchObject({
      code: 'training.no-adapter',
    })
  })

  it('is refused on a base that lacks its weights, or without one', async () => {
    const { output } = await trained({ adapter: 'separate' })
    const other = await writeTinyEncoder(join(folder, 'deeper'), { layers: 2 })
    await expect(openPredictor(output, { baseFolder: other })).rejects.toMatchObject({ code: 'encoders.other-base' })
    await expect(openPredictor(output)).rejects.toMatchObject({ code: 'serving.no-base' })
  })
})

describe('adapters in a model pool', () => {
  const serve = async (task: string, version: number, settings: Partial<TrainingSettings>): Promise<ServedModel> => {
    const { output } = await trained({ adapter: 'separate', ...settings })
    return { task, model: { id: `model_${version}`, version }, folder: output, baseFolder: base }
  }

  it('are exchanged under load without losing a request, and the base is not opened again', async () => {
    const baseFolder = join(folder, 'base-for-a-while')
    await cp(base, baseFolder, { recursive: true })
    const first = { ...(await serve('support', 1, {})), baseFolder }
    const second = { ...(await serve('support', 2, { loraRank: 2, seed: 7 })), baseFolder }
    const other = { ...(await serve('other', 3, { seed: 9 })), baseFolder }
    const pool = new ModelPool({ findModel: async () => first })
    await pool.load(first)
    await rm(baseFolder, { recursive: true })
    let isSwapped = false
    const answers = new Map<number, string>()
    const client = async () => {
      for (let isLast = false; !isLast; ) {
        isLast = isSwapped
        const { model, predictions } = await pool.predict('support', [texts[0] as string])
        const seen = answers.get(model.version) ?? JSON.stringify(predictions)
        // Batches are of one adapter, whatever else is asked meanwhile.
        expect(JSON.stringify(predictions)).toBe(seen)
        answers.set(model.version, seen)
      }
    }
    const clients = Promise.all(Array.from({ length: 8 }, client))
    await pool.load(other)
    await pool.load(second)
    await Promise.all(Array.from({ length: 8 }, () => pool.predict('other', texts)))
    isSwapped = true
    await clients
    expect([...answers.keys()]).toEqual([1, 2])
    expect(new Set(answers.values()).size).toBe(2)
    await pool.close()
  })

  it('share a base where they adapt the same weights under the same kind of head, whatever rank and labels', async () => {
    const formOf = async (settings: Partial<TrainingSettings>) =>
      adapterForm(await readAdapterConfig((await serve('any', 1, { epochs: 0, ...settings })).folder))
    const form = await formOf({})
    expect(await formOf({ loraRank: 2, loraAlpha: 1, seed: 3 })).toBe(form)
    expect(await formOf({ loraTargets: ['query'] })).not.toBe(form)
    expect(await formOf({ head: 'linear' })).not.toBe(form)
  })
})

describe('a version that is an adapter', () => {
  it('is evaluated, answers, and is promoted to another, as any version', async () => {
    const train = (seed: number) =>
      platform.train({
        task: 'support',
        data,
        base,
        settings: { method: 'lora', adapter: 'separate', epochs: 1, seed },
      })
    const { model, report } = await train(1)
    expect(model.lineage.base).toEqual({ name: 'base', sha256: report.base.sha256 })
    expect((await platform.evaluate({ task: 'support', data })).report.count).toBe(90)
    const first = await platform.predict('support', texts)
    await train(2)
    await platform.promote('support', 2)
    const second = await platform.predict('support', texts)
    expect([first, second].map(({ model: { version } }) => version)).toEqual([1, 2])
    expect(second.predictions).not.toEqual(first.predictions)
  })

  it('is exported as a whole folder, which answers the same and opens in transformers.js', async () => {
    const output = join(folder, 'exported')
    expect(await platform.export({ task: 'support', output })).toMatchObject({ version: 2 })
    await expect(platform.export({ task: 'support', output })).rejects.toMatchObject({ code: 'platform.output-exists' })
    const { predictions } = await platform.predict('support', texts)
    const predictor = await openPredictor(output)
    expect(numbersOf(await predictor.predict(texts))).toBeClose(numbersOf(predictions), { absolute: 1e-5 })
    await predictor.close()
    env.allowRemoteModels = false
    env.localModelPath = folder
    const classify = await pipeline('text-classification', 'exported', { dtype: 'fp32' })
    const theirs = (await classify(texts)) as { label: string }[]
    await classify.dispose()
    expect(theirs.map(({ label }) => label)).toEqual(predictions.map((answer) => 'label' in answer && answer.label))
  })

  it('is not opened once its base has changed', async () => {
    await writeTinyEncoder(base, { hidden: 8 })
    await expect(platform.evaluate({ task: 'support', data })).rejects.toMatchObject({ code: 'registry.base-changed' })
  })
})
