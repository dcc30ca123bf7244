/** Arithmetic of dimensions and axes. */
import { assert } from '../base/index.ts'

/** NumPy broadcasting of several shapes. */
export function broadcastDims(...shapes: (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((dims) => dims.length))
  return Array.from({ length: rank }, (_, i) =>
    shapes.reduce((size, dims) => {
      const dim = dims[i - rank + dims.length] ?? 1
      assert(dim === 1 || size === 1 || dim === size, `cannot broadcast ${shapes.map((s) => `[${s}]`).join(' with ')}`)
      return dim === 1 ? size : dim
    }, 1),
  )
}

/** An axis counted from the front. */
export function positiveAxis(axis: number, rank: number): number {
  assert(axis >= -rank && axis < Math.max(rank, 1), `axis ${axis} of a value of rank ${rank}`)
  return axis < 0 ? axis + rank : axis
}

/** The dimensions of `dims` that remain after reducing `axes`. */
export function reduceDims(dims: readonly number[], axes: readonly number[], keepDims: boolean): number[] {
  return keepDims ? dims.map((d, i) => (axes.includes(i) ? 1 : d)) : dims.filter((_, i) => !axes.includes(i))
}

/** The shape of a product of (stacks of) matrices, as in NumPy: a vector counts as one row or column. */
export function matMulDims(a: readonly number[], b: readonly number[]): number[] {
  const left = a.length === 1 ? [1, ...a] : a
  const right = b.length === 1 ? [...b, 1] : b
  const [rows, inner] = left.slice(-2) as [number, number]
  const [innerRight, columns] = right.slice(-2) as [number, number]
  assert(inner === innerRight, `cannot multiply [${a}] with [${b}]`)
  const dims = [...broadcastDims(left.slice(0, -2), right.slice(0, -2))]
  if (a.length > 1) dims.push(rows)
  if (b.length > 1) dims.push(columns)
  return dims
}

/** Whether two shapes are equal. */
export function sameDims(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i])
}
