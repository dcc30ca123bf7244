import { afterAll, describe, expect, it } from 'vitest'
import type { Prediction, PredictionInput } from '../../src/contracts/index.ts'
import { openPredictor, startInference } from '../../src/serving/index.ts'
import { createClassifierFolders, type TinyClassifier } from '../tiny-classifier.ts'

const folders = createClassifierFolders()
afterAll(() => folders.remove())

/** Through a predictor in this thread and through one in a worker, which must agree. */
async function answer(model: TinyClassifier, inputs: readonly PredictionInput[]): Promise<Prediction[]> {
  const folder = await folders.write(model)
  const predictor = await openPredictor(folder)
  const predictions = await predictor.predict(inputs)
  await predictor.close()
  const inference = await startInference(folder)
  expect(await inference.predict(inputs)).toEqual(predictions)
  await inference.close()
  return predictions
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))

describe('a model of several labels', () => {
  it('gives those that reach their own threshold, and all scores', async () => {
    // Of the five tokens, [CLS] and [SEP] included, two are "card" and one is "money": logits 4, 2 and 0.
    const capstan = { kind: 'multilabel', thresholds: [0.99, 0.6, 0.5] }
    const [prediction] = await answer({ words: ['card', 'money', 'phone'], config: { capstan } }, ['card money card'])
    expect(prediction).toMatchObject({ kind: 'multilabel', labels: ['money', 'phone'] })
    expect(prediction?.kind === 'multilabel' && prediction.scores.map(({ score }) => score)).toBeClose(
      [sigmoid(4), sigmoid(2), 0.5],
      { absolute: 1e-6 },
    )
  })

  it('of another program has thresholds of a half', async () => {
    const config = { problem_type: 'multi_label_classification' }
    const [prediction] = await answer({ words: ['card', 'money'], config }, ['card'])
    expect(prediction).toMatchObject({ kind: 'multilabel', labels: ['card', 'money'] })
  })
})

it('a model of numbers gives the number', async () => {
  const [prediction] = await answer({ words: ['card'], config: { capstan: { kind: 'regress' } } }, ['card card'])
  expect(prediction).toEqual({ kind: 'regress', value: 5, truncated: false })
})

it('a model of grades gives the median, the mean and the share of each, lowest first', async () => {
  // One of three tokens is "card": above the first grade with sigmoid(10 / 3), above the second with a half.
  const id2label = { 0: '1', 1: '2', 2: '5' }
  const config = { id2label, capstan: { kind: 'ordinal', values: [1, 2, 5] } }
  const [prediction] = await answer({ words: ['card', 'money'], config }, ['card'])
  const above = sigmoid(10 / 3)
  const shares = [1 - above, above - 0.5, 0.5]
  expect(prediction).toMatchObject({ kind: 'ordinal', label: '2' })
  if (prediction?.kind !== 'ordinal') return expect.unreachable()
  expect(prediction.scores.map(({ label }) => label)).toEqual(['1', '2', '5'])
  expect(prediction.scores.map(({ score }) => score)).toBeClose(shares, { absolute: 1e-6 })
  return expect(prediction.value).toBeClose(1 * (1 - above) + 2 * (above - 0.5) + 5 * 0.5, { absolute: 1e-6 })
})

describe('a model of spans', () => {
  const model: TinyClassifier = {
    output: 'tokens',
    words: ['is', 'card', 'phone', 'bank'],
    config: { id2label: { 0: 'O', 1: 'B-THING', 2: 'I-THING', 3: 'B-PLACE' }, capstan: { kind: 'tag' } },
  }

  it('gives each with its text, place, label and score, whatever stands beside it', async () => {
    const texts = ['is is card phone is bank!', 'is', `${'is '.repeat(30)}bank bank`, 'phone card']
    const found = (await answer(model, texts)).map((prediction) =>
      prediction.kind === 'tag' ? prediction.spans.map(({ text, start, end, label }) => [text, start, end, label]) : [],
    )
    expect(found).toEqual([
      [
        ['card phone', 6, 16, 'THING'],
        ['bank', 20, 24, 'PLACE'],
      ],
      [],
      [
        ['bank', 90, 94, 'PLACE'],
        ['bank', 95, 99, 'PLACE'],
      ],
      [
        ['phone', 0, 5, 'THING'],
        ['card', 6, 10, 'THING'],
      ],
    ])
  })

  it('scores a span by the mean of its words', async () => {
    const [prediction] = await answer(model, ['card phone'])
    const share = Math.exp(10) / (Math.exp(10) + 3)
    expect(prediction?.kind === 'tag' && prediction.spans.map(({ score }) => score)).toBeClose([share], {
      absolute: 1e-6,
    })
  })

  it('takes no pairs', async () => {
    await expect(answer(model, [{ text: 'card', text_pair: 'bank' }])).rejects.toMatchObject({
      code: 'serving.pair-mismatch',
    })
  })
})

it('a model of embeddings gives the vector', async () => {
  const config = { id2label: undefined, capstan: { kind: 'embed' } }
  const model: TinyClassifier = { output: 'embedding', words: ['card', 'money'], config }
  const [prediction] = await answer(model, ['card money'])
  expect(prediction).toEqual({ kind: 'embed', embedding: [2.5, 2.5], truncated: false })
})

describe('pairs', () => {
  const model = (pairs?: boolean): TinyClassifier => ({ config: { capstan: { kind: 'classify', pairs } } })

  it('are read as one input', async () => {
    const inputs = [{ text: 'card', text_pair: 'money' }, { text: 'card' }, 'money']
    const [pair] = await answer(model(), inputs)
    expect(pair).toMatchObject({ scores: [{ score: 0.5 }, { score: 0.5 }] })
  })

  it('are asked for by a model of pairs, and refused by one of single texts', async () => {
    await expect(answer(model(true), ['card'])).rejects.toMatchObject({
      code: 'serving.pair-mismatch',
      message: 'Input 1 of 1 is a single text, and this model answers pairs',
    })
    await expect(answer(model(false), ['card', { text: 'card', text_pair: 'money' }])).rejects.toThrow(
      'Input 2 of 2 is a pair, and this model answers single texts',
    )
  })
})

describe('a folder is refused', () => {
  const id2label = { 0: 'a', 1: 'b' }
  it.each<[string, TinyClassifier, RegExp]>([
    [
      'whose thresholds are not as many as its labels',
      { config: { capstan: { kind: 'multilabel', thresholds: [0.5] } } },
      /2 labels, but has 1/,
    ],
    ['whose kind is unknown', { config: { capstan: { kind: 'poem' } } }, /capstan\.kind/],
    [
      'whose logits are none of grades',
      { config: { id2label, capstan: { kind: 'ordinal', values: [1, 2] } } },
      /returns \[1, 2\]/,
    ],
    ['that tags, but gives one row a text', { config: { capstan: { kind: 'tag' } } }, /returns \[1, 2\]/],
    [
      'that embeds, but has no such output',
      { config: { capstan: { kind: 'embed' } } },
      /no output named sentence_embedding/,
    ],
  ])('%s', async (_, model, message) => {
    await expect(openPredictor(await folders.write(model))).rejects.toMatchObject({
      code: 'serving.invalid-model',
      message: expect.stringMatching(message),
    })
  })
})
