export {
  type ApiKey,
  type AuditAct,
  type AuditEntry,
  apiKeySchema,
  auditActSchema,
  auditEntrySchema,
  type NewApiKey,
  newApiKeySchema,
} from './access.ts'
export { type AdapterConfig, adapterConfigSchema, adapterFiles, type BaseReference } from './adapter-config.ts'
export {
  type BatchCheckpoint,
  type BatchCounts,
  type BatchHeader,
  batchCheckpointSchema,
  batchHeaderSchema,
} from './batch.ts'
export {
  type Billing,
  billingSchema,
  type Customer,
  customerSchema,
  type Plan,
  planSchema,
  type UsagePrice,
  usagePriceSchema,
} from './billing.ts'
export { type ChatCompletion, chatCompletionSchema } from './chat-completion.ts'
export { type ComputeRates, type Config, configSchema, defaultCpuHourRate, taskNameSchema } from './config.ts'
export { type Device, type DeviceStatus, deviceSchema, deviceStatusSchema } from './device.ts'
export { type GateStatus, gateStatusSchema } from './gate-status.ts'
export { type Health, healthSchema, type Readiness, readinessSchema } from './health.ts'
export {
  type ImportMapping,
  importMappingSchema,
  type StatementField,
  type StatementKind,
  statementFields,
  statementKindSchema,
} from './import-layout.ts'
export { type Invoice, type InvoiceLine, invoiceLineSchema, invoiceSchema } from './invoice.ts'
export {
  type LabelQuestion,
  type LabelReport,
  type LabelRequest,
  labelQuestionListSchema,
  labelQuestionSchema,
  labelReplySchema,
  labelReportSchema,
  labelRequestSchema,
  questionParametersSchema,
  questionQuerySchema,
} from './label-report.ts'
export { type Balance, balanceSchema, type Entry, entrySchema, type Posting, postingSchema } from './ledger.ts'
export {
  type Amount,
  amountSchema,
  type BalanceReport,
  balanceReportSchema,
  type CashReport,
  type CurrencyGains,
  cashReportSchema,
  currencyGainsSchema,
  type DatedRate,
  datedRateSchema,
  type IncomeReport,
  incomeReportSchema,
  type MarginDimension,
  type MarginReport,
  type MarginRow,
  marginDimensionSchema,
  marginReportSchema,
  marginRowSchema,
  type RegisterRow,
  registerRowSchema,
} from './ledger-report.ts'
export { type ModelAnswer, modelAnswerSchema } from './model-answer.ts'
export {
  type Lineage,
  lineageSchema,
  type ModelVersion,
  modelVersionSchema,
  type Stage,
  stageSchema,
} from './model-version.ts'
export {
  currencySchema,
  divideHalfEven,
  divideHalfUp,
  formatAmountMicro,
  formatMoney,
  type Money,
  microUnitsPerUnit,
  minorUnitMicro,
  moneySchema,
  parseAmountMicro,
  toWire,
} from './money.ts'
export {
  type ModelReference,
  modelReferenceSchema,
  type Prediction,
  type PredictionOf,
  predictionSchema,
  predictionsOf,
  type ScoredLabel,
  type ScoredSpan,
  scoredLabelSchema,
  scoredSpanSchema,
} from './prediction.ts'
export {
  createPredictionRequestSchema,
  defaultPredictionLimits,
  type PredictionInput,
  type PredictionLimits,
  type PredictionRequest,
} from './prediction-request.ts'
export { type Problem, type ProblemError, problemErrorSchema, problemSchema } from './problem.ts'
export { type Rate, rateSchema } from './rate.ts'
export {
  type Choice,
  choiceSchema,
  type Run,
  type RunEstimate,
  runEstimateSchema,
  runSchema,
  type Usage,
  usageSchema,
} from './run.ts'
export {
  type EpochMetrics,
  epochMetricsSchema,
  type RunDetails,
  runDetailsSchema,
  type StepMetrics,
  stepMetricsSchema,
} from './run-details.ts'
export {
  type Feedback,
  type FeedbackRequest,
  feedbackRequestSchema,
  feedbackSchema,
  type LabelledAnswer,
  labelledAnswerSchema,
  type PredictionReply,
  predictionParametersSchema,
  predictionReplySchema,
  type Served,
  type ServedPrediction,
  type ServedReason,
  serveOwn,
} from './served-prediction.ts'
export { modelListSchema, type Task, taskListSchema, taskParametersSchema, taskSchema } from './task.ts'
export {
  type Retention,
  type Retraining,
  retentionSchema,
  type TaskConfig,
  type TaughtKind,
  taskConfigSchema,
  taughtKindSchema,
} from './task-config.ts'
export { type TaskKind, taskKindSchema } from './task-kind.ts'
export {
  currencyOfTeacher,
  type TeacherConfig,
  type TeacherConfigOf,
  type TeacherLimits,
  teacherConfigSchema,
  teacherLimitsSchema,
} from './teacher.ts'
export {
  assessSectionSchema,
  type EvidenceGrade,
  evidenceGradeSchema,
  type PlanLink,
  planLinkSchema,
  type QuantityText,
  type VentureFile,
  ventureFileSchema,
} from './venture.ts'
