import { present } from '../../base/index.ts'
import { float, type GraphBuilder, type Value } from '../../onnx/index.ts'
import { binary, first, type GradientRule, notDifferentiable, type RuleTable, unary, variadic } from '../rule.ts'

/** The gradient goes to the inputs equal to the result, shared among them. */
const extreme: GradientRule = (g, dys, op) => {
  const [dy, y] = [present(dys[0], 'dy'), op.output(0)]
  const chosen = op.node.inputs.map((_, i) => g.cast(g.equal(op.input(i), y), dy.dtype))
  const share = g.div(dy, chosen.length > 1 ? g.op('Sum', chosen) : g.fill(dy, 1))
  return chosen.map((one) => g.mul(one, share))
}

// Keys are ONNX op types; rules never unbroadcast, the walk does.
export const elementwise = {
  Abs: unary((g, dy, x) => g.mul(dy, g.op('Sign', [x]))),
  Add: binary((_, dy) => [dy, dy]),
  And: notDifferentiable,
  Cast: unary((g, dy, x) => g.cast(dy, x.dtype)),
  CastLike: first((g, dy, x) => g.cast(dy, x.dtype)),
  BitShift: notDifferentiable,
  Ceil: notDifferentiable,
  Clip: first((g, dy, x, op) => {
    const inside = [
      ...(op.has(1) ? [g.op('GreaterOrEqual', [x, op.input(1)])] : []),
      ...(op.has(2) ? [g.op('LessOrEqual', [x, op.input(2)])] : []),
    ]
    return inside.reduce((dx, condition) => g.where(condition, dx, g.fill(dx, 0)), dy)
  }),
  Cos: unary((g, dy, x) => g.mul(dy, g.neg(g.op('Sin', [x])))),
  Div: binary((g, dy, _a, b, y) => {
    const da = g.div(dy, b)
    return [da, g.neg(g.mul(da, y))]
  }),
  Equal: notDifferentiable,
  // d erf(x) = 2/√π · exp(−x²)
  Erf: unary((g, dy, x) => g.mul(dy, g.mul(g.exp(g.neg(g.mul(x, x))), 2 / Math.sqrt(Math.PI)))),
  Exp: unary((g, dy, _x, y) => g.mul(dy, y)),
  Floor: notDifferentiable,
  Gelu: ((g, dys, op) => {
    const dy = present(dys[0], 'dy')
    const approximate = op.attributes.approximate
    const isTanh = approximate?.type === 'string' && approximate.value === 'tanh'
    return [g.mul(dy, isTanh ? tanhGeluSlope(g, op.input(0)) : geluSlope(g, op.input(0)))]
  }) satisfies GradientRule,
  Greater: notDifferentiable,
  GreaterOrEqual: notDifferentiable,
  Identity: unary((_, dy) => dy),
  IsInf: notDifferentiable,
  IsNaN: notDifferentiable,
  LeakyRelu: ((g, dys, op) => {
    const alpha = op.attributes.alpha
    const dy = present(dys[0], 'dy')
    const scaled = g.mul(dy, alpha?.type === 'float' ? alpha.value : 0.01)
    return [g.where(g.greater(op.input(0), 0), dy, scaled)]
  }) satisfies GradientRule,
  Less: notDifferentiable,
  LessOrEqual: notDifferentiable,
  Log: unary((g, dy, x) => g.div(dy, x)),
  Max: extreme,
  Mean: variadic((g, dy, _x, op) => g.mul(dy, 1 / op.inputCount)),
  Min: extreme,
  Mul: binary((g, dy, a, b) => [g.mul(dy, b), g.mul(dy, a)]),
  Neg: unary((g, dy) => g.neg(dy)),
  Not: notDifferentiable,
  Or: notDifferentiable,
  // d xᵖ = p·xᵖ⁻¹ dx + xᵖ·ln x dp
  Pow: binary((g, dy, a, b, y) => [
    g.mul(dy, g.mul(g.cast(b, a.dtype), g.pow(a, g.sub(b, 1)))),
    b.dtype === a.dtype ? g.mul(dy, g.mul(y, g.log(a))) : null,
  ]),
  Reciprocal: unary((g, dy, _x, y) => g.neg(g.mul(dy, g.mul(y, y)))),
  Relu: unary((g, dy, x) => g.where(g.greater(x, 0), dy, g.fill(dy, 0))),
  Round: notDifferentiable,
  Sigmoid: unary((g, dy, _x, y) => g.mul(dy, g.mul(y, g.sub(1, y)))),
  Sign: notDifferentiable,
  Sin: unary((g, dy, x) => g.mul(dy, g.op('Cos', [x]))),
  // d ln(1+eˣ) = σ(x)
  Softplus: unary((g, dy, x) => g.mul(dy, g.op('Sigmoid', [x]))),
  Sqrt: unary((g, dy, _x, y) => g.div(g.mul(dy, 0.5), y)),
  Sub: binary((g, dy) => [dy, g.neg(dy)]),
  Sum: variadic((_, dy) => dy),
  Tanh: unary((g, dy, _x, y) => g.mul(dy, g.sub(1, g.mul(y, y)))),
  Xor: notDifferentiable,
  Where: ((g, dys, op) => {
    const dy = present(dys[0], 'dy')
    const condition = op.input(0)
    return [null, g.where(condition, dy, g.fill(dy, 0)), g.where(condition, g.fill(dy, 0), dy)]
  }) satisfies GradientRule,
} satisfies RuleTable

/** d xΦ(x) = Φ(x) + xφ(x); with u = x/√2: ½(1 + erf u) + u·exp(−u²)/√π, in as few passes over x as there are kernels. */
function geluSlope(g: GraphBuilder, x: Value): Value {
  const u = g.mul(x, Math.SQRT1_2)
  // ½·erf u + ½ in one pass: it never leaves 0 … 1, where HardSigmoid is linear.
  const cumulative = g.op('HardSigmoid', [g.op('Erf', [u])], { alpha: float(0.5), beta: float(0.5) })
  // exp(u²) overflows to infinity for |x| > 13, where the quotient is rightly 0.
  return g.add(cumulative, g.mul(g.div(u, g.exp(g.mul(u, u))), 1 / Math.sqrt(Math.PI)))
}

/** The derivative of ½x(1 + tanh(c(x + 0.044715x³))), c = √(2/π). */
function tanhGeluSlope(g: GraphBuilder, x: Value): Value {
  const c = Math.sqrt(2 / Math.PI)
  const square = g.mul(x, x)
  const t = g.tanh(g.mul(g.mul(x, g.add(g.mul(square, 0.044715), 1)), c))
  const inner = g.mul(g.add(g.mul(square, 3 * 0.044715), 1), c)
  return g.mul(g.add(g.add(t, 1), g.mul(g.mul(x, g.sub(1, g.mul(t, t))), inner)), 0.5)
}
