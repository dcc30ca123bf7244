export { type ChooseBucketsOptions, chooseBuckets } from './choose-buckets.ts'
export type { ColumnChoice, ColumnRole } from './columns.ts'
export { describeExamples, type ExamplesSummary, type LabelConflict } from './describe-examples.ts'
export type { Encoding, Word, WordEncoding } from './encode-text.ts'
export {
  type Answer,
  answerOf,
  countLabels,
  type Example,
  fingerprintExamples,
  labelsOf,
  type Span,
} from './example.ts'
export { groupByLength } from './group-by-length.ts'
export { groupNearDuplicates, normalizeText } from './near-duplicates.ts'
export { nestExamples } from './nest-examples.ts'
export { openTokenizer, type Tokenizer } from './open-tokenizer.ts'
export { type PaddedText, padTexts, type TokenMatrix } from './pad-texts.ts'
export { type Batch, type PlanBatchesOptions, planBatches, rowsPerBatch } from './plan-batches.ts'
export { findTextProblem, type ReadExamplesOptions, type ReadExamplesResult, readExamples } from './read-examples.ts'
export { type ReadRowsOptions, readRows } from './read-rows.ts'
export { readTexts, type UnlabelledText } from './read-texts.ts'
export type { Row, RowFormat, RowProblem, RowProblemKind } from './row.ts'
export { removeDuplicatesOf, type Split, type SplitOptions, splitExamples } from './split-examples.ts'
export { roundFloat } from './tables/cell.ts'
export { openTableWriter, type TableWriter, tableFormatOf } from './tables/open-table-writer.ts'
export { type ReadTableOptions, readTable } from './tables/read-table.ts'
export { badRows, nameLine, surveyTable, type TableSurvey } from './tables/survey-table.ts'
export { cellsOf, type TableColumn, type TableColumns, type TableFormat, type TableRow } from './tables/table.ts'
export { decodeTags, labelsOfTags, tagsOfWords, toSpans } from './tags.ts'
