/** Types of convolutions, pools and normalisations over [batch, channels, …spatial]. */
import { present } from '../base/index.ts'
import { intOf, intsOf } from './graph.ts'
import type { Inference } from './node-settings.ts'
import { slidingWindows, transposedWindows } from './windows.ts'

const convolution: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const [channels, , ...kernel] = c.input(1).dims as [number, number, ...number[]]
  const windows = slidingWindows(c.node, dims.slice(2), intsOf(c.node, 'kernel_shape') ?? kernel)
  return [{ dtype, dims: [dims[0] as number, channels, ...windows.map(({ count }) => count)] }]
}

const transposedConvolution: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const [, perGroup, ...kernel] = c.input(1).dims as [number, number, ...number[]]
  const windows = transposedWindows(c.node, dims.slice(2), intsOf(c.node, 'kernel_shape') ?? kernel)
  const channels = perGroup * intOf(c.node, 'group', 1)
  return [{ dtype, dims: [dims[0] as number, channels, ...windows.map(({ size }) => size)] }]
}

const pool: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  const kernel = present(intsOf(c.node, 'kernel_shape'), `kernel_shape of ${c.node.opType}`)
  const windows = slidingWindows(c.node, dims.slice(2), kernel)
  const pooled = [...dims.slice(0, 2), ...windows.map(({ count }) => count)]
  return [
    { dtype, dims: pooled },
    { dtype: 'int64' as const, dims: pooled },
  ].slice(0, c.node.outputs.length)
}

const globalPool: Inference = (c) => {
  const { dtype, dims } = c.input(0)
  return [{ dtype, dims: dims.map((dim, i) => (i < 2 ? dim : 1)) }]
}

const same: Inference = (c) => [c.input(0)]

/** Running mean and variance are further outputs in training. */
const batchNormalization: Inference = (c) => [c.input(0), c.input(3), c.input(4)].slice(0, c.node.outputs.length)

/** One entry per operator. */
export const windowInferences: Record<string, Inference> = {
  AveragePool: pool,
  BatchNormalization: batchNormalization,
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  GlobalAveragePool: globalPool,
  GlobalLpPool: globalPool,
  GlobalMaxPool: globalPool,
  GroupNormalization: same,
  InstanceNormalization: same,
  LRN: same,
  LpPool: pool,
  MaxPool: pool,
  MeanVarianceNormalization: same,
}
