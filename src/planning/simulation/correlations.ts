import { InvalidInputError } from '../../base/index.ts'
import type { Correlation } from './draw-inputs.ts'

/**
 * The lower triangle L with L·Lᵀ = the correlations of `names`, by Cholesky; pairs that are not given have 0.
 * Throws InvalidInputError `plan.impossible-correlations` where no joint distribution has them.
 */
export function factorCorrelations(names: readonly string[], correlations: readonly Correlation[]): number[][] {
  const matrix = names.map((_, row) => names.map((_, column) => (row === column ? 1 : 0)))
  for (const { between, value } of correlations) {
    const [a, b] = between.map((name) => names.indexOf(name)) as [number, number]
    if (a === b || !(Math.abs(value) < 1)) {
      throw impossible(
        `The correlation of ${between.join(' and ')} is ${value}.`,
        'Give two inputs and a value between -1 and 1.',
      )
    }
    if (at(matrix, a, b) !== 0 && at(matrix, a, b) !== value) {
      throw impossible(`${between.join(' and ')} have two correlations.`, 'Give each pair one.')
    }
    ;(matrix[a] as number[])[b] = value
    ;(matrix[b] as number[])[a] = value
  }
  const factor: number[][] = []
  for (let row = 0; row < names.length; row++) {
    const weights: number[] = []
    for (let column = 0; column < row; column++) {
      let rest = at(matrix, row, column)
      for (let k = 0; k < column; k++) rest -= (weights[k] as number) * at(factor, column, k)
      weights.push(rest / at(factor, column, column))
    }
    const pivot = 1 - weights.reduce((sum, weight) => sum + weight * weight, 0)
    if (pivot <= 1e-12) {
      const others = names.slice(0, row).filter((_, column) => at(matrix, row, column) !== 0)
      throw impossible(
        `${names[row]} cannot have its correlations with ${others.join(', ')} together with those among them.`,
        'Pairs that are not given count as 0: give those too, or smaller values.',
      )
    }
    factor.push([...weights, Math.sqrt(pivot)])
  }
  return factor
}

function at(matrix: readonly number[][], row: number, column: number): number {
  return (matrix[row] as number[])[column] as number
}

function impossible(message: string, hint: string): InvalidInputError {
  return new InvalidInputError('plan.impossible-correlations', message, { hint })
}
