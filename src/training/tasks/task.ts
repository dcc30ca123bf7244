/** What a kind of task adds to the engine: a head, what a batch is compared with, the loss, and how the model is measured. */
import { InvalidInputError } from '../../base/index.ts'
import type { ModelAnswer } from '../../contracts/index.ts'
import type { Example, Tokenizer } from '../../data/index.ts'
import type { HeadOptions } from '../../encoders/index.ts'
import type { GraphBuilder, Model, Value } from '../../onnx/index.ts'
import type { Inference } from '../inference.ts'
import type { EvaluationReport } from '../metrics/evaluation-report.ts'
import type { Parameter } from '../parameters.ts'
import type { TrainingSettings } from '../settings.ts'
import type { StepShape } from '../step-graph.ts'
import type { TrainingText } from '../step-runner.ts'

/** The model on the validation examples; epochs are compared by `loss`, the lower the better. */
export type Validation = { readonly report: EvaluationReport; readonly loss: number }

/** Examples as the engine reads them. */
export type TaskExamples = {
  readonly lines: readonly number[]
  /** The texts of each example, `textsPerExample` of them or, where one is missing, fewer. */
  readonly texts: readonly (readonly TrainingText[])[]
  /** For a batch of these examples, the values of `targetDims`. An example without text has a target of zeros. */
  targets(indices: readonly number[], shape: StepShape): Readonly<Record<string, Float32Array>>
  evaluate(inference: Inference): Promise<Validation>
}

export type Task = {
  readonly answer: ModelAnswer
  /** What the model's outputs are called, in their order. */
  readonly names: readonly string[]
  /** Texts that one example puts into a batch: text j of example i stands in row j · examples + i. */
  readonly textsPerExample: number
  readonly output: 'logits' | 'sentence_embedding'
  /** What stands on the encoder. */
  readonly head: Pick<HeadOptions, 'form' | 'width'>
  read(examples: readonly Example[], tokenizer: Tokenizer): TaskExamples
  /** Inputs of the loss and their dimensions, for a batch of `shape.rows` texts. */
  targetDims(shape: StepShape): Readonly<Record<string, readonly number[]>>
  /** A scalar: the mean over the batch's examples. */
  loss(g: GraphBuilder, output: Value, targets: Readonly<Record<string, Value>>): Value
  /** Sets the head's weights before the first step. */
  start?(parts: { parameters: readonly Parameter[]; inference: Inference; train: TaskExamples }): Promise<void> | void
  /** Training examples whose texts that start runs the model on. */
  startExamples?: readonly number[]
  /** The model as it is saved. */
  finish?(model: Model): Model
}

export type CreateTask = (train: readonly Example[], settings: TrainingSettings) => Task

/** The index of a label among those of training. Throws `training.unknown-label`. */
export function placeOf(label: string, line: number, labels: readonly string[]): number {
  const index = labels.indexOf(label)
  if (index >= 0) return index
  throw new InvalidInputError(
    'training.unknown-label',
    `Line ${line} has the label ${label}, which no training example has`,
    {
      hint: `The model knows: ${labels.slice(0, 20).join(', ')}${labels.length > 20 ? ', …' : ''}`,
    },
  )
}

/** A text, or a pair of texts, of each example. */
export function encodeExamples(examples: readonly Example[], tokenizer: Tokenizer): TrainingText[][] {
  return examples.map(({ text, textPair }) => [tokenizer.encode(text, textPair)])
}

export function linesOf(examples: readonly Example[]): number[] {
  return examples.map(({ line }) => line)
}

/** Whether each example is a pair of texts: how the saved model expects to be asked. */
export function pairsOf(examples: readonly Example[]): { pairs?: boolean } {
  return examples.some(({ textPair }) => textPair !== undefined) ? { pairs: true } : {}
}
