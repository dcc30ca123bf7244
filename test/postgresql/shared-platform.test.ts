/** Two platforms on one PostgreSQL server and one data folder, as two processes would have them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createPlatform, type Platform } from '../../src/platform/index.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'
import { createTestDatabase } from '../open-test-store.ts'

let folder: string
let server: Platform
let trainer: Platform

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-shared-'))
  const databaseUrl = await createTestDatabase()
  server = await createPlatform({ projectFolder: folder, databaseUrl })
  trainer = await createPlatform({ projectFolder: folder, databaseUrl })
})
afterAll(async () => {
  await Promise.all([server.close(), trainer.close()])
  await rm(folder, { recursive: true })
})

it('one answers with what the other has trained, and with what it promotes while the first serves', async () => {
  const data = join(folder, 'tickets.csv')
  await writeFile(data, tinyCsv({ rowsPerLabel: 20 }))
  const request = { task: 'tiny', data, base: await writeTinyEncoder(join(folder, 'base')), settings: { epochs: 1 } }
  const [first] = await Promise.all([trainer.train(request), server.train({ ...request, task: 'other' })])
  await server.loadModels()
  const answering = async () => (await server.predict('tiny', ['where is my card'])).model.id
  expect(await answering()).toBe(first.model.id)
  const second = await trainer.train({ ...request, settings: { epochs: 1, seed: 7 } })
  expect(await answering()).toBe(first.model.id)
  await trainer.promote('tiny', second.model.version)
  await expect.poll(answering, { timeout: 120_000 }).toBe(second.model.id)
  expect((await server.listRuns()).map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded'])
})
