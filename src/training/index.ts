export type { HeadKind, Pooling } from './attach-head.ts'
export type { CheckpointOptions } from './checkpoint.ts'
export { insertDropout } from './insert-dropout.ts'
export { type ClassMetrics, type EvaluationReport, evaluateLogits, wilsonInterval } from './metrics.ts'
export { openEncoder } from './open-encoder.ts'
export { defaultSettings, type TrainingSettings } from './settings.ts'
export { startTraining, type TrainingJob } from './start-training.ts'
export {
  type TrainEvent,
  type TrainHooks,
  type TrainResult,
  trainClassifier,
} from './train-classifier.ts'
export { openRunSteps, openTrainingRun, type TrainRequest } from './training-run.ts'
