import type { GraphBuilder, Value } from '../onnx/index.ts'

export type AdamWOptions = { beta1: number; beta2: number; epsilon: number; weightDecay: number }

export const adamWDefaults: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 }

/** What changes from step to step, computed in double precision outside of the graph. */
export type AdamWScalars = { stepSize: number; epsilon: number; decay: number }

export type AdamWInputs = { stepSize: Value; epsilon: Value; decay: Value | null }

/**
 * One AdamW update (Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101) as graph operators. The moments are
 * kept without their factors 1 − β, as M = m / (1 − β₁) and V = v / (1 − β₂), which saves two passes over the parameter:
 *
 *   M ← β₁·M + g;  V ← β₂·V + g²;  w ← decay·w − stepSize · M / (√V + ε′)
 */
export function adamW(
  g: GraphBuilder,
  { weight, moments, gradient }: { weight: Value; moments: readonly [Value, Value]; gradient: Value },
  { stepSize, epsilon, decay }: AdamWInputs,
  { beta1, beta2 }: AdamWOptions,
): { weight: Value; moments: [Value, Value] } {
  const first = g.add(g.mul(moments[0], beta1), gradient)
  const second = g.add(g.mul(moments[1], beta2), g.mul(gradient, gradient))
  const update = g.div(g.mul(first, stepSize), g.add(g.sqrt(second), epsilon))
  return { weight: g.sub(decay ? g.mul(weight, decay) : weight, update), moments: [first, second] }
}

/** The scalars of update number `step`, counted from 1: bias correction and learning rate folded together. */
export function adamWScalars(learningRate: number, step: number, options: AdamWOptions): AdamWScalars {
  const first = (1 - options.beta1) / (1 - options.beta1 ** step)
  const second = Math.sqrt((1 - options.beta2) / (1 - options.beta2 ** step))
  return {
    stepSize: (learningRate * first) / second,
    epsilon: options.epsilon / second,
    decay: 1 - learningRate * options.weightDecay,
  }
}
