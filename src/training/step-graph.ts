/**
 * One training step as one graph for a fixed batch shape: forward, loss, backward, and then either the update (clipping
 * by global norm, optimizer) or, where several batches make one update, the sum of the gradients. That update is a graph
 * of its own.
 *
 * The embedding table is handled as the few rows that the batch uses: `rows` [rowCount, hidden] are fed and fetched, and
 * `row_index` [batch, sequence] points into them.
 */
import { expandNode, gradient } from '../autodiff/index.ts'
import { present } from '../base/index.ts'
import type { Device } from '../contracts/index.ts'
import {
  floatOf,
  type GraftOptions,
  GraphBuilder,
  graftGraph,
  type Model,
  type Node,
  reassociateProducts,
  type Value,
} from '../onnx/index.ts'
import { fuseTransposes } from './fuse-transposes.ts'
import { useIntegerProducts } from './integer-products.ts'
import type { Optimizer } from './optimizers.ts'
import { isTrained, type Parameter } from './parameters.ts'
import type { Precision, Recompute } from './settings.ts'
import { declareWeight, fedDims, stateNames, type Trained, updateParameters } from './step-state.ts'
import type { Task } from './tasks/task.ts'
import { transposeNarrowOperands } from './transpose-narrow.ts'

export type StepShape = { readonly rows: number; readonly length: number }

/** What the step learns: an output of the model, and its loss against targets that come with each batch. */
export type StepTask = Pick<Task, 'output' | 'targetDims' | 'loss'>

export type StepGraphOptions = {
  model: Model
  parameters: readonly Parameter[]
  shape: StepShape
  task: StepTask
  /** The share of zeros of Dropout nodes that name none. */
  dropout: number
  clipNorm: number
  optimizer: Optimizer
  precision: Precision
  /** 'layers': the backward pass computes each layer's activations again. */
  recompute: Recompute
  device: Device
  /** 'sum': the gradients are added to their sums, and nothing is updated. */
  ending: 'update' | 'sum'
}

export type DropoutMask = { readonly name: string; readonly dims: readonly number[]; readonly rate: number }

export type StepGraph = { readonly model: Model; readonly masks: readonly DropoutMask[] }

/** A batch's share in an update that several batches make. */
export const batchWeightName = 'batch_weight'

export function buildStepGraph(options: StepGraphOptions): StepGraph {
  const { model, parameters, shape, task, dropout, recompute, ending } = options
  const g = new GraphBuilder()
  const masks: DropoutMask[] = []
  const rowCount = shape.rows * shape.length
  const weights = new Map(parameters.map((parameter) => [parameter.name, declareWeight(g, parameter, rowCount)]))
  const bindings = new Map(weights)
  for (const { name } of model.graph.inputs) bindings.set(name, g.input(name, 'int64', [shape.rows, shape.length]))
  const drop = (x: Value, node: Node) => {
    const rate = floatOf(node, 'ratio', dropout)
    if (rate === 0) return x
    const mask = { name: `dropout/${masks.length}`, dims: x.dims, rate }
    masks.push(mask)
    return g.mul(x, g.input(mask.name, 'float32', x.dims))
  }
  const learning = parameters.filter(isTrained)
  const expand = expandWhatLearns(g, model, learning)
  const [output] = graftGraph(g, model, { bindings, outputs: [task.output], dropout: drop, expand })
  const targets = Object.entries(task.targetDims(shape)).map(([name, dims]) => [name, g.input(name, 'float32', dims)])
  const loss = task.loss(g, present(output, task.output), Object.fromEntries(targets))
  g.output('loss', loss)
  const gradients = gradient(
    g,
    loss,
    learning.map(({ name }) => present(weights.get(name), name)),
    {
      seed: ending === 'sum' ? g.input(batchWeightName, 'float32', []) : undefined,
      layers:
        recompute === 'layers'
          ? new Map(parameters.map(({ name, layer }) => [present(weights.get(name), name).name, layer]))
          : undefined,
    },
  )
  const trained = learning.map((parameter, i): Trained => {
    const weight = present(weights.get(parameter.name), parameter.name)
    return { parameter, weight, gradient: present(gradients[i], 'gradient') }
  })
  if (ending === 'update') updateParameters(g, trained, { ...options, rowCount })
  else sumGradients(g, trained, rowCount)
  const step = reassociateProducts(g.build('training-step'))
  // WebGPU has no such products, and other devices turn matrices in no time.
  const fused = options.device === 'cpu' ? fuseTransposes(step) : step
  return { model: inPrecision(fused, options, rowCount), masks }
}

function inPrecision(step: Model, { parameters, precision }: StepGraphOptions, tokens: number): Model {
  if (precision === 'fp32') return transposeNarrowOperands(step)
  const weights = parameters.map(({ name }) => stateNames(name).value)
  return useIntegerProducts(step, { tokens, weights, weightGradients: precision === 'int8-all' })
}

/**
 * Fused operators that a gradient passes are simpler ones from the start, so that forward and backward share them;
 * where nothing learns they stay fused.
 */
function expandWhatLearns(
  g: GraphBuilder,
  model: Model,
  learning: readonly Parameter[],
): NonNullable<GraftOptions['expand']> {
  const reached = new Set(learning.map(({ name }) => name))
  for (const { inputs, outputs } of model.graph.nodes) {
    if (inputs.some((input) => reached.has(input))) for (const output of outputs) reached.add(output)
  }
  return (node, inputs) => (node.inputs.some((input) => reached.has(input)) ? expandNode(g, node, inputs) : null)
}

/** The update that follows the last of several summed batches; `rowCount` rows of the sparse tables at most. */
export function buildUpdateGraph(
  parameters: readonly Parameter[],
  options: { optimizer: Optimizer; clipNorm: number; rowCount: number },
): Model {
  const g = new GraphBuilder()
  const trained = parameters.filter(isTrained).map((parameter): Trained => {
    const { dims } = parameter.value
    const sum = g.input(stateNames(parameter.name).gradient, 'float32', fedDims(parameter, dims, options.rowCount))
    return { parameter, weight: declareWeight(g, parameter, options.rowCount), gradient: sum }
  })
  updateParameters(g, trained, options)
  return g.build('update')
}

function sumGradients(g: GraphBuilder, trained: readonly Trained[], rowCount: number): void {
  for (const { parameter, gradient: dw } of trained) {
    const names = stateNames(parameter.name)
    const sum = g.input(names.gradient, 'float32', fedDims(parameter, parameter.value.dims, rowCount))
    g.output(names.next.gradient, g.add(sum, dw))
  }
}
