/** A linear model, some variables whole numbers, and its solution. When to use one: docs/planning.md. */
import { InvalidInputError } from '../../base/index.ts'

export type Term = readonly [variable: string, factor: number]

export type LinearModel = {
  maximize: readonly Term[]
  /** By name; from 0 without end unless said. */
  variables: Readonly<Record<string, { min?: number; max?: number; integer?: boolean }>>
  constraints: Readonly<Record<string, { terms: readonly Term[]; relation: '<=' | '>=' | '='; limit: number }>>
}

export type LinearSolution = {
  objective: number
  /** No solution is worth more: the objective itself, unless the search ended at its limits. */
  bound: number
  values: Readonly<Record<string, number>>
  /**
   * d objective/d limit of each constraint with the whole-numbered variables fixed where they are: what a unit more is worth
   * while nobody else is hired.
   */
  prices: Readonly<Record<string, number>>
}

/** Solves a checked model; prices matter only where no variable is a whole number. Says why where there is no solution. */
export type LinearSolver = (model: LinearModel) => LinearSolution | { unsolved: string }

/** Throws `planning.bad-model` for numbers that are none, `planning.no-solution` where the model is infeasible or unbounded. */
export function solveModel(solver: LinearSolver, model: LinearModel): LinearSolution {
  checkModel(model)
  const found = solveOnce(solver, model)
  const whole = Object.entries(model.variables).filter(([, { integer }]) => integer)
  if (whole.length === 0) return found
  const rounded = Object.fromEntries(whole.map(([name]) => [name, Math.round(found.values[name] as number)]))
  const fixed = Object.fromEntries(Object.entries(rounded).map(([name, value]) => [name, { min: value, max: value }]))
  const linear = solveOnce(solver, { ...model, variables: { ...model.variables, ...fixed } })
  return { ...linear, bound: Math.max(found.bound, linear.objective), values: { ...linear.values, ...rounded } }
}

/** The same model with fractions allowed: its objective bounds the whole-numbered one, its prices see all variables move. */
export function relaxModel(model: LinearModel): LinearModel {
  const variables = Object.entries(model.variables).map(([name, bounds]) => [name, { ...bounds, integer: false }])
  return { ...model, variables: Object.fromEntries(variables) as LinearModel['variables'] }
}

function solveOnce(solver: LinearSolver, model: LinearModel): LinearSolution {
  const answer = solver(model)
  if (!('unsolved' in answer)) return answer
  throw new InvalidInputError('planning.no-solution', `The model has no best solution: ${answer.unsolved}.`, {
    hint: 'If infeasible, loosen a bound; if unbounded, limit what can be bought.',
    details: answer,
  })
}

function checkModel({ maximize, variables, constraints }: LinearModel): void {
  const problems: string[] = []
  const checkTerms = (where: string, terms: readonly Term[]) => {
    for (const [name, factor] of terms) {
      if (!(name in variables)) problems.push(`${where} names ${name}, which is no variable`)
      if (!Number.isFinite(factor)) problems.push(`the factor of ${name} in ${where} is ${factor}`)
    }
  }
  checkTerms('the objective', maximize)
  for (const [name, { terms, limit }] of Object.entries(constraints)) {
    checkTerms(name, terms)
    if (!Number.isFinite(limit)) problems.push(`the limit of ${name} is ${limit}`)
  }
  for (const [name, { min = 0, max = Number.POSITIVE_INFINITY }] of Object.entries(variables)) {
    if (!(min <= max)) problems.push(`${name} goes from ${min} to ${max}`)
  }
  if (problems.length === 0) return
  throw new InvalidInputError('planning.bad-model', `The linear model cannot be solved: ${problems.join('; ')}.`, {
    hint: 'Every factor and limit must be a finite number, every bound from least to most.',
    details: problems,
  })
}
