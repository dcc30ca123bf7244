import { describe, expect, it } from 'vitest'
import { taskConfigSchema } from './task-config.ts'

const labels = { card: 'About a card', cash: 'About cash' }
const openai = { type: 'openai', baseUrl: 'https://api.example.com/v1', model: 'tiny' }
const http = { type: 'http', url: 'https://example.com/label', body: { q: '{{text}}' }, answer: '/label' }
const replay = { type: 'replay', file: 'labelled.csv' }

function faultsOf(task: unknown): string[] {
  const { error } = taskConfigSchema.safeParse(task)
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('a task with a teacher', () => {
  it.each([openai, http, replay, { type: 'human' }])('needs no more than this: %j', (teacher) => {
    expect(faultsOf({ kind: 'classify', labels, teacher })).toEqual([])
  })

  it('has limits, prices and forms by default', () => {
    const { teacher } = taskConfigSchema.parse({ kind: 'classify', labels, teacher: openai })
    expect(teacher).toMatchObject({
      prices: { inputPerMillion: '0', outputPerMillion: '0' },
      structuredOutput: 'auto',
      limits: { timeoutMs: 20_000, triesMax: 3, concurrency: 8, queueMax: 256, breakerFailures: 5 },
    })
  })

  it.each([
    [{ teacher: openai }, ['kind', 'labels']],
    [{ kind: 'tag', labels, teacher: openai }, ['kind']],
    [{ kind: 'classify', labels: { card: 'one' }, teacher: openai }, ['labels']],
    [{ kind: 'classify', labels: { ...labels, ' x': 'a' }, teacher: openai }, ['labels. x']],
    [{ kind: 'classify', labels: { ...labels, x: '' }, teacher: openai }, ['labels.x']],
    [{ kind: 'regress', labels, teacher: openai }, ['labels']],
    [{ kind: 'regress', range: { min: 1, max: 1 }, teacher: openai }, ['range']],
    [{ kind: 'classify', range: { min: 0, max: 1 }, labels, teacher: openai }, ['range']],
    [{ kind: 'classify', labels, teacher: { type: 'oracle' } }, ['teacher.type']],
    [{ kind: 'classify', labels, teacher: { ...openai, apiKey: 'sk-1' } }, ['teacher']],
    [{ kind: 'classify', labels, teacher: { ...openai, apiKeyEnv: 'sk-secret' } }, ['teacher.apiKeyEnv']],
    [{ kind: 'classify', labels, teacher: { ...openai, baseUrl: 'https://a:b@example.com' } }, ['teacher.baseUrl']],
    [{ kind: 'classify', labels, teacher: { ...openai, baseUrl: 'ftp://example.com' } }, ['teacher.baseUrl']],
    [{ kind: 'classify', labels, teacher: { ...openai, parameters: { model: 'other' } } }, ['teacher.parameters']],
    [{ kind: 'classify', labels, teacher: { ...http, body: { q: 'text' } } }, ['teacher.body']],
    [{ kind: 'classify', labels, teacher: { ...http, answer: '$.label' } }, ['teacher.answer']],
    [{ kind: 'classify', labels, teacher: { ...http, headersEnv: { 'a b': 'KEY' } } }, ['teacher.headersEnv.a b']],
    [{ kind: 'classify', labels, teacher: { type: 'human', waitMs: 20_000 } }, ['teacher.waitMs']],
    [
      { kind: 'classify', labels, teacher: openai, teacherBudgetPerDay: { amount: 5, currency: 'EUR' } },
      ['teacherBudgetPerDay.currency'],
    ],
    [{ teacherBudgetPerDay: { amount: 5, currency: 'EUR' } }, ['teacherBudgetPerDay']],
    [{ target: { agreement: 95 } }, ['target.agreement']],
    [{ retention: 'some' }, ['retention']],
  ])('is refused where it does not fit together: %j', (task, paths) => {
    const faults = faultsOf(task)
    expect(faults.map((fault) => fault.split(': ')[0])).toEqual(paths)
    expect(faults.join()).not.toContain('sk-')
  })
})
