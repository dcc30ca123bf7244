/** What a prediction adds to its row, for each kind of task. */
import { InvalidInputError } from '../../base/index.ts'
import type { Prediction, PredictionOf, TaskKind } from '../../contracts/index.ts'
import { roundFloat, type TableColumn } from '../../data/index.ts'

type Cells = Record<string, unknown>
type PredictionForm<Kind extends TaskKind> = {
  columns: readonly TableColumn[]
  toCells(prediction: PredictionOf<Kind>): Cells
}

const label: TableColumn = { name: 'label', type: 'text' }
const confidence: TableColumn = { name: 'confidence', type: 'float' }
const value: TableColumn = { name: 'value', type: 'float' }
const scores: TableColumn = { name: 'scores', type: 'json' }

const forms: { [Kind in TaskKind]: PredictionForm<Kind> } = {
  classify: {
    columns: [label, confidence],
    toCells: ({ label, score }) => ({ label, confidence: score }),
  },
  multilabel: {
    columns: [{ name: 'labels', type: 'texts' }],
    toCells: ({ labels }) => ({ labels }),
  },
  regress: { columns: [value], toCells: ({ value }) => ({ value }) },
  ordinal: {
    columns: [label, confidence, value],
    toCells: ({ label, value, scores }) => ({
      label,
      confidence: scores.find((scored) => scored.label === label)?.score,
      value,
    }),
  },
  tag: {
    columns: [{ name: 'spans', type: 'json' }],
    toCells: ({ spans }) => ({ spans: spans.map((span) => ({ ...span, score: roundFloat(span.score) })) }),
  },
  embed: {
    columns: [{ name: 'embedding', type: 'floats' }],
    toCells: ({ embedding }) => ({ embedding }),
  },
}

export type PredictionColumnsOptions = {
  kind: TaskKind
  /** How many of the best scores to add; 0 for none. */
  scoresMax: number
  /** Stands before the names of the columns. */
  prefix: string
  /** Rows that cannot be answered have their reason in a column. */
  hasErrors: boolean
  /** In a column, where the file has no other place for it. */
  modelVersion: number | undefined
}

/** The columns that predictions add, and their cells. */
export function planPredictionColumns({ kind, scoresMax, prefix, hasErrors, modelVersion }: PredictionColumnsOptions) {
  // The table's rows and the union's members go together by `kind`, which the compiler cannot follow.
  const form = forms[kind] as PredictionForm<TaskKind>
  const hasScores = kind === 'classify' || kind === 'multilabel' || kind === 'ordinal'
  if (scoresMax > 0 && !hasScores) {
    throw new InvalidInputError('batch.no-scores', `A model that answers ${kind} gives no scores of labels`, {
      hint: 'Leave the number of scores out.',
    })
  }
  const columns: TableColumn[] = [
    ...form.columns,
    ...(scoresMax > 0 ? [scores] : []),
    { name: 'truncated', type: 'boolean' },
    ...(modelVersion === undefined ? [] : [{ name: 'model_version', type: 'integer' } as const]),
    ...(hasErrors ? [{ name: 'error', type: 'text' } as const] : []),
  ]
  const named = (cells: Cells): Cells =>
    prefix === '' ? cells : Object.fromEntries(Object.entries(cells).map(([name, cell]) => [prefix + name, cell]))
  return {
    columns: columns.map((column) => ({ ...column, name: prefix + column.name })),
    toCells: (prediction: Prediction) =>
      named({
        ...form.toCells(prediction),
        ...(scoresMax > 0 && { scores: listBest(prediction, scoresMax) }),
        truncated: prediction.truncated,
        ...(modelVersion !== undefined && { model_version: modelVersion }),
      }),
    toErrorCells: (error: string) => named({ error }),
  }
}

function listBest(prediction: Prediction, count: number) {
  if (!('scores' in prediction)) return undefined
  const best = [...prediction.scores].sort((a, b) => b.score - a.score).slice(0, count)
  return best.map(({ label, score }) => ({ label, score: roundFloat(score) }))
}
