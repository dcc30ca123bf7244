import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom, shuffle } from '../../src/base/index.ts'
import type { ServedPrediction } from '../../src/contracts/index.ts'
import { createPlatform, type Platform } from '../../src/index.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'
import { testStoreOptions } from '../open-test-store.ts'
import { startLiveTeacher } from './live-teacher.ts'

const labels = ['card_arrival', 'lost_card', 'top_up']
let folder: string
let teacher: Awaited<ReturnType<typeof startLiveTeacher>>
let platform: Platform
/** In random order: the first are imported, the others asked. */
let rows: { text: string; label: string }[]

const open = async () => {
  const { databaseUrl } = await testStoreOptions(folder)
  return createPlatform({ projectFolder: folder, databaseUrl, random: createRandom(1, 'audits') })
}
const ask = async (text: string, of: Platform = platform, task = 'support') => {
  const { predictions } = await of.answer(task, [text])
  return predictions[0] as Extract<ServedPrediction, { kind: 'classify' }>
}
const examplesOf = async (task = 'support') => (await platform.gateStatus(task)).examples

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-flywheel-'))
  await writeTinyEncoder(join(folder, 'base'))
  const csv = tinyCsv({ rowsPerLabel: 250 }).trim().split('\n').slice(1)
  const all = new Map(csv.map((line) => line.split(',') as [string, string]))
  rows = shuffle(
    [...all].map(([text, label]) => ({ text, label })),
    createRandom(1, 'stream'),
  )
  teacher = await startLiveTeacher(all)
  const config = {
    kind: 'classify',
    base: join(folder, 'base'),
    labels: Object.fromEntries(labels.map((label) => [label, label])),
    teacher: {
      type: 'http',
      url: teacher.url,
      body: { text: '{{text}}' },
      answer: '/label',
      pricePerCall: { amount: '0.01', currency: 'USD' },
      limits: { timeoutMs: 3000, triesMax: 1, breakerFailures: 1000 },
    },
    target: { agreement: 0.8 },
    auditShare: 0.25,
    retraining: { automatic: false, epochs: 10, folds: 2 },
  }
  const tasks = {
    support: config,
    careful: { ...config, belowTarget: 'refuse' },
    poor: { ...config, teacherBudgetPerDay: { amount: '0.02', currency: 'USD' } },
    private: { ...config, retention: 'none' },
    // Hardly audited: with more audits they may close the gate before the drift is found.
    shifting: { ...config, auditShare: 0.001, retraining: { ...config.retraining, driftWindow: 50 } },
    crowd: { ...config, annotators: 2, teacher: { type: 'human' } },
  }
  await writeFile(join(folder, 'capstan.yaml'), JSON.stringify({ tasks }))
  platform = await open()
})

afterAll(async () => {
  await platform.close()
  await teacher.close()
  await rm(folder, { recursive: true })
})

describe('before there is a model', () => {
  it('the teacher answers, and its answer is stored as an example with the request', async () => {
    const { text, label } = rows[0] as (typeof rows)[0]
    const answered = await ask(text)
    expect(answered).toMatchObject({ source: 'teacher', label, score: null, scores: [], below_target: false })
    expect(await platform.gateStatus('support')).toMatchObject({
      model: null,
      isOpen: false,
      examples: 1,
      reason: 'there is no model yet: the teacher answers all',
      traffic: [{ source: 'teacher', count: 1, cost: { amountMicro: 10_000n, currency: 'USD' } }],
    })
  })

  it.each([
    ['error', 'error'],
    ['nonsense', 'nonsense'],
    ['silent', 'timeout'],
  ] as const)('a teacher in the mood %s answers nobody, and nothing enters the examples', async (mood, reason) => {
    teacher.state.mood = mood
    const before = await examplesOf()
    await expect(ask('where is my card')).rejects.toMatchObject({
      code: 'flywheel.teacher-unavailable',
      message: expect.stringContaining(`(${reason}: `),
    })
    expect(await examplesOf()).toBe(before)
    teacher.state.mood = 'right'
  })

  it('a teacher is not paid beyond its budget of the day', async () => {
    await ask('where is my card', platform, 'poor')
    await ask('where is my new card', platform, 'poor')
    await expect(ask('top up failed', platform, 'poor')).rejects.toThrow('budget')
  })

  it('nothing is learnt from texts that may not be kept', async () => {
    expect(await ask('where is my card', platform, 'private')).toMatchObject({ source: 'teacher' })
    expect(await examplesOf('private')).toBe(0)
  })

  it('people are asked through the label queue, and a label counts once two of them say the same', async () => {
    const { labelling } = platform
    const pending = await ask('the card was stolen', platform, 'crowd')
    expect(pending).toMatchObject({ source: 'none', label: null, reason: 'pending' })
    const [question] = await labelling.list({ task: 'crowd' })
    const id = question?.id as string
    const say = (annotator: string, label: string) => labelling.answer(id, { task: 'crowd', annotator, label })
    await expect(say('ana', 'no such label')).rejects.toMatchObject({ code: 'flywheel.bad-label' })
    expect(await say('ana', 'lost_card')).toEqual({ isSettled: false, example: null })
    await expect(say('ana', 'top_up')).rejects.toMatchObject({ code: 'flywheel.already-labelled' })
    expect(await labelling.list({ task: 'crowd', annotator: 'ana' })).toEqual([])
    expect(await say('ben', 'top_up')).toMatchObject({ isSettled: false })
    expect(await say('eva', 'lost_card')).toMatchObject({ isSettled: true, example: expect.any(String) })
    expect(await labelling.report('crowd')).toMatchObject({ annotators: 3, compared: 1, errors: [] })
    expect(await ask('the card was stolen', platform, 'crowd')).toMatchObject({ source: 'teacher', label: 'lost_card' })
  })
})

describe('once there are examples', () => {
  it('a model is trained, calibrated on scores of models that had not seen them, and takes traffic over', async () => {
    const csv = rows.slice(1, 400).map(({ text, label }) => `${text},${label}`)
    await writeFile(join(folder, 'old.csv'), `text,label\n${csv.join('\n')}\n`)
    const data = join(folder, 'old.csv')
    expect(await platform.labelling.import({ task: 'support', data, representative: true })).toMatchObject({
      imported: csv.length,
    })
    const result = await platform.retrain('support')
    expect(result).toMatchObject({ outcome: 'promoted', comparison: null, model: { version: 1, stage: 'live' } })
    expect(result.calibration.n).toBe(400)
    expect(result.calibration.gate.open).toBe(true)
    const answered = await Promise.all(rows.slice(400, 500).map(({ text }) => ask(text)))
    const own = answered.filter(({ source }) => source === 'model')
    expect(own.length).toBeGreaterThan(20)
    expect(own.every(({ score }) => (score as number) > (result.calibration.gate.threshold as number))).toBe(true)
  })

  it('a version knows the exact examples it learnt from, and has a card', async () => {
    const [model] = await platform.listModels({ task: 'support' })
    expect(model?.lineage.settings).toMatchObject({ dataset: expect.stringMatching(/^[0-9a-f]{64}$/), examples: 400 })
    await platform.export({ task: 'support', output: join(folder, 'exported') })
    expect(await readFile(join(folder, 'exported', 'README.md'), 'utf8')).toContain(
      '400 examples (1 teacher, 399 imported)',
    )
  })

  it('where the teacher fails, the own answer is marked, or refused where the task says so', async () => {
    teacher.state.mood = 'error'
    const before = await examplesOf()
    const answered = await Promise.all(rows.slice(500, 560).map(({ text }) => ask(text)))
    const below = answered.filter(({ below_target }) => below_target)
    expect(below.length).toBeGreaterThan(0)
    expect(below.every(({ source, reason }) => source === 'model' && reason === 'teacher_unavailable')).toBe(true)
    await expect(ask('where is my card', platform, 'careful')).rejects.toMatchObject({
      code: 'flywheel.teacher-unavailable',
    })
    await platform.idle()
    expect(await examplesOf()).toBe(before)
    teacher.state.mood = 'right'
  })

  it('a candidate is compared with the live version, and rollback brings the old one back with its gate', async () => {
    const second = await platform.retrain('support', { settings: { seed: 2 } })
    expect(second.comparison?.n).toBeGreaterThanOrEqual(400)
    if (second.outcome === 'refused') await platform.promote('support', 2)
    expect(await platform.gateStatus('support')).toMatchObject({ model: { version: 2 } })
    expect(await platform.rollback('support')).toMatchObject({ version: 1, stage: 'live' })
    expect((await platform.answer('support', ['where is my card'])).model).toMatchObject({ version: 1 })
    await expect(platform.rollback('poor')).rejects.toThrow()
  })

  it('audits close the gate when the teacher begins to disagree, and an alert says so', async () => {
    teacher.state.mood = 'wrong'
    for (let i = 0; i < 20 && (await platform.gateStatus('support')).isOpen; i++) {
      await Promise.all(rows.slice(560, 600).map(({ text }) => ask(text)))
      await platform.idle()
    }
    teacher.state.mood = 'right'
    expect(await platform.gateStatus('support')).toMatchObject({
      isOpen: false,
      closedReason: 'audits',
      alerts: expect.arrayContaining([expect.objectContaining({ kind: 'gate-closed' })]),
    })
    expect((await ask(rows[401]?.text as string)).source).toBe('teacher')
  })

  it('traffic that changes closes the gate, and only what came since calibrates the next one', async () => {
    await platform.labelling.import({ task: 'shifting', data: join(folder, 'old.csv'), representative: true })
    await platform.retrain('shifting', { settings: { epochs: 1 } })
    const answer = async (texts: readonly string[]) => {
      for (let start = 0; start < texts.length; start += 25) {
        await Promise.all(texts.slice(start, start + 25).map((text) => ask(text, platform, 'shifting')))
        await platform.idle()
      }
    }
    await answer(rows.slice(400, 550).map(({ text }) => text))
    expect(await platform.gateStatus('shifting')).toMatchObject({ closedReason: null, calibrateSince: null })
    await answer(rows.slice(400, 550).map((_, i) => `top up top up failed money ${i}`))
    expect(await platform.gateStatus('shifting')).toMatchObject({
      isOpen: false,
      closedReason: 'drift',
      calibrateSince: expect.any(String),
      alerts: expect.arrayContaining([expect.objectContaining({ kind: 'drift' })]),
    })
  })

  it('feedback counts once, is refused with other content, and a correction goes before the teacher', async () => {
    const { id } = await ask('my card has not arrived')
    const correct = (label: string) => platform.giveFeedback(id, { key: 'ticket-7', label })
    const first = await correct('lost_card')
    expect(first).toMatchObject({ isNew: true, example: expect.any(String) })
    expect(await correct('lost_card')).toMatchObject({ isNew: false, id: first.id })
    await expect(correct('top_up')).rejects.toMatchObject({ code: 'flywheel.feedback-key-reused' })
    await expect(correct('no such label')).rejects.toMatchObject({ code: 'flywheel.bad-label' })
    await expect(platform.giveFeedback('prediction_none', { key: 'x', correct: true })).rejects.toMatchObject({
      code: 'flywheel.prediction-not-found',
    })
  })

  it('the requests that teach most are chosen for people', async () => {
    const { labelling } = platform
    expect(await labelling.queue({ task: 'support', count: 5 })).toBeGreaterThan(0)
    const questions = await labelling.list({ task: 'support' })
    expect(new Set(questions.map(({ text }) => text)).size).toBe(questions.length)
    expect((await labelling.report('support')).noise).not.toBeNull()
  })

  it('what was answered is there when the data folder is opened again', async () => {
    const before = await platform.gateStatus('support')
    await platform.close()
    platform = await open()
    expect(await platform.gateStatus('support')).toEqual(before)
  })
})
