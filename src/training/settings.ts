import type { HeadKind, Pooling } from '../encoders/index.ts'
import type { OptimizerName } from './optimizers.ts'
import type { ScheduleName } from './schedules.ts'

/** What learns: every weight, the head alone, low-rank adapters and the head, or biases and the head. */
export type Method = 'full' | 'head' | 'lora' | 'bias'

/**
 * What the products of weights are computed in: floats; 8-bit integers forward and for the gradients of the inputs; or
 * these for the gradients of the weights too.
 */
export type Precision = 'fp32' | 'int8' | 'int8-all'

/** What the backward pass finds kept, or computes again: nothing, or all activations of each layer but its input. */
export type Recompute = 'none' | 'layers'

/** Everything that decides a run's weights, besides its data, base model and machine. */
export type TrainingSettings = {
  /** Passes over the training examples; chosen from their number where left out. */
  epochs: number
  method: Method
  /** Columns of an adapter's first matrix, rows of its second. */
  loraRank: number
  /** An adapter's sum is scaled by alpha / rank. */
  loraAlpha: number
  loraDropout: number
  /** Patterns of the paths of the matrices that get an adapter. */
  loraTargets: readonly string[]
  /** 'separate': what a run with method lora or head learns is saved beside its base, without the base's weights. */
  adapter: 'merged' | 'separate'
  /** Weights whose path matches one of these patterns stay as they are; `*` stands for any characters. */
  freeze: readonly string[]
  /** 'auto' takes the faster of fp32 and int8, by a few steps of each. */
  precision: Precision | 'auto'
  recompute: Recompute
  optimizer: OptimizerName
  schedule: ScheduleName
  /** Tokens (padding included) that one step sees. */
  tokensPerBatch: number
  /** Batches whose gradients make one update. */
  accumulate: number
  /** Longer texts are cut here. */
  tokensMax: number
  learningRate: number
  headLearningRate: number
  /** The learning rate of each layer is this times that of the layer above it. */
  layerDecay: number
  /** Decay, per update, of the moving average of the weights that is kept in place of the last ones; 0 for none. */
  ema: number
  weightDecay: number
  /** Length of the warm-up, in epochs. */
  warmupEpochs: number
  labelSmoothing: number
  /** Training examples that are the name of their label in words, of each label; classes only. */
  labelExamples: number
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
