/**
 * Whom to hire and what to spend in which month, when people come whole, take time to start and to learn, need managers, and
 * cash must never fall below a buffer. A mixed-integer model, because these constraints couple everything with everything.
 */
import { InvalidInputError } from '../../base/index.ts'
import { buildHiringModel, cashAt, hired, spent } from './hiring-model.ts'
import { checkQuestion, type HiringQuestion } from './hiring-question.ts'
import { type LinearModel, type LinearSolution, type LinearSolver, solveModel } from './linear-model.ts'

export type HiringPlan = {
  /** Discounted sum of all months' net money, base included. */
  value: number
  /** No plan is worth more; above the value where the solver's gap or limit ended the search. */
  upperBound: number
  hires: readonly { role: string; month: number; count: number }[]
  spends: readonly { name: string; month: number; amount: number }[]
  /** Cash at the end of each month. */
  cash: readonly number[]
  /** What a unit of credit, due in no month but this, would add to the value while the hires stay as they are. */
  cashPrices: readonly number[]
}

/** Months count from 0. Throws `planning.bad-hiring`, and `planning.infeasible-cash` where no plan keeps the buffer. */
export function planHires(solver: LinearSolver, question: HiringQuestion): HiringPlan {
  checkQuestion(question)
  const { baseNet, cash, bufferMin = 0, monthlyDiscount = 1 } = question
  const { model, start } = buildHiringModel(question)
  const solution = solveOrName(solver, model, question)
  const amountOf = (name: string) => solution.values[name] as number
  const months = baseNet.map((_, month) => month)
  const base = baseNet.reduce((sum, net, month) => sum + monthlyDiscount ** month * net, 0) + start
  return {
    value: base + solution.objective,
    upperBound: base + solution.bound,
    hires: months.flatMap((month) =>
      question.roles.flatMap(({ name }) => {
        const count = solution.values[hired(name, month)] ?? 0
        return count > 0 ? [{ role: name, month, count }] : []
      }),
    ),
    spends: months.flatMap((month) =>
      (question.spends ?? []).flatMap(({ name }) => {
        const amount = solution.values[spent(name, month)] ?? 0
        return amount > 1e-9 * Math.max(1, cash) ? [{ name, month, amount }] : []
      }),
    ),
    cash: months.map((month) => amountOf(cashAt(month)) + bufferMin),
    cashPrices: months.map((month) => Math.max(0, -(solution.prices[`${cashAt(month)}:buffer`] as number))),
  }
}

function solveOrName(solver: LinearSolver, model: LinearModel, question: HiringQuestion): LinearSolution {
  try {
    return solveModel(solver, model)
  } catch (error) {
    if (!(error instanceof InvalidInputError) || error.code !== 'planning.no-solution') throw error
    const { cash, bufferMin = 0, baseNet } = question
    let left = cash
    const month = baseNet.findIndex((net) => {
      left += net
      return left < bufferMin
    })
    throw new InvalidInputError(
      'planning.infeasible-cash',
      month < 0
        ? 'No plan keeps cash above the buffer with the people who are there at the start.'
        : `No plan keeps cash above ${bufferMin}: without any decision it is ${left} at the end of month ${month}.`,
      { hint: 'Raise money, lower the cost, or lower the buffer.', cause: error },
    )
  }
}
