/** Texts without labels beside labelled ones: what a first model is sure of, the model that stays learns from. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom, type Random, sha256 } from '../../src/base/index.ts'
import { createPlatform, type FinetuneEvent, type Platform } from '../../src/index.ts'
import { writeTinyEncoder } from '../fixtures/tiny-encoder.ts'

let folder: string
let base: string
let platform: Platform
const at = (name: string) => join(folder, name)
const settings = { epochs: 16, tokensPerBatch: 128, learningRate: 5e-3, headLearningRate: 3e-2 }

const words: Readonly<Record<string, readonly string[]>> = {
  cards: ['card', 'lost', 'stolen'],
  money: ['money', 'transfer', 'top'],
}
const common = 'my has not where is the i it was please help a how do can on'.split(' ')
const pick = (random: Random, from: readonly string[]) => from[random.integer(from.length)] as string

/** Questions with one word that tells their label. */
function questions(seed: number, count: number): { text: string; label: string }[] {
  const random = createRandom(seed, 'questions')
  const labels = Object.keys(words)
  return Array.from({ length: count }, (_, i) => {
    const label = labels[i % labels.length] as string
    const text = Array.from({ length: 6 }, () => pick(random, common))
    text[random.integer(6)] = pick(random, words[label] ?? [])
    return { text: `${text.join(' ')} ${seed} ${i}`, label }
  })
}

const toCsv = (rows: readonly { text: string; label: string }[]) =>
  `text,label\n${rows.map(({ text, label }) => `${text},${label}\n`).join('')}`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-self-training-'))
  base = await writeTinyEncoder(at('base'))
  await writeFile(at('few.csv'), toCsv(questions(1, 60)))
  await writeFile(at('test.csv'), toCsv(questions(2, 60)))
  const unlabelled = [...questions(3, 200), ...questions(2, 10), ...questions(1, 4)]
  await writeFile(at('more.csv'), `message\n${unlabelled.map(({ text }) => `${text}\n`).join('')}`)
  platform = await createPlatform({ projectFolder: folder })
})

afterAll(async () => {
  await platform.close()
  await rm(folder, { recursive: true })
})

const request = () => ({ task: 'tiny', data: at('few.csv'), test: at('test.csv'), base, settings })

describe('training with unlabelled texts', () => {
  it('labels those that it does not know yet, learns from the sure ones, and says so in the run', async () => {
    const events: FinetuneEvent[] = []
    const onEvent = (event: FinetuneEvent) => events.push(event)
    const { run, report, model } = await platform.train({ ...request(), unlabelled: at('more.csv'), onEvent })
    expect(report.data.unlabelled).toHaveLength(200)
    const labelled = events.find((event) => event.type === 'texts-labelled')
    expect(labelled).toMatchObject({ texts: 200, kept: expect.any(Number) })
    const kept = labelled?.type === 'texts-labelled' ? labelled.kept : 0
    expect(kept).toBeGreaterThan(50)
    expect(run.choices).toContainEqual(expect.objectContaining({ setting: 'labelledTexts', value: kept }))
    const alone = await platform.train({ ...request(), task: 'alone' })
    expect(report.training.stepCount).toBeGreaterThan(2 * alone.report.training.stepCount)
    expect(report.test.kind === 'classify' && report.test.accuracy).toBeGreaterThanOrEqual(0.9)
    expect(model.lineage.datasetFingerprint).not.toBe(alone.model.lineage.datasetFingerprint)
  })

  it('goes on from the labels that a killed run left, to the same weights', async () => {
    const { selfTrain } = await import('../../src/platform/self-training.ts')
    const { startTraining } = await import('../../src/training/index.ts')
    const texts = questions(3, 60).map(({ text }, i) => ({ line: i + 2, text }))
    const train = questions(1, 60).map(({ text, label }, i) => {
      return { line: i + 2, text, answer: { kind: 'class' as const, label } }
    })
    const trainInto = async (outputFolder: string, checkpointFolder: string) => {
      const events: string[] = []
      const checkpoint = { folder: at(checkpointFolder) }
      const asked = { baseFolder: base, outputFolder: at(outputFolder), train, validation: [], settings, checkpoint }
      await selfTrain(asked, texts, {
        device: 'cpu',
        train: (one, onEvent) => startTraining(one, onEvent).result,
        onEvent: ({ type }) => events.push(type),
      })
      return { events, weights: sha256(await readFile(join(at(outputFolder), 'onnx/model.onnx'))) }
    }
    const whole = await trainInto('whole', 'checkpoint')
    const resumed = await trainInto('resumed', 'checkpoint')
    expect(whole.events).toContain('labeller-start')
    expect(resumed.events).not.toContain('labeller-start')
    expect(resumed.weights).toBe(whole.weights)
  })

  it('keeps the first model where it is stopped before the second', async () => {
    const stop = new AbortController()
    const onEvent = ({ type }: FinetuneEvent) => type === 'labeller-step' && stop.abort()
    const options = { task: 'stopped', unlabelled: at('more.csv'), signal: stop.signal, onEvent }
    const { run, report } = await platform.train({ ...request(), ...options })
    expect(run.status).toBe('stopped')
    expect(report.training.endedBy).toBe('stop')
    expect((await platform.predict('stopped', ['my card was stolen'])).predictions).toHaveLength(1)
  })

  it('refuses what it cannot use, and says what to do', async () => {
    await writeFile(
      at('numbers.csv'),
      `text,score\n${questions(4, 20)
        .map(({ text }, i) => `${text},${i}\n`)
        .join('')}`,
    )
    const numbers = { ...request(), data: at('numbers.csv'), test: undefined, kind: 'regress' as const }
    await expect(platform.train({ ...numbers, unlabelled: at('more.csv') })).rejects.toMatchObject({
      code: 'data.unlabelled-kind',
    })
    await expect(platform.estimate({ ...request(), unlabelled: at('more.csv') })).rejects.toMatchObject({
      code: 'platform.no-estimate',
    })
    await expect(platform.train({ ...request(), unlabelled: at('few.csv') })).rejects.toMatchObject({
      code: 'data.nothing-unlabelled',
    })
    await expect(platform.train({ ...request(), unlabelled: at('none.csv') })).rejects.toThrow('none.csv')
    await writeFile(at('holes.csv'), 'id,text\n1,a text\n2,\n')
    await expect(platform.train({ ...request(), unlabelled: at('holes.csv') })).rejects.toMatchObject({
      code: 'data.bad-rows',
      message: expect.stringContaining('line 3: "text" is empty'),
    })
  })
})
