/** Patterns of several nodes that are one operator. */
import { broadcastDims, sameDims } from './dims.ts'
import type { BuiltNode, GraphBuilder, Value } from './graph-builder.ts'
import { sizeOf, toNumbers } from './tensor.ts'

/** MatMul(x, w) + bias, in either order, as one product over all rows of x; null where `a + b` is no such layer. */
export function fuseLinear(g: GraphBuilder, a: Value, b: Value): Value | null {
  return linearOf(g, a, b) ?? linearOf(g, b, a)
}

function linearOf(g: GraphBuilder, product: Value, bias: Value): Value | null {
  const matMul = producer(g, product, 'MatMul')
  if (!matMul || bias.dims.length !== 1) return null
  const [x, w] = matMul.inputs as [Value, Value]
  if (w.dims.length !== 2 || x.dims.length < 2 || bias.dims[0] !== w.dims[1]) return null
  const rows = g.reshape(x, [sizeOf(x.dims.slice(0, -1)), x.dims.at(-1) as number])
  // Added by itself: the kernel of Gemm first fills its result with the bias, which costs more than one pass of Add.
  return g.reshape(g.add(g.gemm(rows, w, null), bias), product.dims)
}

/** The x of Gelu(x) where `a · b` is x · 0.5 · (1 + erf(x / √2)) in any order of its factors; null where it is not. */
export function findGeluArgument(g: GraphBuilder, a: Value, b: Value): Value | null {
  for (const [product, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const inner = producer(g, product, 'Mul')
    if (!inner) continue
    const factors = [...(inner.inputs as readonly Value[]), other].filter((factor) => !isScalar(g, factor, 0.5))
    if (factors.length !== 2) continue
    const [left, right] = factors as [Value, Value]
    const x = isErfOf(g, left, right) ? right : isErfOf(g, right, left) ? left : null
    if (x && sameDims(x.dims, broadcastDims(a.dims, b.dims))) return x
  }
  return null
}

/** Whether `value` is 1 + erf(x / √2). */
function isErfOf(g: GraphBuilder, value: Value, x: Value): boolean {
  const shifted = otherThan(g, producer(g, value, 'Add'), 1)
  const erf = shifted && producer(g, shifted, 'Erf')
  const scaled = erf?.inputs[0]
  return scaled != null && otherThan(g, producer(g, scaled, 'Mul'), Math.SQRT1_2)?.name === x.name
}

/** The operand of a node of two that is not the constant `wanted`, provided that the other one is. */
function otherThan(g: GraphBuilder, built: BuiltNode | undefined, wanted: number): Value | undefined {
  const [a, b] = (built?.inputs ?? []) as [Value?, Value?]
  if (!a || !b) return undefined
  if (isScalar(g, b, wanted)) return a
  return isScalar(g, a, wanted) ? b : undefined
}

function producer(g: GraphBuilder, value: Value, opType: string): BuiltNode | undefined {
  const built = g.producerOf(value)
  return built?.node.opType === opType ? built : undefined
}

/** Exporters round: 0.70710677 and 1 / 1.4142135 both stand for √½. */
function isScalar(g: GraphBuilder, value: Value, wanted: number): boolean {
  const constant = sizeOf(value.dims) === 1 && isDecimal(value) ? g.constantOf(value) : undefined
  return constant !== undefined && Math.abs((toNumbers(constant)[0] as number) - wanted) < 1e-6
}

/** Of a type whose elements JavaScript's numbers are. */
export function isDecimal({ dtype }: Value): boolean {
  return dtype === 'float32' || dtype === 'float64'
}
