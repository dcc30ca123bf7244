import type { HeadKind, Pooling } from './attach-head.ts'

/** Everything that decides a run's weights, besides its data, base model and machine. */
export type TrainingSettings = {
  /** Passes over the training examples; chosen from their number where left out. */
  epochs: number
  /** Tokens (padding included) that one step sees. */
  tokensPerBatch: number
  /** Longer texts are cut here. */
  tokensMax: number
  learningRate: number
  headLearningRate: number
  weightDecay: number
  /** Length of the warm-up, in epochs. */
  warmupEpochs: number
  labelSmoothing: number
  /** 'balanced' weighs each class by the inverse of its frequency. */
  classWeights: 'none' | 'balanced'
  dropout: number
  /** Largest global norm of the gradient. */
  clipNorm: number
  /** Epochs without a better validation loss after which the run ends. */
  patience: number
  pooling: Pooling
  head: HeadKind
  seed: number
}

/** Settings for `exampleCount` training examples on a base made for sentences or not. Measured: docs/recipe.md. */
export function defaultSettings({
  exampleCount,
  sentencePooling,
}: {
  exampleCount: number
  sentencePooling: Pooling | null
}): TrainingSettings {
  const isSentenceEncoder = sentencePooling !== null
  return {
    epochs: defaultEpochs(exampleCount),
    tokensPerBatch: 512,
    tokensMax: 128,
    learningRate: isSentenceEncoder ? 3e-4 : 1e-4,
    headLearningRate: isSentenceEncoder ? 3e-3 : 1e-3,
    weightDecay: 0.01,
    warmupEpochs: 0.1,
    labelSmoothing: 0,
    classWeights: 'none',
    dropout: 0.1,
    clipNorm: 1,
    patience: 2,
    pooling: sentencePooling ?? 'mean',
    head: isSentenceEncoder ? 'cosine' : 'linear',
    seed: 1,
  }
}

/** Scale of the cosine head: logits are 20 times the cosine. */
export const cosineScale = 20

function defaultEpochs(exampleCount: number): number {
  if (exampleCount >= 20_000) return 2
  if (exampleCount >= 4_000) return 3
  return exampleCount >= 1_000 ? 6 : 12
}
