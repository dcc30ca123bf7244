import { resolve } from 'node:path'
import { InvalidInputError } from '../base/index.ts'
import type { BatchCounts, BatchHeader, ModelVersion } from '../contracts/index.ts'
import { badRows, surveyTable, type TableColumn, type TableSurvey, tableFormatOf } from '../data/index.ts'
import type { VersionReference } from '../registry/index.ts'
import { readModelHead } from '../serving/index.ts'
import { fingerprintFile } from '../storage/index.ts'
import { answerRows, type PredictFileEvent, windowRowsDefault } from './batch/answer-rows.ts'
import { refuseExisting } from './batch/open-draft.ts'
import { planPredictionColumns } from './batch/prediction-columns.ts'
import { codeVersion } from './code-version.ts'
import type { PlatformContext } from './create-platform.ts'
import { locateModel } from './locate-model.ts'

export type PredictFileRequest = {
  task: string
  /** The live one unless told. */
  version?: VersionReference
  /** CSV, TSV, JSONL, Parquet or CoNLL file of texts. */
  input: string
  /** CSV, TSV, JSONL or Parquet file that appears once it is whole. */
  output: string
  textColumn?: string | undefined
  pairColumn?: string | undefined
  /** The best scores of each row in a column; without it none. */
  scoresMax?: number
  /** Write rows that cannot be answered with the reason, instead of refusing the file. */
  skipBadRows?: boolean
  /** Stands before the names of the columns that are added. */
  prefix?: string
  /** Go on with a batch whose process was killed; where there is none, begin. */
  resume?: boolean
  /** Rows that are held in memory and answered together; default 4096. */
  windowRows?: number
  onEvent?: (event: PredictFileEvent) => void
  /** Stops after the rows in work; what is written is kept, to go on with. */
  signal?: AbortSignal | undefined
}

export type PredictFileResult = {
  model: ModelVersion
  output: string
  status: 'finished' | 'stopped'
  /** In the output; of them, those that earlier tries had written. */
  rows: number
  rowsBefore: number
  counts: BatchCounts
  problemsByKind: TableSurvey['problemsByKind']
  /** Of this try, while the model ran. */
  seconds: number
  rowsPerSecond: number
  /** Of all tokens computed, those that only filled texts up. */
  paddingShare: number
}

/**
 * Answers every row of a file in constant memory: what `capstan predict --in --out` does. Throws what `readRows` throws,
 * InvalidInputError `data.bad-rows`, `batch.column-taken` and `batch.no-scores`, and ConflictError
 * `platform.output-exists`, `batch.unfinished`, `batch.changed` and `batch.damaged`.
 */
export async function predictFile(context: PlatformContext, request: PredictFileRequest): Promise<PredictFileResult> {
  const { model, survey, ...checked } = await checkPrediction(context, request)
  const { device, noteCompute } = context
  const { input, windowRows = windowRowsDefault, onEvent = () => {}, signal } = request
  const { counts, rows, rowsBefore, seconds } = await answerRows({
    ...checked,
    input,
    device,
    onCompute: (seconds) => noteCompute({ ...seconds, task: model.task, model, caller: null }),
    survey,
    windowRows,
    onEvent,
    signal,
  })
  return {
    model,
    output: checked.draft.output,
    status: rows === survey.rowCount ? 'finished' : 'stopped',
    rows,
    rowsBefore,
    counts,
    problemsByKind: survey.problemsByKind,
    seconds,
    rowsPerSecond: (rows - rowsBefore) / seconds,
    paddingShare: counts.tokensPadded / Math.max(1, counts.tokens + counts.tokensPadded),
  }
}

/** All that can be wrong with a request, and what answering it needs. Throws what `predictFile` throws. */
export async function checkPrediction(context: PlatformContext, request: PredictFileRequest) {
  const { input, textColumn, pairColumn, skipBadRows = false, resume = false } = request
  const output = resolve(request.output)
  const format = tableFormatOf(output)
  refuseExisting(output, resume)
  const model = await context.registry.findModelVersion(request.task, request.version)
  const place = await locateModel(context, model)
  const { answer } = await readModelHead(place.folder)
  const pairs = answer.kind !== 'tag' && answer.kind !== 'embed' && answer.pairs === true
  const survey = await surveyTable({ path: input, kind: answer.kind, pairs, textColumn, pairColumn })
  if (survey.problemCount > 0 && !skipBadRows) {
    throw badRows(input, survey, 'Correct these rows, or write them with the reason in a column: --skip-bad.')
  }
  const prediction = planPredictionColumns({
    kind: answer.kind,
    scoresMax: request.scoresMax ?? 0,
    prefix: request.prefix ?? '',
    hasErrors: skipBadRows,
    modelVersion: format === 'parquet' ? undefined : model.version,
  })
  refuseTaken(input, survey.columns, prediction.columns)
  const draft = {
    output,
    format,
    kept: survey.columns,
    added: prediction.columns,
    metadata: describeModel(model),
    header: await describeBatch(request, { survey, model, format }),
    resume,
  }
  return { model, place, survey, prediction, draft }
}

function refuseTaken(path: string, kept: readonly TableColumn[], added: readonly TableColumn[]): void {
  const names = new Set(kept.map(({ name }) => name))
  const taken = added.map(({ name }) => name).filter((name) => names.has(name))
  if (taken.length === 0) return
  throw new InvalidInputError('batch.column-taken', `${path} has columns of its own named ${taken.join(', ')}`, {
    hint: 'Give the added columns other names: --prefix predicted_',
    details: { path, taken },
  })
}

/** What a Parquet file says of where its predictions come from. */
function describeModel({ id, task, version }: ModelVersion): Record<string, string> {
  return {
    'capstan.task': task,
    'capstan.model': id,
    'capstan.model_version': String(version),
    'capstan.code': codeVersion,
  }
}

/** All that the output's bytes depend on. */
async function describeBatch(
  { input, scoresMax = 0, skipBadRows = false, prefix = '', windowRows = windowRowsDefault }: PredictFileRequest,
  { survey, model, format }: { survey: TableSurvey; model: ModelVersion; format: string },
): Promise<BatchHeader> {
  const { text, pair = null } = survey.texts
  const settings = { format, text, pair, scoresMax, skipBadRows, prefix, windowRows, code: codeVersion }
  return { batch: 1, input: await fingerprintFile(input), model: model.id, settings }
}
