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
  const updates = groupUpdates(trained, optimizer).map((group) => ({
    group,
    gradient: g.concat(
      group.map(({ gradient }) => gradient),
      0,
    ),
  }))
  const squares = updates.map(({ gradient }) => g.reduceSumSquare(gradient, undefined, false))
  const norm = g.sqrt(squares.length === 1 ? present(squares[0], 'square') : g.op('Sum', squares))
  const clip = g.op('Min', [g.div(clipNorm, g.add(norm, 1e-6)), g.fill({ dtype: 'float32', dims: [] }, 1)])
  g.output('gradient_norm', norm)
  const scalars = declareScalars(
    g,
    optimizer,
    trained.map(({ parameter }) => parameter),
  )
  for (const { group, gradient } of updates) {
    const { rate } = present(group[0], 'parameter').parameter.update
    const { decay, ...rest } = present(scalars.get(rate), `scalars of rate ${rate}`)
    updateGroup(g, group, { gradient: g.mul(gradient, clip), optimizer, scalars: rest, decay, rowCount })
  }
}

/** Updates parameters whose values, end to end, have this gradient. */
function updateGroup(
  g: GraphBuilder,
  group: readonly Trained[],
  {
    gradient,
    optimizer,
    scalars,
    decay,
    rowCount,
  }: {
    gradient: Value
    optimizer: Optimizer
    scalars: Readonly<Record<string, Value>>
    decay: Value | undefined
    rowCount: number
  },
): void {
  const first = present(group[0], 'parameter').parameter.update
  const join = (pick: (each: Trained) => Value) => g.concat(group.map(pick), 0)
  const slots = first.slots.map((_, i) => join(({ parameter }) => declareSlot(g, parameter, i, rowCount)))
  const next = optimizer.update(g, { gradient, slots }, scalars)
  const weight = join(({ weight }) => weight)
  const sizes = group.map(({ parameter }) => parameter.value.dims[0] as number)
  const output = (value: Value, nameOf: (next: ReturnType<typeof stateNames>['next']) => string) => {
    const parts = group.length === 1 ? [value] : g.split(value, sizes, 0)
    for (const [i, { parameter }] of group.entries()) {
      g.output(nameOf(stateNames(parameter.name).next), present(parts[i], 'part'))
    }
  }
  output(g.sub(first.decays && decay ? g.mul(weight, decay) : weight, next.delta), ({ value }) => value)
  for (const [i, slot] of next.slots.entries()) output(slot, (names) => names.slot(i))
}

/**
 * What is updated at once: a parameter, or all vectors of one learning rate end to end. A layer has ten of them, and a
 * node costs more than their numbers do.
 */
function groupUpdates(trained: readonly Trained[], optimizer: Optimizer): Trained[][] {
  const groups = new Map<string, Trained[]>()
  for (const each of trained) {
    const { name, value, isSparse, update } = each.parameter
    const isJoined = optimizer.isElementwise && value.dims.length === 1 && !isSparse
    const key = isJoined ? `vectors ${update.rate} ${update.decays}` : `parameter ${name}`
    groups.set(key, [...(groups.get(key) ?? []), each])
  }
  return [...groups.values()]
}

function declareSlot(g: GraphBuilder, parameter: TrainedParameter, index: number, rowCount: number): Value {
  const { dims } = present(parameter.update.slots[index], 'slot')
  return g.input(stateNames(parameter.name).slot(index), 'float32', fedDims(parameter, dims, rowCount))
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
