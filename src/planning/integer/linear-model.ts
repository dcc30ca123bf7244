/** A linear model, some variables whole numbers, and its solution. Where bounds and prices couple, docs/planning.md says when. */
import { InvalidInputError, present } from '../../base/index.ts'
import { writeLp } from './write-lp.ts'

export type Term = readonly [variable: string, factor: number]

export type LinearModel = {
  maximize: readonly Term[]
  /** By name; from 0 without end unless said. */
  variables: Readonly<Record<string, { min?: number; max?: number; integer?: boolean }>>
  constraints: Readonly<Record<string, { terms: readonly Term[]; relation: '<=' | '>=' | '='; limit: number }>>
}

export type LinearSolution = {
  objective: number
  values: Readonly<Record<string, number>>
  /**
   * d objective/d limit of each constraint with the whole-numbered variables fixed where they are: what a unit more is worth
   * while nobody else is hired.
   */
  prices: Readonly<Record<string, number>>
}

/** What a solver says of a problem in CPLEX LP format: columns `x0…` and rows in the order of the problem. */
export type LinearSolver = (problem: string) => {
  status: string
  objective: number
  values: Readonly<Record<string, number>>
  rowPrices: readonly number[]
}

/** Throws `planning.bad-model` for numbers that are none, `planning.no-solution` where the model is infeasible or unbounded. */
export function solveModel(solver: LinearSolver, model: LinearModel): LinearSolution {
  const { values, objective, prices } = solveOnce(solver, model)
  const whole = Object.entries(model.variables).filter(([, { integer }]) => integer)
  if (whole.length === 0) return { values, objective, prices }
  const rounded = Object.fromEntries(whole.map(([name]) => [name, Math.round(values[name] as number)]))
  const fixed = Object.fromEntries(Object.entries(rounded).map(([name, value]) => [name, { min: value, max: value }]))
  const linear = solveOnce(solver, { ...model, variables: { ...model.variables, ...fixed } })
  return { ...linear, values: { ...linear.values, ...rounded } }
}

/** The same model with fractions allowed: its objective bounds the whole-numbered one, its prices see all variables move. */
export function relaxModel(model: LinearModel): LinearModel {
  const variables = Object.entries(model.variables).map(([name, bounds]) => [name, { ...bounds, integer: false }])
  return { ...model, variables: Object.fromEntries(variables) as LinearModel['variables'] }
}

function solveOnce(solver: LinearSolver, model: LinearModel): LinearSolution {
  const { text, columns, rows } = writeLp(model)
  const answer = solver(text)
  if (answer.status !== 'Optimal') {
    throw new InvalidInputError(
      'planning.no-solution',
      `The model has no best solution: ${answer.status.toLowerCase()}.`,
      {
        hint: 'If infeasible, loosen a bound; if unbounded, limit what can be bought.',
        details: { status: answer.status },
      },
    )
  }
  const columnValue = (column: string) => present(answer.values[column], `the value of ${column}`)
  return {
    objective: answer.objective,
    values: Object.fromEntries([...columns].map(([name, column]) => [name, columnValue(column)])),
    prices: Object.fromEntries(rows.map((name, i) => [name, present(answer.rowPrices[i], `the price of ${name}`)])),
  }
}
