/**
 * LSTM, GRU and RNN, unrolled: one product for the inputs of all steps, then a few operators for each step.
 * Terms, as in the specification (https://onnx.ai/onnx/operators/): W input weights, R recurrence weights, B their biases
 * one after the other, P peepholes, H hidden state, C cell.
 */
import { present } from '../../base/index.ts'
import type { GraphBuilder, Value } from '../../onnx/index.ts'
import { type Expansion, type Operation, type RuleTable, refuseForm } from '../rule.ts'

type Activation = (x: Value) => Value

type State = { readonly h: Value; readonly c: Value | null }

/** What the steps of one direction share. */
type Cell = {
  readonly recurrence: Value
  /** null where it is part of the input's share already. */
  readonly recurrenceBias: Value | null
  readonly peepholes: Value | null
  readonly activations: readonly Activation[]
}

/** The next state; `x` is the input's share of all gates, biases added. */
type Step = (g: GraphBuilder, x: Value, state: State, cell: Cell) => State

/** Cₜ = f⊙C + i⊙c̃ and Hₜ = o⊙tanh(Cₜ); gates stand in the order i, o, f, c. */
const lstmStep: Step = (g, x, state, { recurrence, peepholes, activations }) => {
  const [gate, candidate, output] = activations as [Activation, Activation, Activation]
  const c = present(state.c, 'cell of LSTM')
  const sums = g.add(x, g.gemm(state.h, recurrence, null, { transB: true }))
  const [xi, xo, xf, xc] = split(g, sums, -1, 4) as [Value, Value, Value, Value]
  const [pi, po, pf] = peepholes ? split(g, peepholes, -1, 3) : []
  const peeped = (sum: Value, weights: Value | undefined, cell: Value) =>
    weights ? g.add(sum, g.mul(weights, cell)) : sum
  const kept = g.mul(gate(peeped(xf, pf, c)), c)
  const next = g.add(kept, g.mul(gate(peeped(xi, pi, c)), candidate(xc)))
  return { h: g.mul(gate(peeped(xo, po, next)), output(next)), c: next }
}

/** Hₜ = (1 − z)⊙h̃ + z⊙H; gates stand in the order z, r, h. A bias of its own: the reset comes after the product. */
const gruStep: Step = (g, x, { h }, { recurrence, recurrenceBias, activations }) => {
  const [gate, candidate] = activations as [Activation, Activation]
  const size = h.dims[1] as number
  const rows = (start: number, end: number) => {
    const product = (state: Value) =>
      g.gemm(state, g.slice(recurrence, 0, start * size, end * size), null, { transB: true })
    const bias = recurrenceBias && g.slice(recurrenceBias, 0, start * size, end * size)
    return (state: Value) => (bias ? g.add(product(state), bias) : product(state))
  }
  const gates = gate(g.add(g.slice(x, 1, 0, 2 * size), rows(0, 2)(h)))
  const [z, r] = split(g, gates, -1, 2) as [Value, Value]
  const ofState = recurrenceBias ? g.mul(r, rows(2, 3)(h)) : rows(2, 3)(g.mul(r, h))
  const proposed = candidate(g.add(g.slice(x, 1, 2 * size, 3 * size), ofState))
  return { h: g.add(proposed, g.mul(z, g.sub(h, proposed))), c: null }
}

const rnnStep: Step = (g, x, { h }, { recurrence, activations }) => {
  const [activation] = activations as [Activation]
  return { h: activation(g.add(x, g.gemm(h, recurrence, null, { transB: true }))), c: null }
}

function unroll(step: Step, defaultActivations: readonly string[]): Expansion {
  return (g, op) => {
    refuseUncommon(op)
    const direction = op.text('direction', 'forward')
    const names = activationNames(op) ?? [...defaultActivations, ...defaultActivations]
    const runs = (direction === 'bidirectional' ? [false, true] : [direction === 'reverse']).map((isReverse, i) => {
      const own = names.slice(i * defaultActivations.length, (i + 1) * defaultActivations.length)
      return runDirection(g, op, {
        step,
        index: i,
        isReverse,
        activations: own.map((name) => activationOf(g, op, name)),
      })
    })
    const joined = (values: readonly (Value | null)[], axis: number) =>
      g.concat(
        values.map((value) => present(value, 'state')),
        axis,
      )
    const y = joined(
      runs.map((run) => run.y),
      1,
    )
    const h = joined(
      runs.map((run) => run.h),
      0,
    )
    return op.node.opType === 'LSTM'
      ? [
          y,
          h,
          joined(
            runs.map((run) => run.c),
            0,
          ),
        ]
      : [y, h]
  }
}

type Direction = {
  readonly step: Step
  readonly index: number
  readonly isReverse: boolean
  readonly activations: readonly Activation[]
}

/** One direction: y [length, 1, batch, hidden], and the last states [1, batch, hidden]. */
function runDirection(
  g: GraphBuilder,
  op: Operation,
  { step, index, isReverse, activations }: Direction,
): { y: Value; h: Value; c: Value | null } {
  const [length, batch] = op.input(0).dims as [number, number]
  const mine = (i: number) =>
    op.has(i) ? g.reshape(g.slice(op.input(i), 0, index, index + 1), op.input(i).dims.slice(1)) : null
  const recurrence = present(mine(2), 'R')
  const hidden = recurrence.dims[1] as number
  const { xs, recurrenceBias } = projectInputs(g, op, present(mine(1), 'W'), mine(3))
  const nothing = g.fill({ dtype: recurrence.dtype, dims: [batch, hidden] }, 0)
  const cell = { recurrence, recurrenceBias, peepholes: mine(7), activations }
  let state: State = { h: mine(5) ?? nothing, c: op.node.opType === 'LSTM' ? (mine(6) ?? nothing) : null }
  const ys: Value[] = []
  for (const t of isReverse ? [...xs.keys()].reverse() : xs.keys()) {
    const next = step(g, present(xs[t], 'x'), state, cell)
    // A text that has ended keeps its state and gives zeros.
    const isOn = op.has(4) ? g.reshape(g.greater(op.input(4), t), [batch, 1]) : null
    const kept = (after: Value, before: Value) => (isOn ? g.where(isOn, after, before) : after)
    ys[t] = kept(next.h, nothing)
    state = { h: kept(next.h, state.h), c: next.c && kept(next.c, present(state.c, 'cell')) }
  }
  const last = (value: Value) => g.reshape(value, [1, batch, hidden])
  const y = g.reshape(g.concat(ys, 0), [length, 1, batch, hidden])
  return { y, h: last(state.h), c: state.c && last(state.c) }
}

/** The inputs' shares of the gates, [batch, gates] for each step. */
function projectInputs(
  g: GraphBuilder,
  op: Operation,
  weight: Value,
  biases: Value | null,
): { xs: readonly Value[]; recurrenceBias: Value | null } {
  const [length, batch, width] = op.input(0).dims as [number, number, number]
  const size = weight.dims[0] as number
  const product = g.gemm(g.reshape(op.input(0), [length * batch, width]), weight, null, { transB: true })
  const [inputBias, recurrenceBias] = biases ? (split(g, biases, 0, 2) as [Value, Value]) : []
  const isApart = op.int('linear_before_reset', 0) === 1
  const zeros = g.fill({ dtype: weight.dtype, dims: [size] }, 0)
  const bias = inputBias && recurrenceBias && (isApart ? inputBias : g.add(inputBias, recurrenceBias))
  const shares = g.reshape(bias ? g.add(product, bias) : product, [length, batch, size])
  const xs = split(g, shares, 0, length).map((x) => g.reshape(x, [batch, size]))
  return { xs, recurrenceBias: isApart ? (recurrenceBias ?? zeros) : null }
}

/** Equal parts along an axis. */
function split(g: GraphBuilder, x: Value, axis: number, count: number): readonly Value[] {
  const size = (x.dims.at(axis) as number) / count
  return count === 1 ? [x] : g.split(x, Array<number>(count).fill(size), axis)
}

function activationNames(op: Operation): readonly string[] | undefined {
  const given = op.attributes.activations
  return given?.type === 'strings' ? given.value : undefined
}

function activationOf(g: GraphBuilder, op: Operation, name: string): Activation {
  const known = ['Sigmoid', 'Tanh', 'Relu'].find((one) => one.toLowerCase() === name.toLowerCase())
  if (!known) return refuseForm(op, `with the activation ${name}`, 'Use Sigmoid, Tanh or Relu.')
  return (x) => g.op(known, [x])
}

function refuseUncommon(op: Operation): void {
  const uncommon = [
    ...(op.int('input_forget', 0) === 1 ? ['joined input and forget gates (input_forget)'] : []),
    ...(op.attributes.clip ? ['clipped gates (clip)'] : []),
  ]
  if (uncommon.length > 0) refuseForm(op, `with ${uncommon.join(' and ')}`, 'Export the layer without these settings.')
}

export const recurrent = {
  GRU: { expand: unroll(gruStep, ['Sigmoid', 'Tanh']) },
  LSTM: { expand: unroll(lstmStep, ['Sigmoid', 'Tanh', 'Tanh']) },
  RNN: { expand: unroll(rnnStep, ['Tanh']) },
} satisfies RuleTable
