export { wilsonInterval } from '../base/index.ts'
export type { HeadKind, Pooling } from './attach-head.ts'
export type { CheckpointOptions } from './checkpoint.ts'
export { insertDropout } from './insert-dropout.ts'
export { evaluateLogits } from './metrics/evaluate-classes.ts'
export { evaluateGrades } from './metrics/evaluate-grades.ts'
export { evaluateLabels } from './metrics/evaluate-labels.ts'
export { evaluateEmbeddings } from './metrics/evaluate-matches.ts'
export { evaluateNumbers } from './metrics/evaluate-numbers.ts'
export { evaluateSpans } from './metrics/evaluate-spans.ts'
export type {
  ClassMetrics,
  ClassReport,
  EvaluationReport,
  PrimaryScore,
  ReportOf,
} from './metrics/evaluation-report.ts'
export { openEncoder } from './open-encoder.ts'
export { defaultSettings, type TrainingSettings } from './settings.ts'
export { startTraining, type TrainingJob } from './start-training.ts'
export type { Validation } from './tasks/task.ts'
export {
  type TrainEvent,
  type TrainHooks,
  type TrainResult,
  trainModel,
} from './train-model.ts'
export { openRunSteps, openTrainingRun, type TrainRequest } from './training-run.ts'
