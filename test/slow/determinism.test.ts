import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sha256 } from '../../src/base/index.ts'
import { type Example, readExamples } from '../../src/data/index.ts'
import { startTraining } from '../../src/training/index.ts'

const root = join(import.meta.dirname, '../..')
let folder: string
let examples: Example[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-determinism-'))
  examples = (await readExamples({ path: join(root, 'examples/banking77/train.csv') })).examples.filter(
    (_, i) => i % 10 === 0,
  )
})

afterAll(() => rm(folder, { recursive: true }))

describe('the bundled base on real questions', () => {
  it('comes to the same weights twice, bit for bit, on all cores', async () => {
    const train = async (name: string) => {
      const outputFolder = join(folder, name)
      await startTraining({
        baseFolder: join(root, 'models/all-MiniLM-L6-v2'),
        outputFolder,
        train: examples,
        validation: [],
        settings: { epochs: 2 },
      }).result
      return sha256(readFileSync(join(outputFolder, 'onnx/model.onnx')))
    }
    expect(await train('one')).toBe(await train('two'))
  })
})
