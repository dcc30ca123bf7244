import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Example, readExamples } from '../../src/data/index.ts'
import type { TrainRequest } from '../../src/training/index.ts'
import { killAndResume } from '../training/kill-and-resume.ts'

const root = join(import.meta.dirname, '../..')
const killCount = 20
let folder: string
let examples: Example[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-kills-'))
  const { examples: all } = await readExamples({ path: join(root, 'examples/banking77/train.csv') })
  examples = all.filter((_, i) => i % 80 === 0)
})

afterAll(() => rm(folder, { recursive: true }))

const request = (name: string): TrainRequest => ({
  baseFolder: join(root, 'models/all-MiniLM-L6-v2'),
  outputFolder: join(folder, name),
  train: examples,
  validation: [],
  settings: { epochs: 2 },
  // Some kills fall into the writing of a checkpoint, some between two.
  checkpoint: { folder: join(folder, `${name}-checkpoint`), everySeconds: 1 },
})

describe('the bundled base on real questions', () => {
  it(`comes to the same weights after SIGKILL at each of ${killCount} random steps`, async () => {
    for await (const kill of killAndResume(request, { count: killCount, seed: 1 })) {
      expect(kill).toEqual({ ...kill, isSame: true })
    }
  })
})
