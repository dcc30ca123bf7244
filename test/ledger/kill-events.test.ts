import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openStore } from '../../src/storage/index.ts'
import { postAndKill } from './kill-events.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-kill-events-'))
  const store = await openStore({
    folder: join(folder, 'data'),
    templateFolder: join(tmpdir(), 'capstan-test-database'),
  })
  await store.close()
})
afterAll(() => rm(folder, { recursive: true }))

it('loses no acknowledged event and counts none twice when its process is killed', async () => {
  const survived = await postAndKill(join(folder, 'data'), { kills: 2, seed: 1 })
  expect(survived).toMatchObject({ kills: 2, lost: 0, booked: 1 })
})
