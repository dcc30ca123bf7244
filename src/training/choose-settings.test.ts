import { describe, expect, it } from 'vitest'
import type { TaskKind } from '../contracts/index.ts'
import { chooseSettings, type SettingsFacts } from './choose-settings.ts'
import type { TrainingSettings } from './settings.ts'

/** Of a classifier on a sentence encoder of 22 M weights, with as many examples of each label. */
function facts({
  examples = 770,
  labels = 77,
  ...more
}: Partial<SettingsFacts> & { examples?: number; labels?: number }) {
  const labelCounts = new Map(Array.from({ length: labels }, (_, i) => [`label ${i}`, examples / labels]))
  const base = {
    kind: 'classify',
    pairs: false,
    sentencePooling: 'mean',
    weightCount: 22e6,
    memoryBytes: 8 * 2 ** 30,
  } as const
  return { ...base, exampleCount: examples, labelCounts, ...more }
}

type Case = [what: string, facts: SettingsFacts, settings: Partial<TrainingSettings>, reason: string]
const cases: Case[] = [
  ['a few examples of each label', facts({}), { epochs: 12 }, '770 examples, 10 a label (few-shot)'],
  [
    'a few examples of each label that is called by words',
    facts({
      labelCounts: new Map([
        ['lost_card', 5],
        ['card arrival', 5],
      ]),
      examples: 10,
    }),
    { labelExamples: 1, learningRate: 2e-4 },
    '10 examples, 5 a label, and labels are named in words: the name of each is one more example',
  ],
  ['one example of each label', facts({ examples: 77 }), { epochs: 12 }, '77 examples, 1 a label (small)'],
  [
    'few examples, of few labels',
    facts({ examples: 600, labels: 2 }),
    { epochs: 12 },
    '600 examples, 300 a label (small)',
  ],
  ['numbers', facts({ kind: 'regress', labels: 0 }), { epochs: 12 }, '770 examples (small)'],
  ['1,000 examples', facts({ examples: 1_000, labels: 10 }), { epochs: 6 }, '1000 examples, 100 a label (medium)'],
  ['4,000 examples', facts({ examples: 4_000, labels: 10 }), { epochs: 3 }, '4000 examples, 400 a label (large)'],
  [
    '20,000 examples',
    facts({ examples: 20_000, labels: 10 }),
    { epochs: 2 },
    '20000 examples, 2000 a label (very large)',
  ],
  [
    'a base made for sentences',
    facts({ sentencePooling: 'cls', examples: 4_000 }),
    { pooling: 'cls', learningRate: 3e-4, headLearningRate: 3e-3 },
    'the base was made for sentences',
  ],
  [
    'another base',
    facts({ sentencePooling: null }),
    { pooling: 'mean', learningRate: 1e-4, headLearningRate: 1e-3, head: 'linear' },
    'the base was not made for sentences',
  ],
  [
    'classes on a base made for sentences',
    facts({}),
    { head: 'cosine' },
    'it starts from class centroids, as the base was made for sentences',
  ],
  ...(['multilabel', 'regress', 'ordinal', 'tag'] as TaskKind[]).map((kind): Case => {
    return [kind, facts({ kind }), { head: 'linear', tokensPerBatch: 512 }, '770 examples, 10 a label (small)']
  }),
  [
    'vectors',
    facts({ kind: 'embed' }),
    { tokensPerBatch: 2048 },
    'each text of a batch is a wrong answer to the others, so that a small batch teaches little',
  ],
  [
    'a base too large for the memory',
    facts({ weightCount: 560e6 }),
    { method: 'lora' },
    'all 560 M weights would take 8.3 GiB to train, and there are 8.0 GiB',
  ],
]

describe('chooseSettings', () => {
  it.each(cases)('decides for %s, with the numbers', (_, given, wanted, reason) => {
    const { settings, choices } = chooseSettings(given)
    expect(settings).toMatchObject(wanted)
    expect(choices).toContainEqual(expect.objectContaining({ reason, by: 'capstan' }))
  })

  it('lets the request decide any of them, and says in place of what', () => {
    const { settings, choices } = chooseSettings(facts({}), { epochs: 4, dropout: 0, freeze: ['layer.0.'] })
    expect(settings).toMatchObject({ epochs: 4, dropout: 0, freeze: ['layer.0.'], head: 'cosine' })
    expect(choices.filter(({ by }) => by === 'user')).toEqual([
      { setting: 'epochs', value: 4, reason: 'in place of 12; 770 examples, 10 a label (few-shot)', by: 'user' },
      { setting: 'dropout', value: 0, reason: 'in place of 0.1', by: 'user' },
      { setting: 'freeze', value: ['layer.0.'], reason: 'in place of none', by: 'user' },
    ])
    expect(choices.filter(({ setting }) => setting === 'epochs')).toHaveLength(1)
  })

  it('changes no loss for a rare label, but says what would help', () => {
    const labelCounts = new Map([
      ['common', 990],
      ['rare', 10],
    ])
    const { settings, choices } = chooseSettings(facts({ examples: 1_000, labelCounts }))
    expect(settings.classWeights).toBe('none')
    expect(choices.find(({ setting }) => setting === 'classWeights')?.reason).toBe(
      'label rare has 10 of 1000 examples, the mean is 500; --class-weights balanced makes rare labels count more',
    )
    expect(chooseSettings(facts({})).choices.map(({ setting }) => setting)).not.toContain('classWeights')
  })
})
