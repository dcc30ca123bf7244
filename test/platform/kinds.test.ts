/** Every kind of task from a file to predictions: training, the saved folder, serving and evaluation. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom, type Random } from '../../src/base/index.ts'
import type { TaskKind } from '../../src/contracts/index.ts'
import { type FinetuneOptions, finetune } from '../../src/platform/index.ts'
import { writeTinyEncoder } from '../fixtures/tiny-encoder.ts'

let folder: string
let base: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-kinds-'))
  base = await writeTinyEncoder(join(folder, 'base'))
})

afterAll(() => rm(folder, { recursive: true }))

const common = 'my has not where is the i it was please help a how do can on'.split(' ')
const pick = (random: Random, words: readonly string[]) => words[random.integer(words.length)] as string
/** Common words with some of one's own among them. */
const textOf = (random: Random, own: readonly string[]) => {
  const words = Array.from({ length: 5 }, () => pick(random, common))
  for (const word of own) words.splice(random.integer(words.length + 1), 0, word)
  return words.join(' ')
}

/** Trains on rows, each of which a function draws; the words of `answer` decide it. */
async function trained<Kind extends TaskKind>(
  kind: Kind,
  rows: (random: Random) => Record<string, unknown>,
  { count = 160, ...settings }: FinetuneOptions['settings'] & { count?: number } = {},
) {
  const write = async (name: string, seed: number, size: number) => {
    const random = createRandom(seed, 'kinds')
    const path = join(folder, `${kind}-${name}.jsonl`)
    await writeFile(path, Array.from({ length: size }, () => `${JSON.stringify(rows(random))}\n`).join(''))
    return path
  }
  const [data, test] = [await write('train', 1, count), await write('test', 2, 40)]
  return finetune({
    kind,
    data,
    test,
    base,
    output: join(folder, `model-${kind}`),
    settings: { epochs: 12, tokensPerBatch: 128, learningRate: 5e-3, headLearningRate: 3e-2, ...settings },
  })
}

const configOf = async (model: { folder: string }) =>
  JSON.parse(await readFile(join(model.folder, 'config.json'), 'utf8')) as Record<string, unknown>

describe('a model of kind', () => {
  it('multilabel names each label that a text bears, and none where there is none', async () => {
    const words = { card: 'card', money: 'money', pin: 'pin' }
    const { model, report } = await trained('multilabel', (random) => {
      const labels = Object.keys(words).filter(() => random.float() < 0.4)
      return { text: textOf(random, labels), labels }
    })
    const [both, none] = await model.predict(['please help my card and money', 'where is it'])
    await model.close()
    expect(both?.labels.toSorted()).toEqual(['card', 'money'])
    expect(none?.labels).toEqual([])
    expect(report.test).toMatchObject({ kind: 'multilabel', primary: { name: 'micro F1' } })
    expect(report.test.microF1).toBeGreaterThan(0.9)
    expect(await configOf(model)).toMatchObject({ problem_type: 'multi_label_classification' })
  })

  it('regress answers in the units of the data', async () => {
    const values: Record<string, number> = { late: 5000, new: 1000, lost: 9000 }
    const { model, report } = await trained(
      'regress',
      (random) => {
        const word = pick(random, Object.keys(values))
        return { text: textOf(random, [word]), value: (values[word] as number) + random.integer(100) }
      },
      { epochs: 20 },
    )
    const [late] = await model.predict(['where is it my late please'])
    await model.close()
    expect(late?.value).toBeGreaterThan(4000)
    expect(late?.value).toBeLessThan(6000)
    expect(report.test.r2).toBeGreaterThan(0.9)
  })

  it('ordinal names the grade, and a number between grades', async () => {
    const grades: Record<string, number> = { stolen: 1, late: 2, new: 3, top2: 5 }
    const { model, report } = await trained(
      'ordinal',
      (random) => {
        const word = pick(random, Object.keys(grades))
        return { text: textOf(random, [word]), value: grades[word] }
      },
      { epochs: 20 },
    )
    const [bad, good] = await model.predict(['my card was stolen please', 'where is the new it help'])
    await model.close()
    expect(bad?.label).toBe('1')
    expect(good?.label).toBe('3')
    expect(good?.value).toBeGreaterThan(bad?.value as number)
    expect(report.test.quadraticKappa).toBeGreaterThan(0.8)
  })

  it('tag finds spans, with their place in the text', async () => {
    const spans = { item: ['card', 'pin', 'app'], fault: ['exchange rate', 'late fee'] }
    const { model, report } = await trained('tag', (random) => {
      const found = Object.entries(spans).flatMap(([label, phrases]) =>
        random.float() < 0.7 ? [{ label, phrase: pick(random, phrases) }] : [],
      )
      let text = pick(random, common)
      const placed = found.map(({ label, phrase }) => {
        text += ` ${pick(random, common)} `
        const start = text.length
        text += phrase
        return { start, end: text.length, label }
      })
      return { text: `${text} ${pick(random, common)}`, spans: placed }
    })
    const text = 'where is my card the exchange rate is wrong'
    const [prediction] = await model.predict([text])
    await model.close()
    expect(prediction?.spans.map(({ label, text: found }) => [label, found])).toEqual([
      ['item', 'card'],
      ['fault', 'exchange rate'],
    ])
    expect(report.test).toMatchObject({ kind: 'tag', primary: { name: 'span F1' } })
    expect(report.test.microF1).toBeGreaterThan(0.9)
    expect(await configOf(model)).toMatchObject({ architectures: ['BertForTokenClassification'] })
  })

  it.each([false, true])('embed puts a text next to its match (a negative given: %s)', async (hasNegative) => {
    const topics = ['card', 'money', 'pin', 'app', 'fee', 'rate', 'code', 'transfer']
    const { model, report } = await trained(
      'embed',
      (random) => {
        const topic = pick(random, topics)
        const other = pick(
          random,
          topics.filter((word) => word !== topic),
        )
        const negative = hasNegative ? { negative: textOf(random, [other]) } : {}
        return { text: textOf(random, [topic]), positive: textOf(random, [topic]), ...negative }
      },
      { tokensPerBatch: 256 },
    )
    const [a, b, c] = await model.predict(['help my card', 'the card please', 'how do i transfer'])
    await model.close()
    const cosine = (x: readonly number[] = [], y: readonly number[] = []) =>
      x.reduce((sum, value, i) => sum + value * (y[i] as number), 0)
    expect(cosine(a?.embedding, a?.embedding)).toBeCloseTo(1, 5)
    expect(cosine(a?.embedding, b?.embedding)).toBeGreaterThan(cosine(a?.embedding, c?.embedding) + 0.3)
    expect(report.test.kind).toBe('embed')
  })

  it('embed learns from labels, too: texts of one label are matches', async () => {
    const { report } = await trained('embed', (random) => {
      const label = pick(random, ['card', 'money', 'pin'])
      return { text: textOf(random, [label]), label }
    })
    expect(report.test.recallAt1).toBeGreaterThan(0.8)
  })

  it('classify tells the texts of a pair apart: the second decides, and the first misleads', async () => {
    const answers: Record<string, string> = { new: 'fresh', late: 'slow' }
    const { model, report } = await trained(
      'classify',
      (random) => {
        const [first, second] = [pick(random, ['new', 'late']), pick(random, ['new', 'late'])]
        return { text: textOf(random, [first]), text_pair: textOf(random, [second]), label: answers[second] }
      },
      { epochs: 16, count: 240 },
    )
    const [prediction] = await model.predict([{ text: 'it is late', text_pair: 'it is new' }])
    await model.close()
    expect(prediction?.label).toBe('fresh')
    expect(report.test.accuracy).toBeGreaterThan(0.8)
    expect(await configOf(model)).toMatchObject({ capstan: { kind: 'classify', pairs: true } })
  })
})
