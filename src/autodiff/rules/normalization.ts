import { present } from '../../base/index.ts'
import { positiveAxis, sizeOf, type Value } from '../../onnx/index.ts'
import { type GradientRule, type Operation, type RuleTable, refuseForm } from '../rule.ts'

/**
 * y = γ·x̂ + β with x̂ = (x − μ)·s, s = 1/√(σ² + ε) over the axes from `axis` on.
 * dx = s·(dx̂ − mean(dx̂) − x̂·mean(dx̂·x̂)), dx̂ = dy·γ; dγ = Σ dy·x̂; dβ = Σ dy.
 */
const layerNormalization: GradientRule = (g, dys, op) => {
  refuseStatistics(op)
  const [dy, x, gamma] = [present(dys[0], 'dy'), op.input(0), op.input(1)]
  // The same node with its statistics as outputs; the builder drops the plain one where it is not used otherwise.
  const inputs = [x, gamma, ...(op.has(2) ? [op.input(2)] : [])]
  const [, mean, scale] = g.node('LayerNormalization', inputs, op.attributes, { outputCount: 3 })
  const s = present(scale, 'inverse deviation')
  const normalized = g.mul(g.sub(x, present(mean, 'mean')), s)
  const dGamma = g.mul(dy, normalized)
  // mean(dx̂) and mean(dx̂·x̂) are products with the vector γ/n: no pass of their own.
  const normalizedDims = x.dims.slice(positiveAxis(op.int('axis', -1), x.dims.length))
  const size = sizeOf(normalizedDims)
  const weights = g.reshape(g.expand(g.mul(gamma, 1 / size), normalizedDims), [size, 1])
  const meanOf = (value: Value) =>
    g.reshape(g.matMul(g.reshape(value, [sizeOf(value.dims) / size, size]), weights), s.dims)
  const projected = g.mul(normalized, meanOf(dGamma))
  const dx = g.mul(s, g.sub(g.sub(g.mul(dy, gamma), projected), meanOf(dy)))
  return [dx, dGamma, ...(op.has(2) ? [dy] : [])]
}

/** y = γ·x̂ with x̂ = x·s, s = 1/√(mean(x²) + ε): dx = s·(dx̂ − x̂·mean(dx̂·x̂)), dx̂ = dy·γ; dγ = Σ dy·x̂. */
const simplifiedLayerNormalization: GradientRule = (g, dys, op) => {
  refuseStatistics(op)
  const [dy, x, gamma] = [present(dys[0], 'dy'), op.input(0), op.input(1)]
  const first = positiveAxis(op.int('axis', -1), x.dims.length)
  const axes = x.dims.map((_, i) => i).slice(first)
  const [, scale] = g.node('SimplifiedLayerNormalization', [x, gamma], op.attributes, { outputCount: 2 })
  const s = present(scale, 'inverse deviation')
  const normalized = g.mul(x, s)
  const dNormalized = g.mul(dy, gamma)
  const projected = g.mul(normalized, g.reduceMean(g.mul(dNormalized, normalized), axes))
  return [g.mul(s, g.sub(dNormalized, projected)), g.mul(dy, normalized)]
}

function refuseStatistics(op: Operation): void {
  if (!op.reaches(1) && !op.reaches(2)) return
  refuseForm(op, 'through its mean or deviation', 'Compute these by ReduceMean, so that the gradient can pass.')
}

export const normalization = {
  LayerNormalization: layerNormalization,
  SimplifiedLayerNormalization: simplifiedLayerNormalization,
} satisfies RuleTable
