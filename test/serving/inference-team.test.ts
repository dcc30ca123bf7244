import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { predictionsOf } from '../../src/contracts/index.ts'
import { type BatchReport, InferenceTeam, openPredictor } from '../../src/serving/index.ts'
import { createClassifierFolders } from '../tiny-classifier.ts'

const folders = createClassifierFolders()
let folder: string
beforeAll(async () => {
  folder = await folders.write()
})
afterAll(() => folders.remove())

const texts = Array.from({ length: 700 }, (_, i) => `${i % 3 === 0 ? 'card' : 'money'}${' word'.repeat(i % 17)}`)

describe('a team', () => {
  it('answers as one predictor does, in the order of the texts, and counts what it ran', async () => {
    const reports: BatchReport[] = []
    const team = await InferenceTeam.start({ folder }, { members: 2, onBatch: (report) => reports.push(report) })
    const ready: number[] = []
    const predictions = await team.predict(texts, (count) => ready.push(count))
    await team.close()
    const predictor = await openPredictor(folder)
    const expected = predictionsOf(await predictor.predict(texts), 'classify')
    await predictor.close()
    const answered = predictionsOf(predictions, 'classify')
    expect(answered.map(({ label }) => label)).toEqual(expected.map(({ label }) => label))
    expect(answered.map(({ score }) => score)).toBeClose(
      expected.map(({ score }) => score),
      { absolute: 1e-6 },
    )
    const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)
    expect(sum(ready)).toBe(700)
    expect(sum(reports.map(({ rows }) => rows))).toBe(700)
  })

  it('gives the same numbers whatever the count of its members', async () => {
    const answers = []
    for (const members of [1, 3]) {
      const team = await InferenceTeam.start({ folder }, { members })
      answers.push(await team.predict(texts))
      await team.close()
    }
    expect(answers[1]).toEqual(answers[0])
  })

  it('of a folder without a model is refused as a predictor is', async () => {
    await expect(InferenceTeam.start({ folder: `${folder}/onnx` }, { members: 2 })).rejects.toMatchObject({
      code: 'serving.no-model-folder',
    })
  })

  it('refuses inputs that the model does not answer, and answers others', async () => {
    const single = await folders.write({ config: { capstan: { kind: 'classify', pairs: false } } })
    const team = await InferenceTeam.start({ folder: single }, { members: 1 })
    await expect(team.predict([{ text: 'card', text_pair: 'money' }])).rejects.toMatchObject({
      code: 'serving.pair-mismatch',
    })
    expect(predictionsOf(await team.predict(['card']), 'classify')[0]?.label).toBe('card')
    await team.close()
  })
})
