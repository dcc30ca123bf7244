/** Quantized weights stay as they are; what they are multiplied with, scales and biases can be trained. */
import { present } from '../../base/index.ts'
import { type GraphBuilder, positiveAxis, sizeOf, type Value } from '../../onnx/index.ts'
import { type GradientRule, type Operation, type RuleTable, refuseForm } from '../rule.ts'

/** y = (x − z)·s: ds = Σ dy·(x − z), over all that share a scale. */
const dequantizeLinear: GradientRule = (g, dys, op) => {
  const [dy, x, scale] = [present(dys[0], 'dy'), op.input(0), op.input(1)]
  if (op.int('block_size', 0) > 0) refuseForm(op, 'in blocks', 'Freeze the scales, or use one scale for each channel.')
  const axis = positiveAxis(op.int('axis', 1), Math.max(x.dims.length, 2))
  const isWhole = sizeOf(scale.dims) === 1
  const along = isWhole ? [] : x.dims.map((dim, i) => (i === axis ? dim : 1))
  const steps = g.cast(x, scale.dtype)
  const shifted = op.has(2) ? g.sub(steps, g.reshape(g.cast(op.input(2), scale.dtype), along)) : steps
  const others = isWhole ? undefined : x.dims.flatMap((_, i) => (i === axis ? [] : [i]))
  const dScale = g.reshape(g.reduceSum(g.mul(dy, shifted), others), scale.dims)
  return [null, dScale, ...(op.inputCount > 2 ? [null] : [])]
}

/** y = x·Wᵀ + bias with W [N, K] in blocks of 4 bits: dx = dy·W. */
const matMulNBits: GradientRule = (g, dys, op) => {
  const [dy, x] = [present(dys[0], 'dy'), op.input(0)]
  const rows = g.reshape(dy, [sizeOf(dy.dims.slice(0, -1)), dy.dims.at(-1) as number])
  const dx = g.reshape(g.gemm(rows, widen(g, op), null), x.dims)
  const results: (Value | null)[] = Array(op.inputCount).fill(null)
  return op.has(5) ? results.with(0, dx).with(5, dy) : results.with(0, dx)
}

/** The weight in decimals: (q − z)·s, with a scale and a zero point for each block. */
function widen(g: GraphBuilder, op: Operation): Value {
  if (op.int('bits', 4) !== 4 || op.has(4))
    refuseForm(op, 'other than of 4 bits in order', 'Quantize to 4 bits without g_idx.')
  const [rows, columns, block] = ['N', 'K', 'block_size'].map((name) => op.int(name, 0)) as [number, number, number]
  const [weight, scales] = [op.input(1), op.input(2)]
  const blocks = Math.ceil(columns / block)
  const perBlock = (value: Value) => g.reshape(value, [rows, blocks, 1])
  const steps = g.reshape(nibbles(g, weight, scales), [rows, blocks, block])
  const centred = g.sub(steps, op.has(3) ? perBlock(zeroPoints(g, op.input(3), scales, rows, blocks)) : 8)
  const whole = g.reshape(g.mul(centred, perBlock(scales)), [rows, blocks * block])
  return g.slice(whole, 1, 0, columns)
}

/** One for each block, as decimals or in 4 bits, of which each row begins with a new byte. */
function zeroPoints(g: GraphBuilder, packed: Value, scales: Value, rows: number, blocks: number): Value {
  if (packed.dtype !== 'uint8') return packed
  const padded = g.reshape(nibbles(g, packed, scales), [rows, blocks + (blocks % 2)])
  return g.slice(padded, 1, 0, blocks)
}

/** Two for each byte, the lower one first, along a last axis of their own. */
function nibbles(g: GraphBuilder, bytes: Value, like: Value): Value {
  const whole = g.cast(bytes, like.dtype)
  const high = g.op('Floor', [g.mul(whole, 1 / 16)])
  const low = g.sub(whole, g.mul(high, 16))
  const axis = bytes.dims.length
  return g.concat([g.unsqueeze(low, [axis]), g.unsqueeze(high, [axis])], axis)
}

export const quantized = {
  DequantizeLinear: dequantizeLinear,
  'com.microsoft:DequantizeLinear': dequantizeLinear,
  'com.microsoft:MatMulNBits': matMulNBits,
} satisfies RuleTable
