import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { postAndKill } from '../ledger/kill-events.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-kill-events-'))
})
afterAll(() => rm(folder, { recursive: true }))

it('loses no acknowledged event and counts none twice when its process is killed 20 times', async () => {
  const survived = await postAndKill(join(folder, 'data'), { kills: 20, seed: 1 })
  expect(survived.acknowledged).toBeGreaterThanOrEqual(20 * 50)
  expect(survived).toMatchObject({ kills: 20, lost: 0, booked: 1 })
})
