import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env, pipeline } from '@huggingface/transformers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type FinetunedModel, finetune } from '../../src/index.ts'
import { tinyCsv, writeTinyEncoder } from '../fixtures/tiny-encoder.ts'

let folder: string
let model: FinetunedModel

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-transformers-js-'))
  const data = join(folder, 'tickets.csv')
  await writeFile(data, tinyCsv({ rowsPerLabel: 30 }))
  const base = await writeTinyEncoder(join(folder, 'base'))
  model = (await finetune({ data, base, output: join(folder, 'model'), settings: { epochs: 2 } })).model
})

afterAll(async () => {
  await model.close()
  await rm(folder, { recursive: true })
})

it('a saved folder opens in transformers.js and gives the same labels and scores within 1e-4', async () => {
  env.allowRemoteModels = false
  env.localModelPath = folder
  const classify = await pipeline('text-classification', 'model', { dtype: 'fp32' })
  // Of different lengths, so that padding and mask count. Where a text is too long, transformers.js cuts off the closing
  // [SEP] with it, and we, as its Python original, keep it.
  const texts = ['my card has not arrived', 'top up failed', 'it was stolen please help i lost the card', 'unknownword']
  const ours = await model.predict(texts)
  const theirs = (await classify(texts, { top_k: 3 })) as { label: string; score: number }[][]
  await classify.dispose()
  for (const [i, prediction] of ours.entries()) {
    expect(theirs[i]?.map(({ label }) => label)).toEqual(prediction.scores.map(({ label }) => label))
    expect(theirs[i]?.map(({ score }) => score)).toBeClose(
      prediction.scores.map(({ score }) => score),
      { absolute: 1e-4 },
    )
  }
})
