/** The settings of a run: what its task, its examples and its base decide, and what the request decides in their place. */
import { totalmem } from 'node:os'
import { present } from '../base/index.ts'
import type { Choice, TaskKind } from '../contracts/index.ts'
import { countLabels, type Example } from '../data/index.ts'
import type { Encoder, Pooling } from '../encoders/index.ts'
import { sizeOf } from '../onnx/index.ts'
import { areNamedInWords } from './label-examples.ts'
import { weightNames } from './parameters.ts'
import type { TrainingSettings } from './settings.ts'

/** What settings are chosen from. */
export type SettingsFacts = {
  readonly kind: TaskKind
  readonly exampleCount: number
  /** Training examples of each label; empty where answers are no labels. */
  readonly labelCounts: ReadonlyMap<string, number>
  /** Each example is a pair of texts. */
  readonly pairs: boolean
  /** How the base says that a text's vectors become one; null where it was not made for sentences. */
  readonly sentencePooling: Pooling | null
  /** Weights of the base, and the memory that this process may use. */
  readonly weightCount: number
  readonly memoryBytes: number
}

/** Where `applies`, these settings are chosen, for that reason. */
type Rule = {
  readonly applies: (facts: SettingsFacts) => boolean
  readonly settings: (facts: SettingsFacts) => Partial<TrainingSettings>
  readonly reason: (facts: SettingsFacts) => string
}

type DecidedByRules = 'epochs' | 'pooling' | 'learningRate' | 'headLearningRate'

/** Settings that no rule need decide. Measured: docs/recipe.md. */
const constants = {
  method: 'full',
  loraRank: 16,
  loraAlpha: 32,
  loraDropout: 0,
  loraTargets: ['*'],
  adapter: 'merged',
  freeze: [],
  precision: 'fp32',
  recompute: 'none',
  optimizer: 'adamw',
  schedule: 'linear',
  tokensPerBatch: 512,
  accumulate: 1,
  tokensMax: 128,
  layerDecay: 1,
  ema: 0,
  weightDecay: 0.01,
  warmupEpochs: 0.1,
  labelSmoothing: 0,
  classWeights: 'none',
  labelExamples: 0,
  dropout: 0.1,
  clipNorm: 1,
  patience: 2,
  head: 'linear',
  seed: 1,
} satisfies Omit<TrainingSettings, DecidedByRules>

type Regime = { readonly applies: (facts: SettingsFacts) => boolean; readonly settings: Partial<TrainingSettings> }

/** By how much there is to learn from: the first that applies. */
const regimes: Readonly<Record<'few-shot' | 'small' | 'medium' | 'large' | 'very large', Regime>> = {
  'few-shot': {
    applies: isFewShot,
    settings: { epochs: 12 },
  },
  small: { applies: ({ exampleCount }) => exampleCount < 1_000, settings: { epochs: 12 } },
  medium: { applies: ({ exampleCount }) => exampleCount < 4_000, settings: { epochs: 6 } },
  large: { applies: ({ exampleCount }) => exampleCount < 20_000, settings: { epochs: 3 } },
  'very large': { applies: () => true, settings: { epochs: 2 } },
}

/** Value, gradient and the optimizer's two moments of each weight, in bytes of float32. */
const bytesPerWeight = 16
/** A label is rare below this share of the mean. */
const rareShare = 0.1

/** In their order; a later one decides over those before. */
const rules: readonly Rule[] = [
  {
    applies: () => true,
    settings: (facts) => regimeOf(facts)[1].settings,
    reason: (facts) => `${countsOf(facts)} (${regimeOf(facts)[0]})`,
  },
  {
    applies: ({ sentencePooling }) => sentencePooling !== null,
    settings: ({ sentencePooling }) => ({
      pooling: sentencePooling ?? 'mean',
      learningRate: 3e-4,
      headLearningRate: 3e-3,
    }),
    reason: () => 'the base was made for sentences',
  },
  {
    applies: ({ sentencePooling }) => sentencePooling === null,
    settings: () => ({ pooling: 'mean', head: 'linear', learningRate: 1e-4, headLearningRate: 1e-3 }),
    reason: () => 'the base was not made for sentences',
  },
  {
    applies: ({ kind, sentencePooling }) => kind === 'classify' && sentencePooling !== null,
    settings: () => ({ head: 'cosine' }),
    reason: () => 'it starts from class centroids, as the base was made for sentences',
  },
  {
    applies: (facts) => isFewShot(facts) && facts.sentencePooling !== null,
    settings: () => ({ learningRate: 2e-4 }),
    reason: (facts) => `${countsOf(facts)}: smaller steps keep more of what the base knows`,
  },
  {
    applies: (facts) => isFewShot(facts) && !facts.pairs && areNamedInWords(facts.labelCounts.keys()),
    settings: () => ({ labelExamples: 1 }),
    reason: (facts) => `${countsOf(facts)}, and labels are named in words: the name of each is one more example`,
  },
  {
    applies: ({ kind }) => kind === 'embed',
    settings: () => ({ tokensPerBatch: 2048 }),
    reason: () => 'each text of a batch is a wrong answer to the others, so that a small batch teaches little',
  },
  {
    applies: ({ weightCount, memoryBytes }) => bytesPerWeight * weightCount > memoryBytes,
    settings: () => ({ method: 'lora' }),
    reason: ({ weightCount, memoryBytes }) =>
      `all ${(weightCount / 1e6).toFixed(0)} M weights would take ${toGib(bytesPerWeight * weightCount)} to train, and there are ${toGib(memoryBytes)}`,
  },
  {
    applies: (facts) => facts.kind === 'classify' && rarestOf(facts).count < rareShare * perLabel(facts),
    settings: () => ({ classWeights: 'none' }),
    reason: (facts) => {
      const { label, count } = rarestOf(facts)
      return `label ${label} has ${count} of ${facts.exampleCount} examples, the mean is ${Math.round(perLabel(facts))}; --class-weights balanced makes rare labels count more`
    },
  },
]

/** Every setting, and why: those that the facts decide, and those that were `given`. */
export function chooseSettings(
  facts: SettingsFacts,
  given: Partial<TrainingSettings> = {},
): { settings: TrainingSettings; choices: Choice[] } {
  const chosen = new Map<keyof TrainingSettings, { value: unknown; reason: string }>()
  for (const rule of rules.filter(({ applies }) => applies(facts))) {
    for (const [name, value] of Object.entries(rule.settings(facts))) {
      chosen.set(name as keyof TrainingSettings, { value, reason: rule.reason(facts) })
    }
  }
  const values = Object.fromEntries([...chosen].map(([name, { value }]) => [name, value]))
  const defaults: TrainingSettings = { ...constants, ...(values as Pick<TrainingSettings, DecidedByRules>) }
  const isGiven = (name: string) => given[name as keyof TrainingSettings] !== undefined
  const choices = [...chosen].flatMap(([setting, { value, reason }]): Choice[] =>
    isGiven(setting) ? [] : [{ setting, value, reason, by: 'capstan' }],
  )
  const asked = (Object.keys(given) as (keyof TrainingSettings)[]).filter(isGiven).map((setting): Choice => {
    const why = chosen.get(setting)?.reason
    return {
      setting,
      value: given[setting],
      reason: `in place of ${describeValue(defaults[setting])}${why ? `; ${why}` : ''}`,
      by: 'user',
    }
  })
  const overrides = Object.fromEntries(asked.map(({ setting, value }) => [setting, value]))
  return { settings: { ...defaults, ...overrides }, choices: [...choices, ...asked] }
}

/** What a run's examples, its base and this machine say. */
export function describeFacts(kind: TaskKind, train: readonly Example[], encoder: Encoder): SettingsFacts {
  const { initializers } = encoder.model.graph
  const weights = [...weightNames(encoder.model)].map((name) => initializers.get(name)?.dims ?? [])
  return {
    kind,
    exampleCount: train.length,
    labelCounts: countLabels(train),
    pairs: train.some(({ textPair }) => textPair !== undefined),
    sentencePooling: encoder.sentencePooling,
    weightCount: weights.reduce((sum, dims) => sum + sizeOf(dims), 0),
    memoryBytes: usableMemory(),
  }
}

/** What the container allows, where it allows less than the machine has. */
function usableMemory(): number {
  const constrained = process.constrainedMemory()
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}

function regimeOf(facts: SettingsFacts): [name: string, regime: Regime] {
  return present(
    Object.entries(regimes).find(([, { applies }]) => applies(facts)),
    'regime',
  )
}

function isFewShot(facts: SettingsFacts): boolean {
  return facts.kind === 'classify' && facts.exampleCount < 1_000 && isWithin(perLabel(facts), 4, 64)
}

function perLabel({ exampleCount, labelCounts }: SettingsFacts): number {
  return exampleCount / Math.max(1, labelCounts.size)
}

function countsOf(facts: SettingsFacts): string {
  const examples = `${facts.exampleCount} examples`
  return facts.labelCounts.size > 0 ? `${examples}, ${Number(perLabel(facts).toPrecision(2))} a label` : examples
}

function rarestOf({ labelCounts }: SettingsFacts): { label: string; count: number } {
  const [label, count] = [...labelCounts].reduce(
    (rarest, entry) => (entry[1] < rarest[1] ? entry : rarest),
    ['', Number.POSITIVE_INFINITY],
  )
  return { label, count }
}

function isWithin(value: number, low: number, high: number): boolean {
  return value >= low && value <= high
}

function describeValue(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') || 'none' : String(value)
}

function toGib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`
}
