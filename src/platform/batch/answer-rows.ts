import type { BatchCounts, Device } from '../../contracts/index.ts'
import {
  nameLine,
  type ReadTableOptions,
  type Row,
  type RowProblem,
  readTable,
  type TableSurvey,
} from '../../data/index.ts'
import { type ComputeSeconds, InferenceTeam, type ModelPlace } from '../../serving/index.ts'
import { addCounts } from './batch-counts.ts'
import { type Draft, type DraftOptions, openDraft } from './open-draft.ts'
import type { planPredictionColumns } from './prediction-columns.ts'
import { type ScoredWindow, scoreWindow } from './score-window.ts'

export type PredictFileEvent =
  | { type: 'batch-start'; rowCount: number; rowsBefore: number; badRows: number }
  /** All rows scored so far, those of earlier tries among them; a share of a window is no whole number. */
  | { type: 'rows-scored'; rows: number; rowCount: number }

export type AnswerWork = {
  input: string
  place: ModelPlace
  device: Device
  onCompute: (seconds: ComputeSeconds) => void
  survey: TableSurvey
  prediction: ReturnType<typeof planPredictionColumns>
  draft: DraftOptions
  windowRows: number
  onEvent: (event: PredictFileEvent) => void
  signal: AbortSignal | undefined
}

/** Rows and counts of the whole output; seconds of this try, while the model ran. */
export type AnsweredRows = { counts: BatchCounts; rows: number; rowsBefore: number; seconds: number }

/** Enough texts that batches of one length are full, few enough to be held twice. */
export const windowRowsDefault = 4096
/** While one is computed the next waits ready, so that no thread of the model does. */
const windowsAtOnce = 2

/** Answers the rows that the output does not have yet, and gives it its name once it has all; after the signal, it ends early. */
export async function answerRows(work: AnswerWork): Promise<AnsweredRows> {
  const tokens = countTokens()
  const team = await InferenceTeam.start(work.place, {
    device: work.device,
    onBatch: tokens.add,
    onCompute: work.onCompute,
  })
  try {
    // Opened after the model, so that nothing is left behind where that is refused.
    const draft = await openDraft(work.draft)
    try {
      const { rowCount, problemCount: badRows } = work.survey
      const { rowsBefore } = draft
      work.onEvent({ type: 'batch-start', rowCount, rowsBefore, badRows })
      const started = performance.now()
      const counts = await answerWindows(work, { team, draft, takeTokens: tokens.take })
      const seconds = (performance.now() - started) / 1000
      const rows = counts.answered + counts.failed
      if (rows === rowCount) await draft.finish()
      return { counts, rows, rowsBefore, seconds }
    } finally {
      await draft.close()
    }
  } finally {
    await team.close()
  }
}

type Tokens = Pick<BatchCounts, 'tokens' | 'tokensPadded'>
type Tools = { team: InferenceTeam; draft: Draft; takeTokens(): Tokens }

async function answerWindows(work: AnswerWork, { team, draft, takeTokens }: Tools): Promise<BatchCounts> {
  const { input, survey, prediction, onEvent, signal } = work
  let rowsScored = draft.rowsBefore
  const onRows = (count: number) => {
    rowsScored += count
    onEvent({ type: 'rows-scored', rows: rowsScored, rowCount: survey.rowCount })
  }
  const scorer = { team, texts: survey.texts, prediction, lineName: nameLine(input), onRows }
  let counts = draft.countsBefore
  const waiting: Promise<ScoredWindow>[] = []
  const writeFirst = async () => {
    const window = await (waiting.shift() as Promise<ScoredWindow>)
    const counted = { ...window.counts, ...takeTokens() }
    await draft.write(window.rows, counted)
    counts = addCounts(counts, counted)
  }
  // Points in time stay as they are where the output can hold them.
  const options = { skip: draft.rowsBefore, times: work.draft.format === 'parquet' ? 'raw' : 'dates' } as const
  for await (const rows of readWindows(input, work.windowRows, options)) {
    if (signal?.aborted) break
    const scored = scoreWindow(rows, scorer)
    // A failure is heard when the window's turn to be written comes.
    scored.catch(() => {})
    if (waiting.push(scored) >= windowsAtOnce) await writeFirst()
  }
  while (waiting.length > 0) await writeFirst()
  return counts
}

/** Adds up what ran since it was last taken. */
function countTokens() {
  const none: Tokens = { tokens: 0, tokensPadded: 0 }
  let sum = none
  return {
    add({ tokens, tokensPadded }: Tokens) {
      sum = { tokens: sum.tokens + tokens, tokensPadded: sum.tokensPadded + tokensPadded }
    },
    take(): Tokens {
      const taken = sum
      sum = none
      return taken
    },
  }
}

async function* readWindows(
  path: string,
  windowRows: number,
  options: ReadTableOptions,
): AsyncGenerator<(Row | RowProblem)[]> {
  let window: (Row | RowProblem)[] = []
  for await (const row of readTable(path, options)) {
    if (window.push(row) < windowRows) continue
    yield window
    window = []
  }
  if (window.length > 0) yield window
}
