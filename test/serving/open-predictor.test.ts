import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { predictionsOf } from '../../src/contracts/index.ts'
import { openPredictor, type Predictor } from '../../src/serving/index.ts'
import { createClassifierFolders } from '../tiny-classifier.ts'

const folders = createClassifierFolders()
afterAll(() => folders.remove())

describe('a predictor', () => {
  let predictor: Predictor
  beforeAll(async () => {
    predictor = await openPredictor(await folders.write({ words: ['card', 'money', 'phone'] }), { tokensMax: 32 })
  })
  afterAll(() => predictor.close())
  const predict = async (texts: readonly string[]) => predictionsOf(await predictor.predict(texts), 'classify')

  it('answers with the best label and all scores, best first, that sum to one', async () => {
    const [prediction] = await predict(['my card and money card'])
    expect(prediction?.label).toBe('card')
    expect(prediction?.scores.map(({ label }) => label)).toEqual(['card', 'money', 'phone'])
    expect(prediction?.score).toBe(prediction?.scores[0]?.score)
    expect(prediction?.scores.reduce((sum, { score }) => sum + score, 0)).toBeClose(1, { absolute: 1e-6 })
  })

  it('computes the softmax of the logits', async () => {
    // Two of the four tokens, [CLS] and [SEP] included, are "card": logits 5, 0, 0.
    const [prediction] = await predict(['card card'])
    const expected = [Math.exp(5), 1, 1].map((value) => value / (Math.exp(5) + 2))
    expect(prediction?.scores.map(({ score }) => score)).toBeClose(expected, { absolute: 1e-6 })
  })

  it('answers in the order of the texts, whatever their lengths', async () => {
    const texts = ['phone '.repeat(20), 'card', 'money money money', 'card '.repeat(9), 'phone']
    const predictions = await predict(texts)
    expect(predictions.map(({ label }) => label)).toEqual(['phone', 'card', 'money', 'card', 'phone'])
  })

  it('gives a text the same scores alone as beside longer ones, so padding does not count', async () => {
    const [alone] = await predict(['lost my card'])
    const [, beside] = await predict(['money '.repeat(25), 'lost my card', 'phone '.repeat(12)])
    expect(beside?.scores.map(({ score }) => score)).toBeClose(alone?.scores.map(({ score }) => score) ?? [], {
      absolute: 1e-6,
    })
  })

  it('says which texts it read only in part', async () => {
    const predictions = await predict(['card', `${'card '.repeat(60)} phone`])
    expect(predictions.map(({ truncated }) => truncated)).toEqual([false, true])
  })

  it('answers texts with lone surrogates, control characters and no known word', async () => {
    const predictions = await predict(['\ud800', '\u0000\u0007', '𓀀𓀁', ''])
    expect(predictions).toHaveLength(4)
    for (const { score } of predictions) expect(score).toBeClose(1 / 3, { absolute: 1e-6 })
  })

  it('answers no texts with no predictions', async () => {
    expect(await predict([])).toEqual([])
  })
})

describe('opening a folder', () => {
  it.each([
    ['that is not there', 'serving.no-model-folder', async () => '/no/such/folder'],
    ['of a base model', 'serving.invalid-model', () => folders.write({ config: { id2label: undefined } })],
    [
      'whose labels have gaps',
      'serving.invalid-model',
      () => folders.write({ config: { id2label: { 0: 'a', 2: 'b' } } }),
    ],
    [
      'with more labels than logits',
      'serving.invalid-model',
      () => folders.write({ config: { id2label: { 0: 'a', 1: 'b', 2: 'c' } } }),
    ],
    [
      'of an unknown problem',
      'serving.unsupported-problem-type',
      () => folders.write({ config: { problem_type: 'riddle' } }),
    ],
    ['without its ONNX file', 'runtime.no-model', () => removeModel(folders.write())],
  ])('%s is refused', async (_, code, write) => {
    await expect(openPredictor(await write())).rejects.toMatchObject({ code })
  })
})

async function removeModel(written: Promise<string>): Promise<string> {
  const folder = await written
  await rm(join(folder, 'onnx', 'model.onnx'))
  return folder
}
