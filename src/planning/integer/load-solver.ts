/** HiGHS, compiled to WebAssembly, as a `LinearSolver`: the one place of planning that loads something, and it does so when asked. */
import type { Highs, ModelData } from 'highs'
import type { LinearModel, LinearSolver, Term } from './linear-model.ts'

/**
 * About 0.1 s. The search for whole numbers ends within `gap` of the best (a share of the objective), or after `nodesMax` branches: a
 * count, not a time, so that the same model has the same answer on every machine.
 */
export async function loadSolver({ gap = 1e-4, nodesMax = 2000 } = {}): Promise<LinearSolver> {
  const { default: module } = await import('highs')
  // Its declarations describe the CommonJS build; Node loads the other, whose default is the function itself.
  const highs = await (module as unknown as typeof module.default)()
  return (model) =>
    highs.withModel((native) => {
      native.options.set({ output_flag: false, mip_rel_gap: gap, mip_abs_gap: 0, mip_max_nodes: nodesMax })
      native.passModel(toModelData(highs, model))
      const { modelStatus } = native.run()
      const isFeasible = native.info.get('primal_solution_status') === highs.constants.solutionStatus.feasible
      const limits: readonly number[] = [
        highs.constants.modelStatus.solutionLimit,
        highs.constants.modelStatus.iterationLimit,
      ]
      if (modelStatus !== highs.constants.modelStatus.optimal && !(isFeasible && limits.includes(modelStatus))) {
        const status = Object.entries(highs.constants.modelStatus).find(([, code]) => code === modelStatus)?.[0]
        return { unsolved: status ?? `status ${modelStatus}` }
      }
      const { colValue, rowDual } = native.getSolution()
      const objective = native.getObjectiveValue()
      const hasWhole = Object.values(model.variables).some(({ integer }) => integer)
      return {
        objective,
        bound: hasWhole ? Number(native.info.get('mip_dual_bound')) : objective,
        values: Object.fromEntries(Object.keys(model.variables).map((name, i) => [name, colValue[i] ?? 0])),
        prices: Object.fromEntries(Object.keys(model.constraints).map((name, i) => [name, rowDual[i] ?? 0])),
      }
    })
}

function toModelData(highs: Highs, model: LinearModel): ModelData {
  const columns = new Map(Object.keys(model.variables).map((name, i) => [name, i]))
  const bounds = Object.values(model.variables)
  const rows = Object.values(model.constraints).map((row) => ({
    ...row,
    factors: [...sumByColumn(row.terms, columns)],
  }))
  const cost = new Float64Array(columns.size)
  for (const [column, factor] of sumByColumn(model.maximize, columns)) cost[column] = factor
  const starts = [0]
  for (const { factors } of rows) starts.push((starts.at(-1) as number) + factors.length)
  const { integer, continuous } = highs.constants.variableType
  return {
    numCols: columns.size,
    numRows: rows.length,
    sense: highs.constants.objectiveSense.maximize,
    colCost: cost,
    colLower: bounds.map(({ min = 0 }) => min),
    colUpper: bounds.map(({ max = Number.POSITIVE_INFINITY }) => max),
    rowLower: rows.map(({ relation, limit }) => (relation === '<=' ? Number.NEGATIVE_INFINITY : limit)),
    rowUpper: rows.map(({ relation, limit }) => (relation === '>=' ? Number.POSITIVE_INFINITY : limit)),
    integrality: bounds.map((variable) => (variable.integer ? integer : continuous)),
    matrix: {
      format: 'csr',
      numRows: rows.length,
      numCols: columns.size,
      starts,
      indices: rows.flatMap(({ factors }) => factors.map(([column]) => column)),
      values: rows.flatMap(({ factors }) => factors.map(([, factor]) => factor)),
    },
  }
}

/** Column → factor, in ascending order; a variable that is named twice counts twice. */
function sumByColumn(terms: readonly Term[], columns: ReadonlyMap<string, number>): [number, number][] {
  const sums = new Map<number, number>()
  for (const [name, factor] of terms) {
    const column = columns.get(name) as number
    sums.set(column, (sums.get(column) ?? 0) + factor)
  }
  return [...sums].sort(([one], [other]) => one - other)
}
