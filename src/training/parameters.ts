/**
 * The weights of a model as a training step sees them: frozen, or trained with a learning rate and the optimizer's
 * running state. Their arrays are inputs and, in place, outputs of every step.
 */
import { type Model, operatorOf, sizeOf, type Tensor, zeros } from '../onnx/index.ts'
import type { Optimizer } from './optimizers.ts'
import { createPathFilter, layerOf, refuseIdlePatterns } from './parameter-paths.ts'
import type { TrainingSettings } from './settings.ts'

export type Parameter = {
  readonly name: string
  readonly value: Tensor
  /** Its place in the stack of layers, from 1; 0 outside of it. */
  readonly layer: number
  /** A table of which each step touches few rows: the embeddings that `input_ids` picks from. */
  readonly isSparse: boolean
  /** How it learns; null where it is frozen. */
  readonly update: ParameterUpdate | null
}

export type ParameterUpdate = {
  /** The learning rate at a schedule factor of 1. */
  readonly rate: number
  readonly decays: boolean
  /** The optimizer's running state. Memory is touched only where an update happens. */
  readonly slots: readonly Tensor[]
}

export type TrainedParameter = Parameter & { readonly update: ParameterUpdate }

export function isTrained(parameter: Parameter): parameter is TrainedParameter {
  return parameter.update !== null
}

/** Inputs that hold decimals and are no weights: angles of rotary embeddings, scales of quantized weights. */
const settledInputs: Readonly<Record<string, readonly number[]>> = {
  DequantizeLinear: [1],
  'com.microsoft:DequantizeLinear': [1],
  'com.microsoft:GroupQueryAttention': [7, 8],
  'com.microsoft:MatMulNBits': [2, 3],
  'com.microsoft:RotaryEmbedding': [2, 3],
}

/** Float initializers of rank 1 or more are weights; single numbers are constants of the architecture. */
export function weightNames(model: Model): Set<string> {
  const { initializers, nodes } = model.graph
  const settled = new Set(
    nodes.flatMap((node) => (settledInputs[operatorOf(node)] ?? []).map((index) => node.inputs[index])),
  )
  const isWeight = ({ dtype, dims }: Tensor) => dtype === 'float32' && dims.length > 0 && sizeOf(dims) > 1
  return new Set([...initializers].flatMap(([name, value]) => (isWeight(value) && !settled.has(name) ? [name] : [])))
}

export type ParameterOptions = {
  settings: TrainingSettings
  optimizer: Optimizer
  /** Weights of the base model → their readable paths. */
  body: ReadonlyMap<string, string>
  head: ReadonlySet<string>
  /** Adapters' factors → the weight that they adapt. */
  adapters: ReadonlyMap<string, string>
  sparse: string | null
}

/**
 * The parameters of a model in the order of its initializers. They share the model's memory: training changes the model.
 * Throws InvalidInputError `training.idle-pattern` where a freeze pattern matches nothing.
 */
export function createParameters(model: Model, options: ParameterOptions): Parameter[] {
  const { settings, optimizer, body, head, adapters, sparse } = options
  const { learningRate, headLearningRate, freeze, layerDecay, method } = settings
  refuseIdlePatterns('freeze', freeze, body.values())
  const isFrozen = createPathFilter(freeze)
  const layerCount = Math.max(...[...body.values()].map(layerOf))
  const rateOf = (name: string, path: string, { dims }: Tensor): number | null => {
    if (head.has(name)) return headLearningRate
    if (adapters.has(name)) return learningRate
    const learns = method === 'full' || (method === 'bias' && dims.length === 1 && path.endsWith('bias'))
    return learns && !isFrozen(path) ? learningRate * layerDecay ** (layerCount - layerOf(path)) : null
  }
  return [...model.graph.initializers].flatMap(([name, value]): Parameter[] => {
    const path = body.get(adapters.get(name) ?? name) ?? name
    const layer = layerOf(path)
    if (!body.has(name) && !head.has(name) && !adapters.has(name)) return []
    const isSparse = name === sparse
    const rate = rateOf(name, path, value)
    if (rate === null) return [{ name, value, layer, isSparse, update: null }]
    const slots = optimizer.slots({ dims: value.dims, isSparse }).map((dims) => zeros('float32', dims))
    // No decay on biases and normalisation weights, which are the vectors, nor on the head, whose rows are directions.
    return [{ name, value, layer, isSparse, update: { rate, decays: value.dims.length > 1 && !head.has(name), slots } }]
  })
}

/** The numbers that training may change. */
export function trainedSize(parameters: readonly Parameter[]): number {
  return parameters.filter(isTrained).reduce((sum, { value }) => sum + sizeOf(value.dims), 0)
}
