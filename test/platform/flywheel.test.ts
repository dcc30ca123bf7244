import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom, shuffle } from '../../src/base/index.ts'
import { createPlatform, type Platform } from '../../src/index.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'

let folder: string
let platform: Platform
let texts: { text: string; label: string }[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-flywheel-'))
  await writeTinyEncoder(join(folder, 'base'))
  const csv = tinyCsv({ rowsPerLabel: 300 })
  await writeFile(join(folder, 'answers.csv'), csv)
  const rows = csv
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
  texts = shuffle(
    rows.map(([text = '', label = '']) => ({ text, label })),
    createRandom(1, 'stream'),
  )
  await writeFile(
    join(folder, 'capstan.yaml'),
    `tasks:
  support:
    kind: classify
    base: ${join(folder, 'base')}
    teacher: { type: replay, file: answers.csv, pricePerCall: { amount: "0.01", currency: USD } }
    auditShare: 0.2
    retraining: { examplesMin: 150, growth: 3, epochs: 8, folds: 2 }
`,
  )
  platform = await createPlatform({ projectFolder: folder, random: createRandom(1, 'audits') })
})

afterAll(async () => {
  await platform.close()
  await rm(folder, { recursive: true })
})

describe('the flywheel', () => {
  it('answers by the teacher, learns, and takes the traffic over under the promise', async () => {
    const first = await platform.answer('support', [texts[0]?.text as string])
    expect(first.model).toBeNull()
    expect(first.predictions[0]).toMatchObject({ source: 'teacher', label: texts[0]?.label, below_target: false })
    const sources: string[] = []
    let right = 0
    for (const { text, label } of texts.slice(1)) {
      const { predictions } = await platform.answer('support', [text])
      const [prediction] = predictions
      sources.push(prediction?.source as string)
      if (prediction?.source === 'model' && prediction.kind === 'classify' && prediction.label === label) right++
      await platform.idle()
    }
    const own = sources.filter((source) => source === 'model').length
    const status = await platform.gateStatus('support')
    console.log(
      own,
      right,
      sources.length,
      JSON.stringify(status, (_, v) => (typeof v === 'bigint' ? String(v) : v), 1),
    )
    expect(own).toBeGreaterThan(100)
    expect(right / own).toBeGreaterThan(0.9)
  })
})
