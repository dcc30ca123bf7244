import { present } from '../../base/index.ts'
import { float, floatOf, type GraphBuilder, sizeOf, type Value } from '../../onnx/index.ts'
import type { GradientRule, RuleTable } from '../rule.ts'

const gemm: GradientRule = (g, dys, op) => {
  const dy = present(dys[0], 'dy')
  const [a, b] = [op.input(0), op.input(1)]
  const transA = op.int('transA', 0) === 1
  const transB = op.int('transB', 0) === 1
  const alpha = floatOf(op.node, 'alpha', 1)
  const beta = floatOf(op.node, 'beta', 1)
  const da = transA
    ? g.gemm(b, dy, null, { alpha, transA: transB, transB: true })
    : g.gemm(dy, b, null, { alpha, transB: !transB })
  const db = transB
    ? g.gemm(dy, a, null, { alpha, transA: true, transB: transA })
    : g.gemm(a, dy, null, { alpha, transA: !transA })
  return op.inputCount > 2 ? [da, db, g.mul(dy, beta)] : [da, db]
}

const matMul: GradientRule = (g, dys, op) => {
  const dy = present(dys[0], 'dy')
  const [a, b] = [op.input(0), op.input(1)]
  if (b.dims.length === 2 && a.dims.length >= 2) return matrixProduct(g, dy, a, b)
  // A vector takes part as a matrix of one row or column.
  const left = a.dims.length === 1 ? g.reshape(a, [1, ...a.dims]) : a
  const right = b.dims.length === 1 ? g.reshape(b, [...b.dims, 1]) : b
  const rows = a.dims.length === 1 ? [1] : [a.dims.at(-2) as number]
  const columns = b.dims.length === 1 ? [1] : [b.dims.at(-1) as number]
  const batch = dy.dims.slice(0, dy.dims.length - (a.dims.length === 1 ? 0 : 1) - (b.dims.length === 1 ? 0 : 1))
  const full = g.reshape(dy, [...batch, ...rows, ...columns])
  const da = g.matMul(full, g.swapLast(right))
  const db = g.matMul(g.swapLast(left), full)
  return [
    a.dims.length === 1 ? g.reshape(g.reduceSum(da, leading(da, 2)), a.dims) : da,
    b.dims.length === 1 ? g.reshape(g.reduceSum(db, leading(db, 2)), b.dims) : db,
  ]
}

/** A batch of rows times one matrix: all rows as one matrix, so that each gradient is a single product. */
function matrixProduct(g: GraphBuilder, dy: Value, a: Value, b: Value): Value[] {
  const rows = sizeOf(a.dims.slice(0, -1))
  const dyRows = g.reshape(dy, [rows, dy.dims.at(-1) as number])
  const aRows = g.reshape(a, [rows, a.dims.at(-1) as number])
  const da = g.gemm(dyRows, b, null, { transB: true })
  return [g.reshape(da, a.dims), g.gemm(aRows, dyRows, null, { transA: true })]
}

/** alpha·op(a)·op(b) over batches of matrices, the transposes inside the kernel. */
const fusedMatMul: GradientRule = (g, dys, op) => {
  const dy = present(dys[0], 'dy')
  const [a, b] = [op.input(0), op.input(1)]
  const transA = op.int('transA', 0) === 1
  const transB = op.int('transB', 0) === 1
  const alpha = float(floatOf(op.node, 'alpha', 1))
  const product = (x: Value, tx: boolean, y: Value, ty: boolean) => fused(g, x, tx, y, ty, alpha)
  return [
    transA ? product(b, transB, dy, true) : product(dy, false, b, !transB),
    transB ? product(dy, true, a, transA) : product(a, !transA, dy, false),
  ]
}

function fused(
  g: GraphBuilder,
  x: Value,
  transX: boolean,
  y: Value,
  transY: boolean,
  alpha: ReturnType<typeof float>,
): Value {
  const flag = (on: boolean) => ({ type: 'int', value: on ? 1n : 0n }) as const
  return g.op('FusedMatMul', [x, y], { alpha, transA: flag(transX), transB: flag(transY) }, { domain: 'com.microsoft' })
}

function leading(value: Value, kept: number): number[] {
  return Array.from({ length: value.dims.length - kept }, (_, i) => i)
}

export const linalg = { 'com.microsoft:FusedMatMul': fusedMatMul, Gemm: gemm, MatMul: matMul } satisfies RuleTable
