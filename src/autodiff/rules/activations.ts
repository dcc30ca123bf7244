/** Activation functions and the inverse and hyperbolic ones. Source: https://onnx.ai/onnx/operators/. */
import { present } from '../../base/index.ts'
import type { GraphBuilder, Value } from '../../onnx/index.ts'
import { first, type GradientRule, notDifferentiable, type RuleTable, unary } from '../rule.ts'

/** dy where the condition holds, elsewhere dy times a slope. */
const bent = (g: GraphBuilder, dy: Value, condition: Value, slope: Value | number) =>
  g.where(condition, dy, slope === 0 ? g.fill(dy, 0) : g.mul(dy, slope))

/** dy / √(x² + c), or its like with the sign of x² turned. */
const overRoot = (g: GraphBuilder, dy: Value, square: Value) => g.div(dy, g.sqrt(square))

const squareOf = (g: GraphBuilder, x: Value) => g.mul(x, x)

const selu = { alpha: 1.6732631921768188, gamma: 1.0507010221481323 }

const parametricRelu: GradientRule = (g, dys, op) => {
  const [dy, x, slope] = [present(dys[0], 'dy'), op.input(0), op.input(1)]
  const isNegative = g.less(x, 0)
  const zeros = g.fill(dy, 0)
  return [g.where(isNegative, g.mul(dy, slope), dy), g.where(isNegative, g.mul(dy, x), zeros)]
}

export const activations = {
  Acos: unary((g, dy, x) => g.neg(overRoot(g, dy, g.sub(1, squareOf(g, x))))),
  Acosh: unary((g, dy, x) => overRoot(g, dy, g.sub(squareOf(g, x), 1))),
  Asin: unary((g, dy, x) => overRoot(g, dy, g.sub(1, squareOf(g, x)))),
  Asinh: unary((g, dy, x) => overRoot(g, dy, g.add(squareOf(g, x), 1))),
  Atan: unary((g, dy, x) => g.div(dy, g.add(squareOf(g, x), 1))),
  Atanh: unary((g, dy, x) => g.div(dy, g.sub(1, squareOf(g, x)))),
  // max(0, x) + min(0, α(e^(x/α) − 1))
  Celu: first((g, dy, x, op) => bent(g, dy, g.greater(x, 0), g.exp(g.mul(x, 1 / op.float('alpha', 1))))),
  Cosh: unary((g, dy, x) => g.mul(dy, g.op('Sinh', [x]))),
  // Below zero y = α(eˣ − 1), so that its slope is y + α.
  Elu: first((g, dy, x, op) => bent(g, dy, g.greater(x, 0), g.add(op.output(0), op.float('alpha', 1)))),
  // max(0, min(1, αx + β))
  HardSigmoid: first((g, dy, _, op) => {
    const y = op.output(0)
    const inside = g.op('And', [g.greater(y, 0), g.less(y, 1)])
    return g.where(inside, g.mul(dy, op.float('alpha', 0.2)), g.fill(dy, 0))
  }),
  Hardmax: notDifferentiable,
  // x·max(0, min(1, x/6 + ½)): between −3 and 3 the slope is x/3 + ½, above it 1, below it 0.
  HardSwish: unary((g, dy, x) => {
    const inside = g.mul(dy, g.add(g.mul(x, 1 / 3), 0.5))
    return g.where(g.greater(x, 3), dy, g.where(g.greater(x, -3), inside, g.fill(dy, 0)))
  }),
  // x·tanh(softplus(x)), of which the slope is t + x·(1 − t²)·σ(x).
  Mish: unary((g, dy, x) => {
    const t = g.tanh(g.op('Softplus', [x]))
    return g.mul(dy, g.add(t, g.mul(g.mul(x, g.sub(1, squareOf(g, t))), g.op('Sigmoid', [x]))))
  }),
  PRelu: parametricRelu,
  Selu: first((g, dy, x, op) => {
    const [alpha, gamma] = [op.float('alpha', selu.alpha), op.float('gamma', selu.gamma)]
    const slope = g.where(g.greater(x, 0), g.fill(x, gamma), g.add(op.output(0), alpha * gamma))
    return g.mul(dy, slope)
  }),
  Shrink: first((g, dy, x, op) => {
    const outside = g.greater(g.op('Abs', [x]), op.float('lambd', 0.5))
    return g.where(outside, dy, g.fill(dy, 0))
  }),
  Sinh: unary((g, dy, x) => g.mul(dy, g.op('Cosh', [x]))),
  Softsign: unary((g, dy, x) => g.div(dy, squareOf(g, g.add(g.op('Abs', [x]), 1)))),
  Tan: unary((g, dy, _x, y) => g.mul(dy, g.add(squareOf(g, y), 1))),
  ThresholdedRelu: first((g, dy, x, op) => g.where(g.greater(x, op.float('alpha', 1)), dy, g.fill(dy, 0))),
} satisfies RuleTable
