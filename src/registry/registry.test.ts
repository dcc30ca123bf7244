import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestStore } from '../../test/open-test-store.ts'
import { modelVersionSchema, runSchema } from '../contracts/index.ts'
import { fingerprintFolder, type Store } from '../storage/index.ts'
import type { NewModelVersion } from './model-version.ts'
import { openRegistry, type Registry } from './registry.ts'

const root = mkdtempSync(join(tmpdir(), 'capstan-registry-'))
const modelFolder = join(root, 'trained')
const usage = { wallSeconds: 10.5, cpuSeconds: 19.25, gpuSeconds: 0, energyJoules: null, memoryBytesPeak: 3 * 2 ** 31 }
let now = new Date('2026-03-01T12:00:00Z')
const clock = { now: () => now }
let store: Store
let registry: Registry

beforeAll(async () => {
  store = await openTestStore(join(root, 'data'))
  registry = await openRegistry({ store, clock })
  mkdirSync(join(modelFolder, 'onnx'), { recursive: true })
  writeFileSync(join(modelFolder, 'config.json'), '{}')
  writeFileSync(join(modelFolder, 'onnx/model.onnx'), 'weights')
})
afterAll(async () => {
  await store.close()
  rmSync(root, { recursive: true, force: true })
})

describe('a run', () => {
  it('keeps its settings and, once ended, what it used', async () => {
    const started = await startRun('runs')
    expect(runSchema.parse(started)).toEqual(started)
    expect(started).toMatchObject({ status: 'running', seed: 2 ** 32 - 1, settings: { epochs: 2 }, finishedAt: null })
    now = new Date('2026-03-01T12:05:00Z')
    const finished = await registry.finishRun(started.id, { status: 'succeeded', usage })
    expect(finished).toEqual({ ...started, status: 'succeeded', finishedAt: '2026-03-01T12:05:00.000Z', usage })
    expect(await registry.findRun(started.id)).toEqual(finished)
  })

  it('keeps its first estimate, to the micro-unit, and how its settings were chosen', async () => {
    const { id } = await startRun('runs')
    const estimate = {
      seconds: 60.5,
      secondsInterval: [50, 70] as [number, number],
      cpuSeconds: 110.25,
      gpuSeconds: 12.5,
      memoryBytesPeak: 3 * 2 ** 31,
      memoryBytesToCome: 1024,
      steps: 100,
      tokens: 51_200,
      cost: { amountMicro: 2n ** 60n, currency: 'EUR' },
    }
    const choices = [{ setting: 'epochs', value: 12, reason: '770 examples', by: 'capstan' as const }]
    await registry.recordEstimate(id, estimate)
    await registry.recordEstimate(id, { ...estimate, seconds: 5 })
    await registry.recordChoices(id, choices)
    expect(await registry.findRun(id)).toMatchObject({ estimate, choices })
  })

  it('that failed says why', async () => {
    const { id } = await startRun('runs')
    const error = { code: 'training.non-finite-loss', message: 'Loss is NaN at step 17.' }
    expect(await registry.finishRun(id, { status: 'failed', usage, error })).toMatchObject({ status: 'failed', error })
  })

  it('ends only once, and needs a task that exists', async () => {
    const { id } = await startRun('runs')
    await registry.finishRun(id, { status: 'stopped', usage })
    await expect(registry.finishRun(id, { status: 'succeeded', usage })).rejects.toMatchObject({
      code: 'registry.run-finished',
    })
    await expect(registry.finishRun('run_none', { status: 'succeeded', usage })).rejects.toMatchObject({
      code: 'registry.run-not-found',
    })
    await expect(registry.startRun({ task: 'nobody', kind: 'train', seed: 1, settings: {} })).rejects.toMatchObject({
      code: 'registry.task-not-found',
      message: expect.stringContaining('there is runs'),
    })
  })

  it('is left alone while its process lives, whoever opens the registry, and cannot be resumed by another', async () => {
    const { id } = await startRun('lively')
    const other = await openRegistry({ store, clock })
    expect(await other.findRun(id)).toMatchObject({ status: 'running', error: null })
    await expect(other.resumeRun(id)).rejects.toMatchObject({ code: 'registry.run-not-interrupted' })
    await registry.finishRun(id, { status: 'succeeded', usage })
  })

  it('left running by a process that is gone is failed when the registry is opened again', async () => {
    const { id } = await startRun('crashed')
    await store.close()
    store = await openTestStore(join(root, 'data'))
    registry = await openRegistry({ store, clock })
    expect(await registry.listRuns({ task: 'crashed' })).toMatchObject([
      { id, status: 'failed', error: { code: 'registry.run-interrupted' }, usage: null },
    ])
  })
})

describe('model versions', () => {
  it('are numbered per task; the first is live, later ones are candidates, and one asked for is promoted', async () => {
    const stages = async () => (await registry.listModelVersions({ task: 'staged' })).map((version) => version.stage)
    const first = await record('staged')
    expect(modelVersionSchema.parse(first)).toEqual(first)
    expect(first).toMatchObject({ version: 1, stage: 'live', sizeBytes: 9 })
    expect(await record('staged')).toMatchObject({ version: 2, stage: 'candidate' })
    expect(await record('staged', { promote: true })).toMatchObject({ version: 3, stage: 'live' })
    expect(await stages()).toEqual(['retired', 'candidate', 'live'])
    await registry.promoteVersion(first.id)
    expect(await stages()).toEqual(['live', 'candidate', 'retired'])
    expect(await registry.promoteVersion(first.id)).toMatchObject({ stage: 'live' })
    expect(await stages()).toEqual(['live', 'candidate', 'retired'])
    expect(await record('held-back', { promote: false })).toMatchObject({ version: 1, stage: 'candidate' })
  })

  it('carry the lineage that makes them again', async () => {
    const version = await record('lineage')
    expect(version.lineage).toEqual({
      run: expect.stringMatching(/^run_/),
      datasetFingerprint: 'data-1',
      base: { name: 'all-MiniLM-L6-v2', sha256: 'base-1' },
      settings: { epochs: 2 },
      seed: 2 ** 32 - 1,
      codeVersion: '0.1.0',
    })
    expect(version.metrics).toEqual({ accuracy: 0.93 })
  })

  it('are recorded and promoted at once from many sides without a gap, a double number or two live ones', async () => {
    await registry.ensureTask('crowded')
    const recorded = await Promise.all(Array.from({ length: 6 }, () => record('crowded', { promote: true })))
    await Promise.all(recorded.map((version) => registry.promoteVersion(version.id)))
    const versions = await registry.listModelVersions({ task: 'crowded' })
    expect(versions.map((version) => version.version)).toEqual([1, 2, 3, 4, 5, 6])
    expect(versions.filter((version) => version.stage === 'live')).toHaveLength(1)
  })

  it('are never two live in one task: the database refuses it', async () => {
    await record('guarded')
    await record('guarded')
    await expect(
      sql`update model_versions set stage = 'live' where task = 'guarded'`.execute(store.database),
    ).rejects.toThrow('model_versions_one_live')
  })

  it('are found as the live one, by number and by id; what does not exist is answered with what does', async () => {
    const live = await record('found')
    const candidate = await record('found')
    expect(await registry.findModelVersion('found')).toEqual(live)
    expect(await registry.findModelVersion('found', 2)).toEqual(candidate)
    expect(await registry.findModelVersion('found', candidate.id)).toEqual(candidate)
    await expect(registry.findModelVersion('found', 7)).rejects.toMatchObject({
      code: 'registry.version-not-found',
      message: `Task found has no version 7; it has 1 (live, ${live.id}), 2 (candidate, ${candidate.id}).`,
    })
    await registry.ensureTask('empty')
    await expect(registry.findModelVersion('empty')).rejects.toMatchObject({
      message: 'Task empty has no live version; it has none yet.',
    })
    await expect(registry.findModelVersion('lost')).rejects.toMatchObject({ code: 'registry.task-not-found' })
  })

  it('open as a folder with the very files that were recorded, and refuse a changed one', async () => {
    writeFileSync(join(modelFolder, 'onnx/model.onnx'), 'other weights')
    const version = await record('opened')
    const folder = await registry.openModelFolder(version)
    expect(await fingerprintFolder(folder)).toEqual(await fingerprintFolder(modelFolder))
    expect(await registry.openModelFolder(version)).toBe(folder)
    chmodSync(join(folder, 'onnx/model.onnx'), 0o644)
    writeFileSync(join(folder, 'onnx/model.onnx'), 'tampered')
    await expect(registry.openModelFolder(version)).rejects.toMatchObject({ code: 'storage.artifact-corrupt' })
    await store.artifacts.putFolder(modelFolder)
    await registry.openModelFolder(version)
    expect(readFileSync(join(folder, 'onnx/model.onnx'), 'utf8')).toBe('other weights')
  })

  it('refuse an empty model folder', async () => {
    mkdirSync(join(root, 'nothing'))
    await expect(record('empty-model', { modelFolder: join(root, 'nothing') })).rejects.toMatchObject({
      code: 'registry.model-empty',
    })
  })
})

async function startRun(task: string) {
  await registry.ensureTask(task)
  return registry.startRun({ task, kind: 'train', seed: 2 ** 32 - 1, settings: { epochs: 2 } })
}

async function record(task: string, options: Partial<NewModelVersion> = {}) {
  const { id } = await startRun(task)
  return registry.recordModelVersion({
    run: id,
    modelFolder,
    datasetFingerprint: 'data-1',
    base: { name: 'all-MiniLM-L6-v2', sha256: 'base-1' },
    codeVersion: '0.1.0',
    metrics: { accuracy: 0.93 },
    ...options,
  })
}
