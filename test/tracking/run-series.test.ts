/** The series of a run in the store: written together, in place of what is there, and found by the beginning of an id. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { EpochMetrics, StepMetrics } from '../../src/contracts/index.ts'
import { createRunRecorder } from '../../src/platform/record-run.ts'
import { openRegistry, type Registry } from '../../src/registry/index.ts'
import type { Store } from '../../src/storage/index.ts'
import type { TrainEvent } from '../../src/training/index.ts'
import { openTestStore, storeKind } from '../open-test-store.ts'

const root = mkdtempSync(join(tmpdir(), 'capstan-series-'))
const usage = { wallSeconds: 1, cpuSeconds: 2, gpuSeconds: 0, energyJoules: null, memoryBytesPeak: 3 }
const cpuHour = { amount: '0.04', currency: 'USD', date: '2026-11-01', source: 'test' }
const used = { usage: () => usage, rates: { cpuHour }, device: 'cpu' as const, choices: [] }
let now = new Date('2026-03-01T12:00:00Z')
let store: Store
let registry: Registry

beforeAll(async () => {
  store = await openTestStore(join(root, 'data'))
  registry = await openRegistry({ store, clock: { now: () => now } })
  await registry.ensureTask('support')
})
afterEach(() => vi.useRealTimers())
afterAll(async () => {
  await store.close()
  rmSync(root, { recursive: true })
})

const startRun = () => registry.startRun({ task: 'support', kind: 'train', seed: 1, settings: { epochs: 2 } })
const stepOf = (step: number, loss = 1 / step): StepMetrics => ({
  step,
  epoch: 1,
  loss,
  learningRate: 3e-4,
  gradientNorm: 0.1 + step,
  tokens: 500,
  seconds: 0.125,
})
const epochOf = (epoch: number, step: number): EpochMetrics => ({
  epoch,
  step,
  loss: 0.5,
  metrics: { accuracy: 0.9, primary: { name: 'accuracy', value: 0.9, interval: [0.8, 0.95] } },
  isBest: true,
})
const steps = (count: number) => Array.from({ length: count }, (_, i) => stepOf(i + 1))

describe('the series of a run', () => {
  it('come back as they were recorded, however many there are', async () => {
    const { id } = await startRun()
    const series = { steps: steps(2500), epochs: [{ ...epochOf(0, 0), loss: null, metrics: {} }, epochOf(1, 2500)] }
    await registry.recordSeries(id, series)
    expect(await registry.readSeries(id)).toEqual({ ...series, effectiveSettings: null })
  })

  it('take what is recorded again in place of what is there', async () => {
    const { id } = await startRun()
    await registry.recordSeries(id, { steps: steps(3), epochs: [epochOf(0, 0)] })
    await registry.recordSeries(id, { steps: [stepOf(3, 9), stepOf(4)], epochs: [{ ...epochOf(0, 0), isBest: false }] })
    const { steps: found, epochs } = await registry.readSeries(id)
    expect(found).toEqual([stepOf(1), stepOf(2), stepOf(3, 9), stepOf(4)])
    expect(epochs).toMatchObject([{ epoch: 0, isBest: false }])
  })

  it('lose what lies beyond the step from which the run goes on, and nothing else', async () => {
    const [{ id }, other] = [await startRun(), await startRun()]
    const series = { steps: steps(6), epochs: [epochOf(0, 0), epochOf(1, 3), epochOf(2, 6)] }
    for (const run of [id, other.id]) await registry.recordSeries(run, series)
    await registry.beginSeries(id, { settings: { epochs: 2, ema: 0 }, step: 4 })
    const found = await registry.readSeries(id)
    expect(found.steps.map(({ step }) => step)).toEqual([1, 2, 3, 4])
    expect(found.epochs.map(({ epoch }) => epoch)).toEqual([0, 1])
    expect(found.effectiveSettings).toEqual({ epochs: 2, ema: 0 })
    expect((await registry.readSeries(other.id)).steps).toHaveLength(6)
  })
})

describe('a run', () => {
  it('is found by the beginning of its id, with or without its prefix', async () => {
    now = new Date('2027-01-01T00:00:00Z')
    const { id } = await startRun()
    for (const reference of [id, id.slice(0, -3), id.slice('run_'.length), id.slice('run_'.length, -3)])
      expect((await registry.resolveRuns([reference])).map((run) => run.id)).toEqual([id])
  })

  it('that is not there is named, with all others that are not', async () => {
    await expect(registry.resolveRuns(['zzz', 'run_%'])).rejects.toMatchObject({
      code: 'registry.run-not-found',
      message: 'There is no run "zzz", nor "run_%".',
    })
  })

  it('that may be one of several is refused with those that it may be', async () => {
    now = new Date('2028-01-01T00:00:00Z')
    const ids = (await Promise.all(Array.from({ length: 7 }, startRun))).map(({ id }) => id).sort()
    const start = (ids[0] as string).slice(0, 14)
    await expect(registry.resolveRuns([start])).rejects.toMatchObject({
      code: 'registry.run-ambiguous',
      message: `Several runs begin with "${start}" (${ids.slice(0, 5).join(', ')} and 2 more).`,
    })
  })
})

describe('the recorder of a run', () => {
  const stepEnd = (step: number): TrainEvent => ({ type: 'step-end', stepCount: 9, ...stepOf(step) })
  const written = async (id: string) => (await registry.readSeries(id)).steps.length

  // On a server a query does not wait for those before it.
  it.runIf(storeKind === 'embedded')('writes at most once a second, at a checkpoint and at the end', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { id } = await startRun()
    const recorder = createRunRecorder({ ...used, registry, run: id })
    // A query waits for those before it, so that what is counted is all that was written.
    const counts: number[] = []
    const follow = async (event: TrainEvent, milliseconds: number) => {
      vi.advanceTimersByTime(milliseconds)
      recorder.follow(event)
      await new Promise(setImmediate)
      counts.push(await written(id))
    }
    await follow(stepEnd(1), 0)
    await follow(stepEnd(2), 400)
    await follow(stepEnd(3), 400)
    await follow(stepEnd(4), 400)
    await follow(stepEnd(5), 100)
    await follow({ type: 'checkpoint', step: 5 }, 100)
    await follow(stepEnd(6), 100)
    await recorder.end()
    expect([...counts, await written(id)]).toEqual([1, 1, 1, 4, 4, 5, 5, 6])
    expect((await registry.findRun(id)).usage).toEqual(usage)
  })

  it('says at the end that something could not be written', async () => {
    const recorder = createRunRecorder({ ...used, registry, run: 'run_nowhere' })
    recorder.follow(stepEnd(1))
    await expect(recorder.end()).rejects.toMatchObject({ code: '23503' })
  })
})
