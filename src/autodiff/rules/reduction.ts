import { present } from '../../base/index.ts'
import {
  type GraphBuilder,
  int,
  positiveAxis,
  reduceDims,
  reductionAxes,
  sizeOf,
  type Value,
} from '../../onnx/index.ts'
import { first, type GradientRule, notDifferentiable, type Operation, type RuleTable } from '../rule.ts'

/** A reduction's rule; `dy` and `y` come with the reduced axes kept as ones, so that they broadcast against x. */
const reduction = (rule: (g: GraphBuilder, dy: Value, x: Value, y: Value, count: number) => Value): GradientRule =>
  first((g, dy, x, op) => {
    const kept = reduceDims(x.dims, reductionAxes(op), true)
    return g.expand(
      rule(g, g.reshape(dy, kept), x, g.reshape(op.output(0), kept), sizeOf(x.dims) / sizeOf(kept)),
      x.dims,
    )
  })

/** The gradient goes to the elements equal to the result, shared among them. */
const extreme = reduction((g, dy, x, y) => {
  const chosen = g.cast(g.equal(x, y), x.dtype)
  const axes = x.dims.flatMap((dim, i) => (dim !== y.dims[i] ? [i] : []))
  return g.mul(chosen, g.div(dy, axes.length ? g.reduceSum(chosen, axes) : chosen))
})

/**
 * Each element's gradient is the product of the others. The quotient y / x is that, save where elements are zero: then
 * a single zero gets the product of the rest, and two leave nothing.
 */
const product = reduction((g, dy, x, y) => {
  const axes = x.dims.flatMap((dim, i) => (dim !== y.dims[i] ? [i] : []))
  const [zero, one] = [g.fill(x, 0), g.fill(x, 1)]
  const isZero = g.equal(x, 0)
  const zeroCount = g.reduceSum(g.where(isZero, one, zero), axes)
  const rest = g.where(isZero, one, x)
  const others = g.div(g.reduceProd(rest, axes), rest)
  // Of the zeros left when this element is taken away.
  const zerosLeft = g.sub(zeroCount, g.where(isZero, one, zero))
  return g.mul(dy, g.where(g.equal(zerosLeft, 0), others, zero))
})

// y = softmax(x): dx = y·(dy − Σ dy·y)
const softmax: GradientRule = (g, dys, op) => {
  const [dy, y] = [present(dys[0], 'dy'), op.output(0)]
  const axis = softmaxAxis(op)
  const weighted = g.mul(dy, y)
  return [g.sub(weighted, g.mul(y, g.reduceSum(weighted, [axis])))]
}

// y = log softmax(x): dx = dy − eʸ·Σ dy
const logSoftmax: GradientRule = (g, dys, op) => {
  const dy = present(dys[0], 'dy')
  return [g.sub(dy, g.mul(g.exp(op.output(0)), g.reduceSum(dy, [softmaxAxis(op)])))]
}

/** What an element is added to: the sums from there on, in the other direction. */
const cumSum = first((g, dy, _x, op) => {
  return g.op('CumSum', [dy, op.input(1)], {
    exclusive: int(op.int('exclusive', 0)),
    reverse: int(1 - op.int('reverse', 0)),
  })
})

function softmaxAxis(op: Operation): number {
  return positiveAxis(op.int('axis', -1), op.input(0).dims.length)
}

export const reductions = {
  ArgMax: notDifferentiable,
  ArgMin: notDifferentiable,
  CumSum: cumSum,
  LogSoftmax: logSoftmax,
  ReduceL1: reduction((g, dy, x) => g.mul(dy, g.op('Sign', [x]))),
  // At the origin, where no direction is steepest, nothing flows.
  ReduceL2: reduction((g, dy, x, y) => g.mul(x, g.where(g.equal(y, 0), g.fill(y, 0), g.div(dy, y)))),
  ReduceLogSum: reduction((g, dy, _x, y) => g.mul(dy, g.exp(g.neg(y)))),
  ReduceLogSumExp: reduction((g, dy, x, y) => g.mul(dy, g.exp(g.sub(x, y)))),
  ReduceMax: extreme,
  ReduceMean: reduction((g, dy, _x, _y, count) => g.mul(dy, 1 / count)),
  ReduceMin: extreme,
  ReduceProd: product,
  ReduceSum: reduction((_, dy) => dy),
  ReduceSumSquare: reduction((g, dy, x) => g.mul(x, g.mul(dy, 2))),
  Softmax: softmax,
} satisfies RuleTable
