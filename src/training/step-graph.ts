/**
 * One training step as one graph for a fixed batch shape: forward, loss, backward, clipping by global norm and AdamW.
 * Parameters and moments enter as inputs and leave as outputs over the same memory. That is safe because an update
 * waits for the global norm, hence for every gradient, hence for every node that reads the old parameter.
 *
 * The embedding table is handled as the few rows that the batch uses: `rows` [rowCount, hidden] are fed and fetched, and
 * `row_index` [batch, sequence] points into them.
 */
import { gradient } from '../autodiff/index.ts'
import { present } from '../base/index.ts'
import { GraphBuilder, graftGraph, type Model, type Value } from '../onnx/index.ts'
import { type AdamWInputs, type AdamWOptions, adamW } from './optimizer.ts'
import type { Parameter } from './parameters.ts'

export type StepShape = { readonly rows: number; readonly length: number }

export type StepGraphOptions = {
  model: Model
  parameters: readonly Parameter[]
  shape: StepShape
  labelCount: number
  dropout: number
  clipNorm: number
  optimizer: AdamWOptions
}

export type DropoutMask = { readonly name: string; readonly dims: readonly number[] }

export type StepGraph = { readonly model: Model; readonly masks: readonly DropoutMask[] }

/** Names of the inputs that carry a parameter, and of the outputs that receive it updated. */
export const stateNames = (name: string) => ({
  value: `state/${name}`,
  moments: [`moment1/${name}`, `moment2/${name}`] as const,
  next: { value: `next/${name}`, moments: [`next1/${name}`, `next2/${name}`] as const },
})

type State = { parameter: Parameter; weight: Value; moments: readonly [Value, Value] }

export function buildStepGraph({
  model,
  parameters,
  shape,
  labelCount,
  dropout,
  clipNorm,
  optimizer,
}: StepGraphOptions): StepGraph {
  const g = new GraphBuilder()
  const masks: DropoutMask[] = []
  const states = parameters.map((parameter) => declareState(g, parameter, shape))
  const bindings = new Map(states.map(({ parameter, weight }) => [parameter.name, weight]))
  for (const { name } of model.graph.inputs) bindings.set(name, g.input(name, 'int64', [shape.rows, shape.length]))
  const drop = (x: Value) => {
    const mask = { name: `dropout/${masks.length}`, dims: x.dims }
    masks.push(mask)
    return g.mul(x, g.input(mask.name, 'float32', x.dims))
  }
  const [logits] = graftGraph(g, model, { bindings, outputs: ['logits'], ...(dropout > 0 ? { dropout: drop } : {}) })
  // targets carry label smoothing, class weights and the 1 / rows of the mean: rows of padding are all zero.
  const targets = g.input('targets', 'float32', [shape.rows, labelCount])
  const loss = g.neg(g.reduceSum(g.mul(targets, g.op('LogSoftmax', [present(logits, 'logits')])), undefined, false))
  const gradients = gradient(
    g,
    loss,
    states.map(({ weight }) => weight),
  )
  const squares = gradients.map((dw) => g.reduceSumSquare(dw, undefined, false))
  const norm = g.sqrt(squares.length === 1 ? (squares[0] as Value) : g.op('Sum', squares))
  const clip = g.op('Min', [g.div(clipNorm, g.add(norm, 1e-6)), g.fill({ dtype: 'float32', dims: [] }, 1)])
  g.output('loss', loss)
  g.output('gradient_norm', norm)
  const rates = { head: declareRates(g, 'head'), body: declareRates(g, 'body') }
  for (const [i, state] of states.entries()) {
    updateState(g, state, g.mul(present(gradients[i], 'gradient'), clip), rates, optimizer)
  }
  return { model: g.build('training-step'), masks }
}

function declareState(g: GraphBuilder, parameter: Parameter, { rows, length }: StepShape): State {
  const names = stateNames(parameter.name)
  const { dims } = parameter.value
  const fed = parameter.isSparse ? [Math.min(rows * length, dims[0] as number), ...dims.slice(1)] : dims
  const declare = (name: string) => g.input(name, 'float32', fed)
  return { parameter, weight: declare(names.value), moments: [declare(names.moments[0]), declare(names.moments[1])] }
}

function declareRates(g: GraphBuilder, group: 'head' | 'body'): AdamWInputs {
  const declare = (name: string) => g.input(`${group}/${name}`, 'float32', [])
  return { stepSize: declare('step_size'), epsilon: declare('epsilon'), decay: declare('decay') }
}

function updateState(
  g: GraphBuilder,
  { parameter, weight, moments }: State,
  clipped: Value,
  rates: { head: AdamWInputs; body: AdamWInputs },
  optimizer: AdamWOptions,
): void {
  const inputs = parameter.isHead ? rates.head : rates.body
  // No decay on biases and normalisation weights, which are the vectors, nor on the head, whose rows are directions.
  const decays = parameter.value.dims.length > 1 && !parameter.isHead
  const next = adamW(
    g,
    { weight, moments, gradient: clipped },
    { ...inputs, decay: decays ? inputs.decay : null },
    optimizer,
  )
  const names = stateNames(parameter.name).next
  g.output(names.value, next.weight)
  g.output(names.moments[0], next.moments[0])
  g.output(names.moments[1], next.moments[1])
}
