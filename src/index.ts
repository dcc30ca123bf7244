export {
  CapstanError,
  ConflictError,
  createLogger,
  InvalidInputError,
  LimitError,
  type Logger,
  NotFoundError,
  UnsupportedError,
} from './base/index.ts'
export type {
  Config,
  EpochMetrics,
  ModelVersion,
  Money,
  Prediction,
  PredictionInput,
  PredictionOf,
  Run,
  RunDetails,
  StepMetrics,
  Task,
  TaskKind,
  Usage,
} from './contracts/index.ts'
export {
  codeVersion,
  createPlatform,
  type EvaluateRequest,
  type EvaluateResult,
  type FinetunedModel,
  type FinetuneEvent,
  type FinetuneOptions,
  type FinetuneReport,
  finetune,
  type Platform,
  type PlatformOptions,
  type TrainTaskRequest,
  type TrainTaskResult,
} from './platform/index.ts'
export {
  type App,
  type AppOptions,
  createApp,
  type RunningServer,
  type ServerOptions,
  startServer,
} from './server/index.ts'
export type { EvaluationReport, TrainEvent, TrainingSettings } from './training/index.ts'
