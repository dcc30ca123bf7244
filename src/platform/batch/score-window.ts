import type { BatchCounts, Prediction, PredictionInput } from '../../contracts/index.ts'
import {
  type ColumnChoice,
  cellsOf,
  findTextProblem,
  type Row,
  type RowProblem,
  type TableRow,
} from '../../data/index.ts'
import type { InferenceTeam } from '../../serving/index.ts'
import { countPrediction, emptyCounts } from './batch-counts.ts'
import type { planPredictionColumns } from './prediction-columns.ts'

export type WindowScorer = {
  team: InferenceTeam
  texts: ColumnChoice
  prediction: ReturnType<typeof planPredictionColumns>
  /** What a row's number counts. */
  lineName: 'line' | 'row'
  /** Hears how many more rows are scored. */
  onRows(count: number): void
}

export type ScoredWindow = { rows: TableRow[]; counts: BatchCounts }

/** Answers rows that follow one another in a file; texts that are equal run once. */
export async function scoreWindow(rows: readonly (Row | RowProblem)[], scorer: WindowScorer): Promise<ScoredWindow> {
  const { texts, prediction } = scorer
  const inputs = new Map<string, { index: number; input: PredictionInput }>()
  const placed = rows.map((row) => {
    const problem = 'fields' in row ? findTextProblem(row, texts) : row
    if (problem || !('fields' in row)) return { row, problem: problem ?? null, index: -1 }
    const { key, input } = toInput(row, texts)
    const known = inputs.get(key)
    if (known) return { row, problem: null, index: known.index }
    inputs.set(key, { index: inputs.size, input })
    return { row, problem: null, index: inputs.size - 1 }
  })
  const unique = [...inputs.values()].map(({ input }) => input)
  const answers = await scorer.team.predict(unique, (count) => scorer.onRows((count * rows.length) / unique.length))
  if (unique.length === 0) scorer.onRows(rows.length)
  const counts: BatchCounts = { ...emptyCounts(), texts: unique.length }
  const answered = placed.map(({ row, problem, index }): TableRow => {
    const kept = 'fields' in row ? { kept: cellsOf(row), keptJson: row.json } : { kept: {} }
    if (problem) {
      counts.failed++
      const reason = `${scorer.lineName} ${problem.line}: ${problem.message}`
      return { ...kept, added: prediction.toErrorCells(reason) }
    }
    const answer = answers[index] as Prediction
    countPrediction(counts, answer)
    return { ...kept, added: prediction.toCells(answer) }
  })
  return { rows: answered, counts }
}

function toInput({ fields }: Row, { text, pair }: ColumnChoice): { key: string; input: PredictionInput } {
  const first = fields[text] as string
  if (pair === undefined) return { key: first, input: first }
  const second = fields[pair] as string
  return { key: `${first.length} ${first}${second}`, input: { text: first, text_pair: second } }
}
