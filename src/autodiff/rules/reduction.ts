import { present } from '../../base/index.ts'
import { type GraphBuilder, positiveAxis, reduceDims, reductionAxes, sizeOf, type Value } from '../../onnx/index.ts'
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

function softmaxAxis(op: Operation): number {
  return positiveAxis(op.int('axis', -1), op.input(0).dims.length)
}

export const reductions = {
  ArgMax: notDifferentiable,
  ArgMin: notDifferentiable,
  LogSoftmax: logSoftmax,
  ReduceL2: reduction((g, dy, x, y) => g.mul(x, g.div(dy, y))),
  ReduceMax: extreme,
  ReduceMean: reduction((g, dy, _x, _y, count) => g.mul(dy, 1 / count)),
  ReduceMin: extreme,
  ReduceSum: reduction((_, dy) => dy),
  ReduceSumSquare: reduction((g, dy, x) => g.mul(x, g.mul(dy, 2))),
  Softmax: softmax,
} satisfies RuleTable
