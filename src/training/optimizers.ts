/**
 * Optimizers as graph operators. Each is one update rule over a parameter's weight, its gradient and its slots (running
 * state, in place). What changes from step to step is computed outside in double precision and fed as scalars.
 */
import type { GraphBuilder, Value } from '../onnx/index.ts'

export type OptimizerName = 'adamw' | 'sgd' | 'lion' | 'adafactor'

export type SlotLayout = { readonly dims: readonly number[]; readonly isSparse: boolean }

export type Optimizer = {
  /** Each number's update depends on no other of its parameter. */
  readonly isElementwise: boolean
  /** Dimensions of each slot of a parameter. */
  slots(parameter: SlotLayout): readonly (readonly number[])[]
  /** The scalars of update number `step`, counted from 1. */
  scalars(learningRate: number, step: number): Readonly<Record<string, number>>
  /** What is subtracted from the weight, and the slots' next values. */
  update(
    g: GraphBuilder,
    state: { gradient: Value; slots: readonly Value[] },
    scalars: Readonly<Record<string, Value>>,
  ): { delta: Value; slots: readonly Value[] }
}

/** Two slots like the weight, without their factors 1 − β, which saves two passes: M = m / (1 − β₁), V = v / (1 − β₂). */
const adamw: Optimizer = {
  isElementwise: true,
  slots: ({ dims }) => [dims, dims],
  scalars(learningRate, step) {
    const first = (1 - 0.9) / (1 - 0.9 ** step)
    const second = Math.sqrt((1 - 0.999) / (1 - 0.999 ** step))
    return { stepSize: (learningRate * first) / second, epsilon: 1e-8 / second }
  },
  // M ← β₁·M + g;  V ← β₂·V + g²;  delta = stepSize · M / (√V + ε)
  update(g, { gradient, slots: [m, v] }, { stepSize, epsilon }) {
    const first = g.add(g.mul(m as Value, 0.9), gradient)
    const second = g.add(g.mul(v as Value, 0.999), g.mul(gradient, gradient))
    const delta = g.div(g.mul(first, stepSize as Value), g.add(g.sqrt(second), epsilon as Value))
    return { delta, slots: [first, second] }
  },
}

// M ← μ·M + g;  delta = rate · M
const sgd: Optimizer = {
  isElementwise: true,
  slots: ({ dims }) => [dims],
  scalars: (learningRate) => ({ rate: learningRate }),
  update(g, { gradient, slots: [m] }, { rate }) {
    const momentum = g.add(g.mul(m as Value, 0.9), gradient)
    return { delta: g.mul(momentum, rate as Value), slots: [momentum] }
  },
}

// delta = rate · sign(β₁·M + (1 − β₁)·g);  M ← β₂·M + (1 − β₂)·g
const lion: Optimizer = {
  isElementwise: true,
  slots: ({ dims }) => [dims],
  scalars: (learningRate) => ({ rate: learningRate }),
  update(g, { gradient, slots: [m] }, { rate }) {
    const mix = (beta: number) => g.add(g.mul(m as Value, beta), g.mul(gradient, 1 - beta))
    return { delta: g.mul(g.op('Sign', [mix(0.9)]), rate as Value), slots: [mix(0.99)] }
  },
}

/**
 * The second moment of a matrix as the product of its rows' and columns' means: R·C / mean(R). Updates are cut to a root
 * mean square of 1. A sparse table keeps the full second moment, because a batch sees few of its rows.
 */
const adafactor: Optimizer = {
  isElementwise: false,
  slots({ dims, isSparse }) {
    const isFactored = dims.length === 2 && !isSparse
    return isFactored
      ? [
          [dims[0] as number, 1],
          [1, dims[1] as number],
        ]
      : [dims]
  },
  scalars: (learningRate, step) => ({ rate: learningRate, kept: 1 - step ** -0.8, added: step ** -0.8 }),
  update(g, { gradient, slots }, { rate, kept, added }) {
    const square = g.add(g.mul(gradient, gradient), 1e-30)
    const mix = (slot: Value, value: Value) => g.add(g.mul(slot, kept as Value), g.mul(value, added as Value))
    const [rows, columns] = slots as [Value, Value?]
    const next = columns
      ? [mix(rows, g.reduceMean(square, [1])), mix(columns, g.reduceMean(square, [0]))]
      : [mix(rows, square)]
    const [r, c] = next as [Value, Value?]
    const second = c ? g.mul(g.div(r, g.reduceMean(r, [0])), c) : r
    const update = g.div(gradient, g.sqrt(second))
    const rootMeanSquare = g.sqrt(g.reduceMean(g.mul(update, update), undefined, false))
    const cut = g.op('Max', [rootMeanSquare, g.fill(rootMeanSquare, 1)])
    return { delta: g.mul(update, g.div(rate as Value, cut)), slots: next }
  },
}

/**
 * adamw: Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101 (β 0.9, 0.999; ε 1e-8). sgd: momentum 0.9. lion: Chen
 * et al. 2023, https://arxiv.org/abs/2302.06675 (β 0.9, 0.99). adafactor: Shazeer and Stern 2018, https://arxiv.org/abs/1804.04235,
 * with a given learning rate. Weight decay is decoupled in all of them.
 */
export const optimizers: Readonly<Record<OptimizerName, Optimizer>> = { adamw, sgd, lion, adafactor }
