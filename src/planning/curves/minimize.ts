// Minimisation of smooth functions of a few variables.

export type Evaluated = { value: number; gradient: readonly number[] }

/**
 * Quasi-Newton descent (BFGS with backtracking) from one start; stops where no step lowers the value any more. Tolerates
 * kinks: a step that does not help restarts from steepest descent once.
 */
export function minimizeSmooth(
  evaluate: (x: readonly number[]) => Evaluated,
  start: readonly number[],
  { iterations = 500 }: { iterations?: number } = {},
): { x: number[]; value: number } {
  const size = start.length
  let x = [...start]
  let current = evaluate(x)
  let inverse = identity(size)
  let fresh = true
  for (let i = 0; i < iterations; i++) {
    const direction = inverse.map((row) => -dot(row, current.gradient))
    const descent = dot(direction, current.gradient)
    const next = descent < 0 ? searchLine(evaluate, x, current, direction, descent) : undefined
    if (next === undefined) {
      if (fresh) break
      inverse = identity(size)
      fresh = true
      continue
    }
    const step = next.x.map((value, k) => value - (x[k] as number))
    const change = next.evaluated.gradient.map((value, k) => value - (current.gradient[k] as number))
    const curvature = dot(step, change)
    if (curvature > 0)
      inverse = updateInverse(fresh ? scaledIdentity(size, curvature / dot(change, change)) : inverse, step, change)
    fresh = false
    x = next.x
    current = next.evaluated
  }
  return { x, value: current.value }
}

/** Halves the step until the value falls by a fair part of what the slope promises (Armijo). */
function searchLine(
  evaluate: (x: readonly number[]) => Evaluated,
  x: readonly number[],
  current: Evaluated,
  direction: readonly number[],
  descent: number,
): { x: number[]; evaluated: Evaluated } | undefined {
  for (let length = 1; length > 1e-14; length /= 2) {
    const moved = x.map((value, k) => value + length * (direction[k] as number))
    const evaluated = evaluate(moved)
    if (evaluated.value < current.value && evaluated.value <= current.value + 1e-4 * length * descent) {
      return { x: moved, evaluated }
    }
  }
  return undefined
}

function updateInverse(inverse: number[][], step: readonly number[], change: readonly number[]): number[][] {
  const curvature = dot(step, change)
  const product = inverse.map((row) => dot(row, change))
  const factor = (1 + dot(change, product) / curvature) / curvature
  return inverse.map((row, i) =>
    row.map((value, j) => {
      const [si, sj, pi, pj] = [step[i], step[j], product[i], product[j]] as [number, number, number, number]
      return value + factor * si * sj - (pi * sj + si * pj) / curvature
    }),
  )
}

function identity(size: number): number[][] {
  return scaledIdentity(size, 1)
}

function scaledIdentity(size: number, scale: number): number[][] {
  return Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => (i === j ? scale : 0)))
}

function dot(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, i) => sum + value * (other[i] as number), 0)
}
