import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { taskConfigSchema } from '../../src/contracts/index.ts'
import { createMemoryBudgetStore, type LabelQueue, openTeachers } from '../../src/flywheel/index.ts'
import { echo, hang, type MisbehavingServer, reply, startMisbehavingServer } from './misbehaving-server.ts'
import { expectNoSecret, openTask, secret, timeoutMs } from './teach.ts'

let server: MisbehavingServer
let folder: string
beforeAll(async () => {
  server = await startMisbehavingServer()
  folder = await mkdtemp(join(tmpdir(), 'capstan-teachers-'))
  await writeFile(join(folder, 'labelled.csv'), 'text,label\nmy card,card\nmy notes,cash\nmy card,cash\n')
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

const usd = (amount: string) => ({ amount, currency: 'USD' })

function openHttp(teacher: Record<string, unknown> = {}, task: Record<string, unknown> = {}) {
  const base = {
    type: 'http',
    url: `${server.url}/label?v=1`,
    body: { inputs: ['{{text}}'], note: 'pair: {{text_pair}}', keep: 1 },
    answer: '/results/0/label',
    headersEnv: { authorization: 'TEACHER_KEY' },
    pricePerCall: usd('0.002'),
  }
  return openTask({ ...task, teacher: { ...base, ...teacher } })
}

describe('the http teacher', () => {
  it('fills the body once, sends the headers, and reads the label at its place', async () => {
    server.script(
      reply(200, { results: [{ label: 'cash' }] }, { 'content-type': 'application/vnd.x+json; charset=utf-8' }),
    )
    const { teacher } = await openHttp()
    const outcome = await teacher.ask({ text: 'a "quoted" {{text_pair}}', textPair: 'b' })
    expect(server.received.at(-1)).toMatchObject({
      url: '/label?v=1',
      headers: { authorization: secret },
      body: { inputs: ['a "quoted" {{text_pair}}'], note: 'pair: b', keep: 1 },
    })
    expect(outcome).toMatchObject({
      type: 'answered',
      answer: { kind: 'class', label: 'cash' },
      cost: { amountMicro: 2000n },
      provenance: { teacher: 'http', model: null },
    })
  })

  it('reads keys with the escapes of JSON Pointer, and the whole reply', async () => {
    server.script(reply(200, { 'a/b': { '~': ['card'] } }), reply(200, 4.5))
    expect(await (await openHttp({ answer: '/a~1b/~0/0' })).teacher.ask({ text: 'a' })).toMatchObject({
      type: 'answered',
    })
    const number = await openHttp({ answer: '' }, { kind: 'regress', labels: undefined })
    expect(await number.teacher.ask({ text: 'a' })).toMatchObject({ answer: { kind: 'value', value: 4.5 } })
  })

  it.each([{}, { results: [] }, { results: [{ label: 'else' }] }, { results: [{ label: null }] }])(
    'takes %j for nonsense, pays for both tries and shows no secret',
    async (value) => {
      server.script(reply(200, value))
      const { teacher, events } = await openHttp()
      const outcome = await teacher.ask({ text: 'my card' })
      expect(outcome).toMatchObject({ type: 'unavailable', reason: 'nonsense', tries: 2, cost: { amountMicro: 4000n } })
      expectNoSecret(outcome, events, teacher)
    },
  )

  it('shows no secret where the endpoint repeats it', async () => {
    server.script(echo(500))
    const { teacher, events } = await openHttp()
    expectNoSecret(await teacher.ask({ text: 'my card' }), events, teacher)
  })
})

describe('the daily budget of a teacher', () => {
  it('is kept by concurrent calls, also across a restart', async () => {
    server.script(reply(200, { results: [{ label: 'card' }] }))
    const budgetStore = createMemoryBudgetStore()
    const task = { teacherBudgetPerDay: usd('0.011') }
    const ask = async () => {
      const { teacher } = await openTask(
        {
          ...task,
          teacher: {
            type: 'http',
            url: server.url,
            body: '{{text}}',
            answer: '/results/0/label',
            pricePerCall: usd('0.002'),
          },
        },
        { budgetStore },
      )
      return Promise.all(Array.from({ length: 4 }, () => teacher.ask({ text: 'a' })))
    }
    const outcomes = [...(await ask()), ...(await ask())]
    expect(outcomes.filter(({ type }) => type === 'answered').length).toBe(5)
    for (const outcome of outcomes.filter(({ type }) => type !== 'answered')) {
      expect(outcome).toMatchObject({ reason: 'budget', cost: { amountMicro: 0n }, tries: 0 })
    }
  })

  it('keeps the bound of a try that was cut off, whose cost nobody knows', async () => {
    server.script(hang)
    const { teacher, time } = await openTask({
      teacherBudgetPerDay: usd('0.003'),
      teacher: {
        type: 'http',
        url: server.url,
        body: '{{text}}',
        answer: '',
        pricePerCall: usd('0.002'),
        limits: { triesMax: 1 },
      },
    })
    const before = server.received.length
    const pending = teacher.ask({ text: 'a' })
    await server.arrived(before + 1)
    time.advance(timeoutMs)
    expect(await pending).toMatchObject({
      reason: 'timeout',
      cost: { amountMicro: 0n },
      costMax: { amountMicro: 2000n },
    })
    expect(await teacher.ask({ text: 'a' })).toMatchObject({ reason: 'budget' })
  })
})

describe('many calls at once', () => {
  it('wait for their turn, and are refused where too many wait', async () => {
    server.script(hang)
    const { teacher, time } = await openHttp({ limits: { concurrency: 1, queueMax: 1, triesMax: 1 } })
    const before = server.received.length
    const first = teacher.ask({ text: 'a' })
    const second = teacher.ask({ text: 'b' })
    expect(await teacher.ask({ text: 'c' })).toMatchObject({ type: 'unavailable', reason: 'overloaded', tries: 0 })
    expect([teacher.working, teacher.waiting]).toEqual([1, 1])
    await server.arrived(before + 1)
    time.advance(timeoutMs)
    expect(await first).toMatchObject({ reason: 'timeout' })
    await server.arrived(before + 2)
    time.advance(timeoutMs)
    expect(await second).toMatchObject({ reason: 'timeout' })
  })
})

describe('people', () => {
  /** A queue as a store would keep it: one ticket for each key, answers when they come. */
  function createQueue(known?: unknown) {
    const asked: string[] = []
    let answer = (_: unknown) => {}
    let onWaiting = () => {}
    const waiting = new Promise<void>((resolve) => {
      onWaiting = resolve
    })
    const queue: LabelQueue = {
      async enqueue({ key }) {
        const isNew = !asked.includes(key)
        asked.push(key)
        return { isNew, ticket: `ticket-${key.slice(0, 4)}`, ...(known !== undefined && { answer: known }) }
      },
      awaitAnswer: (_, signal) =>
        new Promise((resolve, reject) => {
          answer = resolve
          signal.addEventListener('abort', () => reject(signal.reason))
          onWaiting()
        }),
    }
    return { queue, asked, waiting, answer: (value: unknown) => answer(value) }
  }
  const openHuman = (labelQueue: LabelQueue, waitMs = 0) =>
    openTask(
      { teacherBudgetPerDay: usd('0.10'), teacher: { type: 'human', waitMs, pricePerCall: usd('0.05') } },
      { labelQueue },
    )

  it('answer later: the question is pending, its price taken from the budget once', async () => {
    const { queue, asked } = createQueue()
    const { teacher } = await openHuman(queue)
    const order = { type: 'pending', ticket: expect.stringMatching(/^ticket-/), cost: { amountMicro: 0n } }
    expect(await teacher.ask({ text: 'a' })).toMatchObject({ ...order, costMax: { amountMicro: 50_000n } })
    expect(await teacher.ask({ text: 'a' })).toMatchObject({ ...order, costMax: { amountMicro: 0n } })
    expect(await teacher.ask({ text: 'b' })).toMatchObject(order)
    expect(await teacher.ask({ text: 'c' })).toMatchObject({ type: 'unavailable', reason: 'budget' })
    expect(asked.length).toBe(3)
  })

  it('may have answered already', async () => {
    const { teacher } = await openHuman(createQueue('cash').queue)
    expect(await teacher.ask({ text: 'a' })).toMatchObject({ type: 'answered', answer: { label: 'cash' } })
  })

  it('are waited for as long as the task says', async () => {
    const teacherOfPatience = { type: 'human', waitMs: timeoutMs, limits: { timeoutMs: timeoutMs * 2 } }
    const first = createQueue()
    const quick = await openTask({ teacher: teacherOfPatience }, { labelQueue: first.queue })
    const answered = quick.teacher.ask({ text: 'a' })
    await first.waiting
    first.answer('card')
    expect(await answered).toMatchObject({ type: 'answered', answer: { label: 'card' } })

    const second = createQueue()
    const slow = await openTask({ teacher: teacherOfPatience }, { labelQueue: second.queue })
    const pending = slow.teacher.ask({ text: 'a' })
    await second.waiting
    slow.time.advance(timeoutMs)
    expect(await pending).toMatchObject({ type: 'pending', latencyMs: timeoutMs })
  })

  it('are not asked again for a label that the task lacks', async () => {
    const { queue, asked } = createQueue('else')
    const { teacher } = await openHuman(queue)
    expect(await teacher.ask({ text: 'a' })).toMatchObject({ reason: 'nonsense' })
    expect(asked.length).toBe(1)
  })
})

describe('the replay teacher', () => {
  it('answers what the file says first, at its price, and nothing else', async () => {
    const { teacher } = await openTask(
      { teacher: { type: 'replay', file: 'labelled.csv', pricePerCall: usd('0.01') } },
      { folder },
    )
    expect(await teacher.ask({ text: 'my card' })).toMatchObject({
      answer: { label: 'card' },
      cost: { amountMicro: 10_000n },
    })
    expect(await teacher.ask({ text: 'another' })).toMatchObject({
      type: 'unavailable',
      reason: 'error',
      detail: 'the file has no answer for this text',
      cost: { amountMicro: 0n },
      tries: 1,
    })
  })

  it('needs no labels of the task', async () => {
    const { teacher } = await openTask(
      { labels: undefined, teacher: { type: 'replay', file: 'labelled.csv' } },
      { folder },
    )
    expect(await teacher.ask({ text: 'my notes' })).toMatchObject({ answer: { label: 'cash' } })
  })
})

describe('mistakes in the set-up', () => {
  it('are listed all at once, of all tasks, without a secret', async () => {
    const labels = { card: 'About a card', cash: 'About cash' }
    const openai = {
      type: 'openai',
      baseUrl: server.url,
      model: 'tiny',
      apiKeyEnv: 'MISSING_KEY',
      examples: [{ text: 'a', answer: 'else' }],
    }
    const http = { type: 'http', url: server.url, body: '{{text}}', answer: '', headersEnv: { 'x-key': 'BROKEN_KEY' } }
    const tasks = {
      first: taskConfigSchema.parse({ kind: 'classify', labels, teacher: openai }),
      second: taskConfigSchema.parse({ kind: 'classify', labels, teacher: http }),
      third: taskConfigSchema.parse({
        kind: 'classify',
        labels: { card: 'a', chip: 'b' },
        teacher: { type: 'replay', file: 'labelled.csv' },
      }),
      fourth: taskConfigSchema.parse({ kind: 'classify', teacher: { type: 'replay', file: 'nowhere.csv' } }),
      fifth: taskConfigSchema.parse({}),
    }
    const opening = openTeachers({
      tasks,
      folder,
      budgetStore: createMemoryBudgetStore(),
      labelQueue: { enqueue: () => Promise.reject(), awaitAnswer: () => Promise.reject() },
      environment: { BROKEN_KEY: `${secret}\nx` },
    })
    const error = await opening.catch((reason: unknown) => reason)
    expectNoSecret(error)
    expect((error as { code: string }).code).toBe('teacher.bad-setup')
    expect((error as Error).message.replaceAll(folder, '')).toMatchInlineSnapshot(`
      "Teachers cannot begin their work:
        tasks.first.teacher: the environment variable MISSING_KEY is not set
        tasks.first.teacher: examples.0: the label is none of the task's 2
        tasks.second.teacher: the environment variable BROKEN_KEY has characters that no header may have
        tasks.third.teacher: labelled.csv has labels that the task lacks: cash
        tasks.fourth.teacher: /nowhere.csv does not exist"
    `)
  })
})
