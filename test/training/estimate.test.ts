/** Estimates of training: before a run, and from its first steps. */
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Example, readExamples } from '../../src/data/index.ts'
import {
  estimateTraining,
  openRunSteps,
  openTrainingRun,
  type TrainEvent,
  type TrainingSettings,
  type TrainRequest,
  trainModel,
} from '../../src/training/index.ts'
import { isTrained } from '../../src/training/parameters.ts'
import { planEpochs, shapeBatch } from '../../src/training/plan-epochs.ts'
import { timeUpdate } from '../../src/training/time-update.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'

let folder: string
let baseFolder: string
let examples: Example[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-estimate-'))
  baseFolder = await writeTinyEncoder(join(folder, 'base'))
  const path = join(folder, 'train.csv')
  // Two lengths, so that there are two batch shapes.
  const longer = 'my card has not arrived and i lost the new pin code for it please help me with that'
  await writeFile(path, `${tinyCsv({ rowsPerLabel: 30 })}${`${longer},lost_card\n`.repeat(12)}`)
  examples = (await readExamples({ path })).examples
})

afterAll(() => rm(folder, { recursive: true }))

const request = (name: string, settings: Partial<TrainingSettings> = {}): TrainRequest => ({
  baseFolder,
  outputFolder: join(folder, name),
  train: examples.filter((_, i) => i % 3 > 0),
  validation: examples.filter((_, i) => i % 3 === 0),
  testCount: 7,
  settings: { epochs: 3, tokensPerBatch: 96, ...settings },
})

async function eventsOf(asked: TrainRequest): Promise<TrainEvent[]> {
  const events: TrainEvent[] = []
  await trainModel(asked, { onEvent: (event) => events.push(event) })
  return events
}

describe('estimateTraining', () => {
  it.each([{}, { accumulate: 2 }])('counts the steps and tokens that the run then has, with %j', async (settings) => {
    const asked = request(`counted-${settings.accumulate ?? 1}`, settings)
    const estimate = await estimateTraining(asked)
    expect(existsSync(asked.outputFolder)).toBe(false)
    const steps = (await eventsOf(asked)).flatMap((event) => (event.type === 'step-end' ? [event] : []))
    expect(estimate.stepCount).toBe(steps.length)
    expect(estimate.tokenCount).toBe(steps.reduce((sum, { tokens }) => sum + tokens, 0))
    const { left } = estimate
    expect(left.seconds).toBeGreaterThan(0)
    expect(left.secondsInterval?.[0]).toBeLessThanOrEqual(left.seconds)
    expect(left.secondsInterval?.[1]).toBeGreaterThanOrEqual(left.seconds)
  })

  it('knows that no more memory is to come once every token was seen', async () => {
    const { memoryBytesToCome, memoryBytesPeak } = await estimateTraining(request('memory'))
    expect(memoryBytesPeak).toBeLessThanOrEqual(process.resourceUsage().maxRSS * 1024)
    // Two moments of 16 floats for each of the tokens that the first batch of each shape lacks.
    const run = await openTrainingRun(request('memory'))
    const idsOf = (texts: readonly { ids: ArrayLike<number> }[]) => texts.flatMap(({ ids }) => Array.from(ids))
    const all = new Set(idsOf(run.train.texts.flat()))
    const batches = planEpochs(run).updates(1).flat()
    const firsts = planEpochs(run).shapes.flatMap(
      ({ length }) => batches.find((batch) => batch.length === length) ?? [],
    )
    const seen = new Set(
      idsOf(firsts.flatMap(({ indices }) => indices.flatMap((index) => run.train.texts[index] ?? []))),
    )
    expect(firsts).toHaveLength(2)
    expect(memoryBytesToCome).toBe((all.size - seen.size) * 2 * 16 * 4)
    await run.inference.release()
  })

  it('leaves weights and optimizer as they were, bit for bit, and its folder empty', async () => {
    const run = await openTrainingRun(request('untouched', { accumulate: 2 }))
    const bits = () =>
      run.parameters.flatMap(({ value, update }) =>
        [value, ...(update?.slots ?? [])].map(({ data }) =>
          Buffer.from((data as Float32Array).slice().buffer).toString('hex'),
        ),
      )
    const before = bits()
    const plan = planEpochs(run)
    const runners = await openRunSteps(run, plan.shapes)
    const batches = (plan.updates(1)[0] ?? []).map((batch) => shapeBatch(run, batch))
    expect(await timeUpdate(run, runners, { batches, warmUps: 1, timed: 2 })).toHaveLength(2)
    expect(bits()).toEqual(before)
    expect(run.parameters.filter(isTrained).length).toBeGreaterThan(0)
    await runners.release()
    await run.inference.release()
    expect((await readdir(folder)).filter((name) => name.includes('.estimate'))).toEqual([])
  })
})

describe('a run', () => {
  it('makes one estimate, early, of the same counts, and goes on to the same end', async () => {
    const events = await eventsOf(request('run'))
    const estimates = events.flatMap((event) => (event.type === 'estimate-ready' ? [event.estimate] : []))
    const steps = events.flatMap((event) => (event.type === 'step-end' ? [event] : []))
    expect(estimates).toHaveLength(1)
    expect(estimates[0]?.stepCount).toBe(steps.length)
    expect(estimates[0]?.tokenCount).toBe(steps.reduce((sum, { tokens }) => sum + tokens, 0))
    const place = events.findIndex(({ type }) => type === 'estimate-ready')
    expect(events.slice(0, place).filter(({ type }) => type === 'step-end').length).toBeLessThanOrEqual(40)
  })

  it('says how its settings were chosen before its first step', async () => {
    const [, start] = await eventsOf(request('choices'))
    expect(start).toMatchObject({
      type: 'train-start',
      choices: expect.arrayContaining([
        expect.objectContaining({ setting: 'head', value: 'cosine', by: 'capstan' }),
        expect.objectContaining({ setting: 'epochs', value: 3, by: 'user' }),
      ]),
    })
  })
})
