import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CapstanError } from '../../src/base/index.ts'
import { createPlatform } from '../../src/platform/index.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-config-'))
})
afterAll(() => rm(folder, { recursive: true }))

it('names the line of every mistake in a task and its teacher, and never quotes a key', async () => {
  const file = join(folder, 'capstan.yaml')
  await writeFile(
    file,
    `storge: here
tasks:
  support:
    kind: classify
    labels:
      card: About a card
      cash: ""
    teacher:
      type: openai
      baseUrl: api.example.com
      model: tiny
      apiKey: sk-secret
      apiKeyEnv: sk-secret
      limits:
        triesMax: 0
  second:
    teacher:
      type: oracle
  third:
    kind: regress
    teacherBudgetPerDay: { amount: 5, currency: EUR }
    teacher: { type: human }
`,
  )
  const error = (await createPlatform({ projectFolder: folder }).catch((reason: unknown) => reason)) as CapstanError
  expect(error.code).toBe('config.invalid')
  expect(JSON.stringify(error)).not.toContain('sk-secret')
  expect(error.message.replace(folder, '')).toMatchInlineSnapshot(`
    "/capstan.yaml is not a valid configuration:
      line 7: tasks.support.labels.cash: Too small: expected string to have >=1 characters
      line 10: tasks.support.teacher.baseUrl: must be an address that begins with http:// or https://
      line 13: tasks.support.teacher.apiKeyEnv: must be the name of an environment variable, such as OPENAI_API_KEY, never the key itself
      line 15: tasks.support.teacher.limits.triesMax: Too small: expected number to be >=1
      line 12: tasks.support.teacher.apiKey: is no setting
      line 18: tasks.second.teacher.type: must be one of openai, http, human and replay
      line 21: tasks.third.teacherBudgetPerDay.currency: must be USD, in which the teacher is paid: nothing is converted
      line 1: storge: is no setting"
  `)
})
