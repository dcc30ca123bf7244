export type { Access, AccessNeed, RateLimit } from '../access/index.ts'
export { listDevices } from '../runtime/index.ts'
export type { EvaluationReport } from '../training/index.ts'
export type { PredictFileEvent } from './batch/answer-rows.ts'
export { codeVersion } from './code-version.ts'
export { createPlatform, type Platform, type PlatformOptions } from './create-platform.ts'
export type { CurveEvent, CurveRequest, CurveResult, MeasuredCurve } from './curve/measure-curve.ts'
export type { EstimateTaskResult } from './estimate-task.ts'
export type { EvaluateRequest, EvaluateResult } from './evaluate-task.ts'
export type { ImportRequest } from './exchange-books.ts'
export type { ExportRequest } from './export-model.ts'
export {
  type FinetunedModel,
  type FinetuneEvent,
  type FinetuneOptions,
  type FinetuneReport,
  finetune,
} from './finetune.ts'
export { type PlanVentureRequest, ventureFileName } from './plan-venture.ts'
export type { PlatformWorker, WorkerEvent } from './platform-jobs.ts'
export type { PredictFileRequest, PredictFileResult } from './predict-file.ts'
export type { PreparedData } from './prepare-data.ts'
export { epochScalars, stepScalars } from './run-metrics.ts'
export type { TrainTaskRequest, TrainTaskResult } from './train-task.ts'
