import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPlatform, type FinetuneEvent, type Platform } from '../../src/index.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'

let folder: string
let base: string
let data: string
let platform: Platform

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-platform-'))
  data = join(folder, 'tickets.csv')
  await writeFile(data, tinyCsv({ rowsPerLabel: 40 }))
  base = await writeTinyEncoder(join(folder, 'base'))
  await writeFile(
    join(folder, 'capstan.yaml'),
    'rates:\n  cpuHour: { amount: "3600", currency: EUR, date: 2026-11-01, source: "this test" }\n',
  )
  platform = await createPlatform({ projectFolder: folder })
})

afterAll(async () => {
  await platform.close()
  await rm(folder, { recursive: true })
})

describe('the platform', () => {
  it('trains, registers with lineage, and books the measured CPU-seconds at the dated rate', async () => {
    const events: FinetuneEvent[] = []
    const result = await platform.train({
      task: 'support',
      data,
      base,
      settings: { epochs: 2, seed: 5 },
      onEvent: (event) => events.push(event),
    })
    expect(result.run).toMatchObject({ status: 'succeeded', seed: 5, kind: 'train', task: 'support' })
    expect(result.model).toMatchObject({
      version: 1,
      stage: 'live',
      lineage: { run: result.run.id, seed: 5, base: { name: 'base' } },
    })
    expect(result.model.lineage.datasetFingerprint).toBe(result.report.data.fingerprint)
    // At 3,600 EUR an hour, a CPU-second costs one EUR.
    const cpuMicro = BigInt(Math.round((result.run.usage?.cpuSeconds ?? 0) * 1e6))
    expect(result.cost).toEqual({ amountMicro: cpuMicro, currency: 'EUR' })
    const { estimate, choices } = result.run
    expect(estimate?.steps).toBe(result.report.training.stepCount)
    expect(estimate?.cost).toEqual({
      amountMicro: BigInt(Math.round((estimate?.cpuSeconds ?? 0) * 1e6)),
      currency: 'EUR',
    })
    expect(choices).toContainEqual({
      setting: 'validationExamples',
      value: 0,
      reason: 'a tenth, 12, could not tell one epoch from the next, and is worth more to train on',
      by: 'capstan',
    })
    expect(choices).toContainEqual(expect.objectContaining({ setting: 'epochs', value: 2, by: 'user' }))
    for (const { amountMicro } of await sums(platform)) expect(amountMicro).toBe(0n)
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['data-ready', 'base-ready', 'step-end', 'evaluation-start']),
    )
  })

  it('estimates a run without one: no record, no entry, nothing left behind, and the same weights afterwards', async () => {
    const [runs, entries] = [await platform.listRuns(), await platform.ledger.listEntries({})]
    const request = { task: 'support', data, base, settings: { epochs: 2, seed: 5 } }
    const { estimate, settings } = await platform.estimate(request)
    expect(settings).toMatchObject({ epochs: 2, head: 'cosine' })
    expect(estimate.cost).toEqual({ amountMicro: BigInt(Math.round(estimate.cpuSeconds * 1e6)), currency: 'EUR' })
    expect(await platform.listRuns()).toEqual(runs)
    expect(await platform.ledger.listEntries({})).toEqual(entries)
    expect(await readdir(join(folder, '.capstan/training'))).toEqual([])
    const trained = await platform.train({ ...request, task: 'estimated' })
    expect(trained.run.estimate).toMatchObject({ steps: estimate.steps, tokens: estimate.tokens })
    const [before] = await platform.listModels({ task: 'support' })
    const weights = (model = before) => model?.files.find(({ path }) => path === 'onnx/model.onnx')?.sha256
    expect(weights(trained.model)).toBe(weights())
  })

  it('predicts with the live version, and a later version is a candidate until promoted', async () => {
    const second = await platform.train({ task: 'support', data, base, settings: { epochs: 1 } })
    expect(second.model).toMatchObject({ version: 2, stage: 'candidate' })
    const { model, predictions } = await platform.predict('support', ['my card was stolen', 'top up failed'])
    expect(model.version).toBe(1)
    expect(predictions).toHaveLength(2)
    await platform.promote('support', 2)
    expect((await platform.listModels({ task: 'support' })).map(({ stage }) => stage)).toEqual(['retired', 'live'])
  })

  it('answers with the version that was promoted, without a restart', async () => {
    expect((await platform.predict('support', ['my card'])).model.version).toBe(2)
  })

  it('evaluates a file, and refuses labels that the model does not know, all with their lines', async () => {
    const { report, run, model, cost } = await platform.evaluate({ task: 'support', data })
    expect(report.count).toBe(120)
    expect(run).toMatchObject({ kind: 'evaluate', status: 'succeeded', settings: { model: model.id, examples: 120 } })
    const [entry] = await platform.ledger.listEntries({ source: 'capstan.run', key: run.id })
    expect(entry?.dimensions).toMatchObject({ task: 'support', model: model.id })
    expect(entry?.postings).toContainEqual({
      account: 'Expenses:Model:Compute',
      commodity: 'EUR',
      amountMicro: cost.amountMicro,
    })
    const strange = join(folder, 'strange.csv')
    await writeFile(strange, 'text,label\nmy card,strange\nmy card,lost_card\n')
    await expect(platform.evaluate({ task: 'support', data: strange })).rejects.toThrow(
      expect.objectContaining({
        code: 'evaluation.unknown-label',
        message: expect.stringContaining('"strange" (line 2)'),
      }),
    )
  })

  it('records a run that fails, with its reason, and books what it used', async () => {
    const settings = { epochs: 3, learningRate: 1e38, headLearningRate: 1e38 }
    await expect(platform.train({ task: 'broken', data, base, settings })).rejects.toThrow(
      expect.objectContaining({ code: 'training.non-finite' }),
    )
    const [run] = await platform.listRuns({ task: 'broken' })
    expect(run).toMatchObject({ status: 'failed', error: { code: 'training.non-finite' } })
    const entries = await platform.ledger.listEntries({})
    expect(entries.map(({ key }) => key)).toContain(run?.id)
  })

  it('ends a run by its signal, keeping the best model so far as a version', async () => {
    const stop = new AbortController()
    const onEvent = (event: FinetuneEvent) => event.type === 'step-end' && event.step === 3 && stop.abort()
    const { run, model } = await platform.train({
      task: 'stopped',
      data,
      base,
      settings: { epochs: 500, patience: 500 },
      signal: stop.signal,
      onEvent,
    })
    expect(run.status).toBe('stopped')
    expect(model.version).toBe(1)
  })

  it('keeps test rows out of training when a test file is given', async () => {
    const test = join(folder, 'test.csv')
    await writeFile(test, tinyCsv({ rowsPerLabel: 3 }))
    const { report } = await platform.train({ task: 'held-out', data, test, base, settings: { epochs: 1 } })
    expect(report.data.duplicatesOfTest).toBeGreaterThan(0)
    expect(report.test.count).toBe(9)
  })

  it('books what it computed to answer, by version and customer, once it is closed', async () => {
    await platform.predict('support', ['my card was stolen'], { caller: 'key_1' })
    const input = join(folder, 'asked.csv')
    await writeFile(input, 'text\nmy card was stolen\ntop up failed\n')
    await platform.predictFile({ task: 'support', input, output: join(folder, 'answered.csv') })
    const [live] = (await platform.listModels({ task: 'support' })).filter(({ stage }) => stage === 'live')
    await platform.close()
    platform = await createPlatform({ projectFolder: folder })
    const inference = { account: 'Expenses:Opt:Inference', dimensions: { task: 'support', model: live?.id as string } }
    const spent = Object.fromEntries(
      (await platform.ledger.accountBalances(inference)).map(({ commodity, amountMicro }) => [commodity, amountMicro]),
    )
    // At 3,600 EUR an hour, a CPU-second costs one EUR; each entry is rounded by itself.
    expect(spent['CPU-SECOND']).toBeGreaterThan(0n)
    expect(spent.EUR).toBe(spent['CPU-SECOND'])
    const callers = await platform.ledger.dimensionTotals('caller', { account: 'Expenses:Opt' })
    expect(callers.map(({ value, commodity }) => `${value} ${commodity}`)).toEqual(['key_1 CPU-SECOND', 'key_1 EUR'])
    for (const { amountMicro } of await sums(platform)) expect(amountMicro).toBe(0n)
  })

  it('names the line of a mistake in capstan.yaml', async () => {
    const file = join(folder, 'broken.yaml')
    await writeFile(
      file,
      'storage:\n  folder: here\nrates:\n  cpuHour: { amount: cheap, currency: EUR, date: 2026-11-01, source: x }\n',
    )
    await expect(createPlatform({ projectFolder: folder, configFile: file })).rejects.toThrow(
      expect.objectContaining({
        code: 'config.invalid',
        message: expect.stringMatching(/line 4: rates\.cpuHour\.amount/),
      }),
    )
    const rate = (currency: string) => `{ amount: 1, currency: ${currency}, date: 2026-11-01, source: x }`
    await writeFile(file, `rates:\n  cpuHour: ${rate('EUR')}\n  gpuHour: ${rate('USD')}\n`)
    await expect(createPlatform({ projectFolder: folder, configFile: file })).rejects.toThrow(
      expect.objectContaining({ message: expect.stringMatching(/line 3: rates\.gpuHour\.currency/) }),
    )
  })
})

async function sums({ ledger }: Platform) {
  const totals = new Map<string, bigint>()
  for (const { commodity, amountMicro } of await ledger.accountBalances({})) {
    totals.set(commodity, (totals.get(commodity) ?? 0n) + amountMicro)
  }
  return [...totals].map(([commodity, amountMicro]) => ({ commodity, amountMicro }))
}
