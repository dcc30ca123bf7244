/** The options of `capstan train` that are settings of training; each is named as its setting. */
import type { OptionSpec } from './command.ts'

const rate = { kind: 'number', min: 0 } as const
const share = { kind: 'number', min: 0, below: 1 } as const
const count = { kind: 'integer', min: 1 } as const

export const trainingOptions = {
  epochs: {
    flags: '--epochs <n>',
    kind: 'integer',
    min: 0,
    description: 'passes over the data (default: by its size)',
  },
  method: {
    flags: '--method <name>',
    choices: ['full', 'head', 'lora', 'bias'],
    description: 'what learns: every weight, the head alone, low-rank adapters, or biases',
  },
  loraRank: { flags: '--lora-rank <n>', ...count, description: 'columns of an adapter’s first matrix' },
  loraAlpha: { flags: '--lora-alpha <n>', ...rate, description: 'an adapter counts alpha / rank' },
  loraDropout: { flags: '--lora-dropout <share>', ...share, description: 'of what enters an adapter' },
  loraTargets: {
    flags: '--lora-targets <patterns>',
    kind: 'list',
    description: 'weights that get an adapter, such as "query,value" (default: every linear layer)',
  },
  adapter: {
    flags: '--adapter <form>',
    choices: ['merged', 'separate'],
    description: 'separate: save what lora or head learns as a few MB that serve on a shared base (default: merged)',
  },
  freeze: {
    flags: '--freeze <patterns>',
    kind: 'list',
    description: 'weights that stay as they are, such as "embeddings,layer.0."; * stands for any characters',
  },
  precision: {
    flags: '--precision <name>',
    choices: ['fp32', 'int8', 'int8-all', 'auto'],
    description: 'of the products: 8-bit integers (int8-all: also for the gradients of weights), or the faster (auto)',
  },
  recompute: {
    flags: '--recompute <what>',
    choices: ['none', 'layers'],
    description: 'layers: less memory, a longer step, as activations are computed again and not kept (default: none)',
  },
  optimizer: {
    flags: '--optimizer <name>',
    choices: ['adamw', 'sgd', 'lion', 'adafactor'],
    description: 'default adamw',
  },
  schedule: {
    flags: '--schedule <name>',
    choices: ['constant', 'linear', 'cosine', 'one-cycle'],
    description: 'of the learning rate, after its warm-up (default linear)',
  },
  learningRate: { flags: '--learning-rate <rate>', ...rate, description: 'of the base model’s weights' },
  headLearningRate: { flags: '--head-learning-rate <rate>', ...rate, description: 'of the classification head' },
  layerDecay: {
    flags: '--layer-decay <factor>',
    ...rate,
    description: 'of the learning rate, from each layer to the one below',
  },
  warmupEpochs: { flags: '--warmup-epochs <n>', ...rate, description: 'epochs over which the learning rate rises' },
  ema: { flags: '--ema <decay>', ...share, description: 'keep the moving average of the weights, such as 0.99' },
  weightDecay: { flags: '--weight-decay <rate>', ...rate, description: 'of matrices, per update and learning rate' },
  clipNorm: { flags: '--clip-norm <norm>', ...rate, description: 'largest norm of the gradient' },
  tokensPerBatch: { flags: '--tokens-per-batch <n>', ...count, description: 'tokens in one batch' },
  accumulate: { flags: '--accumulate <n>', ...count, description: 'batches that make one update' },
  tokensMax: { flags: '--tokens-max <n>', kind: 'integer', min: 3, description: 'longer texts are cut here' },
  dropout: { flags: '--dropout <share>', ...share, description: 'of the activations, while training' },
  labelSmoothing: {
    flags: '--label-smoothing <share>',
    ...share,
    description: 'share of each target spread over all labels',
  },
  labelExamples: {
    flags: '--label-examples <n>',
    kind: 'integer',
    min: 0,
    description: 'training examples that are the label’s own name in words (default: 1 where examples are few)',
  },
  classWeights: {
    flags: '--class-weights <how>',
    choices: ['none', 'balanced'],
    description: 'balanced: rare labels count more',
  },
  pooling: {
    flags: '--pooling <how>',
    choices: ['mean', 'cls'],
    description: 'how tokens become one vector (default: what the base says)',
  },
  head: {
    flags: '--head <kind>',
    choices: ['cosine', 'linear'],
    description: 'cosine for encoders made for sentences',
  },
  patience: { flags: '--patience <epochs>', ...count, description: 'end after so many epochs without a better one' },
  seed: { flags: '--seed <n>', kind: 'integer', min: 0, description: 'same seed, same weights' },
} satisfies Readonly<Record<string, OptionSpec>>
