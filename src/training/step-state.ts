/** How parameters enter and leave a training graph: names, declared inputs, and the update of all of them. */
import { present } from '../base/index.ts'
import type { GraphBuilder, Value } from '../onnx/index.ts'
import type { Optimizer } from './optimizers.ts'
import { isTrained, type Parameter, type TrainedParameter } from './parameters.ts'

/** Names of the inputs that carry a parameter, and of the outputs that receive it updated. */
export const stateNames = (name: string) => ({
  value: `state/${name}`,
  slot: (index: number) => `slot${index}/${name}`,
  gradient: `gradient/${name}`,
  next: { value: `next/${name}`, slot: (index: number) => `next-slot${index}/${name}`, gradient: `sum/${name}` },
})

/** Dimensions of a parameter's tensor in a graph that sees `rowCount` rows of the sparse tables. */
export function fedDims({ isSparse, value }: Parameter, dims: readonly number[], rowCount: number): readonly number[] {
  return isSparse && dims[0] === value.dims[0] ? [Math.min(rowCount, dims[0] as number), ...dims.slice(1)] : dims
}

export function declareWeight(g: GraphBuilder, parameter: Parameter, rowCount: number): Value {
  return g.input(stateNames(parameter.name).value, 'float32', fedDims(parameter, parameter.value.dims, rowCount))
}

export type UpdateOptions = {
  optimizer: Optimizer
  /** Largest global norm of the gradient. */
  clipNorm: number
  rowCount: number
}

export type Trained = { parameter: TrainedParameter; weight: Value; gradient: Value }

/**
 * Declares slots and scalars, clips the gradients by their global norm and updates everything. Outputs: `gradient_norm`,
 * and each parameter's next weight and slots.
 *
 * State and its update share memory. That is safe because an update waits for the global norm, hence for every gradient,
 * hence for every node that reads an old weight.
 */
export function updateParameters(
  g: GraphBuilder,
  trained: readonly Trained[],
  { optimizer, clipNorm, rowCount }: UpdateOptions,
): void {
  const squares = trained.map(({ gradient }) => g.reduceSumSquare(gradient, undefined, false))
  const norm = g.sqrt(squares.length === 1 ? present(squares[0], 'square') : g.op('Sum', squares))
  const clip = g.op('Min', [g.div(clipNorm, g.add(norm, 1e-6)), g.fill({ dtype: 'float32', dims: [] }, 1)])
  g.output('gradient_norm', norm)
  const scalars = declareScalars(
    g,
    optimizer,
    trained.map(({ parameter }) => parameter),
  )
  for (const { parameter, weight, gradient } of trained) {
    const names = stateNames(parameter.name)
    const { rate, decays, slots } = parameter.update
    const { decay, ...rest } = present(scalars.get(rate), `scalars of rate ${rate}`)
    const declared = slots.map(({ dims }, i) => g.input(names.slot(i), 'float32', fedDims(parameter, dims, rowCount)))
    const next = optimizer.update(g, { gradient: g.mul(gradient, clip), slots: declared }, rest)
    g.output(names.next.value, g.sub(decays && decay ? g.mul(weight, decay) : weight, next.delta))
    for (const [i, slot] of next.slots.entries()) g.output(names.next.slot(i), slot)
  }
}

/** Learning rates at a schedule factor of 1, each once: parameters of one rate share their scalars. */
export function distinctRates(parameters: readonly Parameter[]): number[] {
  return [...new Set(parameters.filter(isTrained).map(({ update }) => update.rate))]
}

export const scalarName = (rateIndex: number, scalar: string) => `rate${rateIndex}/${scalar}`

function declareScalars(g: GraphBuilder, optimizer: Optimizer, parameters: readonly TrainedParameter[]) {
  const names = [...Object.keys(optimizer.scalars(1, 1)), 'decay']
  const declare = (rateIndex: number) =>
    Object.fromEntries(names.map((name) => [name, g.input(scalarName(rateIndex, name), 'float32', [])]))
  return new Map(distinctRates(parameters).map((rate, i) => [rate, declare(i)]))
}
