/** HiGHS, compiled to WebAssembly, as a `LinearSolver`: the one place of planning that loads something, and it does so when asked. */
import type { LinearSolver } from './linear-model.ts'

/** About 0.1 s. Each problem gets a solver of its own; whole-numbered problems are solved to optimality, without a gap. */
export async function loadSolver(): Promise<LinearSolver> {
  const { default: module } = await import('highs')
  // Its declarations describe the CommonJS build, Node loads the other, whose default is the function itself.
  const highs = await (module as unknown as typeof module.default)()
  return (problem) => {
    const { Status, ObjectiveValue, Columns, Rows } = highs.solve(problem, {
      output_flag: false,
      mip_rel_gap: 0,
      mip_abs_gap: 0,
    })
    return {
      status: Status,
      objective: ObjectiveValue,
      values: Object.fromEntries(
        Object.entries(Columns).map(([name, column]) => [name, 'Primal' in column ? column.Primal : 0]),
      ),
      rowPrices: Rows.map((row) => ('Dual' in row ? row.Dual : 0)),
    }
  }
}
